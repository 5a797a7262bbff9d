"""A profile's settings, read from config/<profile>.yml.

Flat and literal: an unknown key, a missing one or an impossible value is an error.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import yaml

from ecglib.errors import InputError

_TYPES = {"int": int, "float": (int, float), "str": str, "bool": bool, "list[str]": list}
CHOICES = {
    "optimizer": ("adamw", "adam"), "schedule": ("one_cycle", "late_decay"), "keep": ("best", "last"),
    "loss": ("binary_cross_entropy", "double_sigmoid", "untrained_teacher"), "pruning": ("", "magnitude", "channels"),
}  # fmt: skip


@dataclass(frozen=True)
class Training:
    """How a network is trained. Times are in samples of 10 ms, amplitudes in the normalised unit.

    Attributes
    ----------
    network : what is trained; the model's own name where not given
    epochs, batch_size, patience : passes over folds 1-8 at most; records a step; passes without a
        better fold-9 AUC after which training stops
    start : model whose weights training starts from; random ones where not given
    pruning : what is taken from the start's weights: the smallest weights of all layers together, which then stay
        zero ("magnitude"), or whole channels ("channels")
    amount : the share that pruning takes
    loss : "binary_cross_entropy"; "double_sigmoid": the same over probabilities that are taken for logits; or
        "untrained_teacher": the original study's distillation, from a base CNN with random weights
    teachers : models that training distils from, joined by "+", each with all its seeds; none where not given
    temperature, hard_weight : of the distillation (:func:`ecglib.distillation.loss`)
    optimizer : "adamw", or "adam" without weight decay
    schedule : "one_cycle" (Smith 2018), or "late_decay": constant, then times exp(-0.1) an epoch
    learning_rate, weight_decay : the schedule's peak, and AdamW's decay
    decay_from : epoch, counted from 0, from which "late_decay" decays
    clip_norm : largest norm of each variable's gradient (Keras) or of all together (torch); 0 for no limit
    dropout : share dropped; a negative one keeps the network's own
    keep : "best" keeps the weights that are best on fold 9, "last" those of the last epoch
    norm_records : training records on which, once trained, the batch normalisation's means and variances are estimated
        anew without dropout; 0 keeps those gathered in training (torch networks)
    normalise : whether records are brought to mean 0 and SD 1, or stay in mV
    crop : length of the random part of a record that each pass sees, in samples; 0 for the whole record
    shift : largest random shift in time, in samples
    amplitude : SD of the logarithm of a random gain
    noise : largest SD of white noise, drawn for each record
    """

    epochs: int
    network: str = ""
    start: str = ""
    pruning: str = ""
    amount: float = 0.0
    loss: str = "binary_cross_entropy"
    teachers: str = ""
    temperature: float = 1.0
    hard_weight: float = 0.5
    batch_size: int = 128
    patience: int = 5
    optimizer: str = "adamw"
    schedule: str = "one_cycle"
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    decay_from: int = 0
    clip_norm: float = 0.0
    dropout: float = -1.0
    keep: str = "best"
    norm_records: int = 0
    normalise: bool = True
    crop: int = 0
    shift: int = 0
    amplitude: float = 0.0
    noise: float = 0.0

    @property
    def teacher_names(self) -> list[str]:
        """The models that training distils from."""
        return self.teachers.split("+") if self.teachers else []


@dataclass(frozen=True)
class Profile:
    """One way of running the whole study.

    Attributes
    ----------
    name : "sample" or "full"
    resamples : bootstrap resamples behind each interval
    repeats : turns behind each latency, which is their median
    seeds : seeds of each trained model
    training : settings of each trained model
    released : models whose first seed's weights are committed, for later chapters and for readers
    """

    name: str
    resamples: int
    repeats: int
    seeds: dict[str, list[int]] = field(default_factory=dict)
    training: dict[str, Training] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)


def load(path: Path) -> Profile:
    """Read and check a profile.

    Raises
    ------
    InputError : file missing, key unknown or missing, value of another type or impossible, a model
        with seeds but without training settings
    """
    path = Path(path)
    if not path.is_file():
        known = sorted(p.stem for p in path.parent.glob("*.yml"))
        raise InputError(
            "profile missing", where=path, expected=f"one of {', '.join(known)}", found="no such file",
            mend="name an existing profile",
        )  # fmt: skip
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise _impossible(path, "YAML", error) from error
    profile = _filled(Profile, given, path)
    if profile.name != path.stem:
        raise _impossible(f"{path}, name", path.stem, profile.name)
    for key in ("resamples", "repeats"):
        if getattr(profile, key) < 1:
            raise _impossible(f"{path}, {key}", "1 or more", getattr(profile, key))
    training = {}
    for name, values in profile.training.items():
        if not isinstance(values, dict):
            raise _impossible(f"{path}, training.{name}", "keys and values", values)
        training[name] = _filled(Training, {"network": name} | values, f"{path}, training.{name}")
    for name, values in training.items():
        for key in ("epochs", "batch_size", "patience", "learning_rate", "temperature"):
            if getattr(values, key) <= 0:
                raise _impossible(f"{path}, training.{name}.{key}", "more than 0", getattr(values, key))
        for key in ("weight_decay", "decay_from", "clip_norm", "norm_records", "crop", "shift", "amplitude", "noise"):
            if getattr(values, key) < 0:
                raise _impossible(f"{path}, training.{name}.{key}", "0 or more", getattr(values, key))
        if not 0 <= values.amount < 1 or (values.amount > 0) != bool(values.pruning):
            raise _impossible(f"{path}, training.{name}.amount", "0 to 1 with pruning, 0 without", values.amount)
        if values.pruning and not values.start:
            raise _impossible(f"{path}, training.{name}.start", "a model to prune", "none")
        if values.start and values.start not in training:
            raise _impossible(f"{path}, training.{name}.start", "another model with training settings", values.start)
        if values.crop and values.network == "inception_cnn":
            raise _impossible(f"{path}, training.{name}.crop", "0: this network takes whole records", values.crop)
        if values.norm_records and values.network == "inception_cnn":
            raise _impossible(
                f"{path}, training.{name}.norm_records", "0: for torch networks only", values.norm_records
            )
        if not 0 <= values.hard_weight <= 1:
            raise _impossible(f"{path}, training.{name}.hard_weight", "0 to 1", values.hard_weight)
        if strange := [one for one in values.teacher_names if one not in profile.seeds or one == name]:
            raise _impossible(f"{path}, training.{name}.teachers", "other models with seeds", strange[0])
        if values.dropout >= 1:
            raise _impossible(f"{path}, training.{name}.dropout", "less than 1", values.dropout)
        for key, choices in CHOICES.items():
            if getattr(values, key) not in choices:
                raise _impossible(f"{path}, training.{name}.{key}", " or ".join(choices), getattr(values, key))
    try:
        TopologicalSorter({name: [one.start, *one.teacher_names] for name, one in training.items()}).prepare()
    except CycleError as error:
        circle = " <- ".join(error.args[1])
        raise _impossible(f"{path}, start and teachers", "models that do not wait for each other", circle) from error
    for name, seeds in profile.seeds.items():
        if name not in training:
            raise _impossible(f"{path}, seeds.{name}", "training settings of the same name", "none")
        if not isinstance(seeds, list) or not seeds or len(set(seeds)) < len(seeds):
            raise _impossible(f"{path}, seeds.{name}", "one seed or more, each once", seeds)
    if unknown := set(profile.released) - set(training):
        raise _impossible(f"{path}, released", "models with training settings", ", ".join(sorted(unknown)))
    return replace(profile, training=training)


def _filled(kind: type, given: object, where: object):
    if not isinstance(given, dict):
        raise _impossible(where, "keys and values", given)
    known = {f.name: f for f in fields(kind)}
    if unknown := set(given) - set(known):
        raise InputError(
            "unknown key", where=where, expected=", ".join(known), found=", ".join(map(str, sorted(unknown))),
            mend="correct or remove it",
        )  # fmt: skip
    if missing := [n for n, f in known.items() if n not in given and f.default is f.default_factory is MISSING]:
        raise _impossible(where, f"the key {missing[0]}", "none")
    for name, value in given.items():
        wanted = _TYPES.get(known[name].type, dict)
        if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
            raise _impossible(f"{where}, {name}", known[name].type, repr(value))
    return kind(**given)


def _impossible(where: object, expected: object, found: object) -> InputError:
    return InputError("impossible setting", where=where, expected=expected, found=found, mend="correct the profile")
