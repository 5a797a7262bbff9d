"""How teachers and compact students are trained and shaped: one network with several settings, equal seeds.

In come finished runs; out come tables with paired intervals on fold 9, and sentences. Fold 10 takes no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd
import torch

from ecglib.compression import compact_keras, tflite_files, tflite_micro
from ecglib.compression.tflite_micro import Footprint
from ecglib.data.folds import VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.networks import build
from ecglib.networks.architectures import CompactShape
from ecglib.networks.cost import multiply_accumulates
from ecglib.study.analyses.comparison import difference, mean_auc, plural, seeds_behind
from ecglib.study.study import Study

CHAPTER, TEACHER, STUDENT, SHAPES = "08_frontier", "resnet1d_wang", "compact_trial", "compact_shape"
_WORDS = {
    "mixup": "mixup {:g}",
    "learning_rate": "learning rate {:g}",
    "crop": "windows of {:g} samples",
    "statements_weight": "all statements, weight {:g}",
    "epochs": "{:g} epochs",
    "temperature": "temperature {:g}",
    "label_weight": "label weight {:g}",
}
_STEM_STRIDE = CompactShape.model_fields["stem_stride"].default
_NAMED = {TEACHER: ("crop", "mixup"), STUDENT: ("epochs", "mixup", "temperature", "label_weight", "teachers")}


@dataclass(frozen=True)
class Recipes:
    """One network trained in several ways, with the seeds that all of them have.

    Attributes
    ----------
    kept : the model with the recipe that the others are compared with
    aucs : {model: AUC on fold 9, averaged over seeds}
    differences : {model: AUC minus that of the recipe that is kept, on fold 9, paired}
    """

    study: Study
    kept: str
    aucs: dict[str, float]
    differences: dict[str, Estimate]
    noun: ClassVar[str] = "recipe"

    def table(self) -> pd.DataFrame:
        """What each recipe changes, and its AUC on fold 9 against the recipe that is kept."""
        rows = [
            (self._changed(name), f"{auc:.4f}", f"{self.differences[name]:+}" if name in self.differences else "kept")
            for name, auc in self.aucs.items()
        ]
        return pd.DataFrame(rows, columns=["recipe", "AUC, fold 9", "minus the kept one"])

    def conclusion(self) -> str:
        """Which of the changes can be told from the recipe that is kept, for the better and for the worse."""
        if not self.differences:
            return f"In this profile {'only one' if self.aucs else 'none'} of these {self.noun}s was trained."
        better = [name for name, one in self.differences.items() if one.low > 0]
        worse = [name for name, one in self.differences.items() if one.high < 0]
        seeds = seeds_behind(next(iter(self.differences.values())))
        told = (
            f"Of {plural(len(self.differences), self.noun)} tried, {len(better) + len(worse)} can be told from the one "
            f"that we keep on fold 9 (95 % intervals over {seeds}): {len(better)} for the better{self._list(better)}, "
            f"{len(worse)} for the worse{self._list(worse)}."
        )
        same = len(self.differences) - len(better) - len(worse)
        if not same:
            return told
        holds = f"{plural(same, 'interval')} {'holds' if same == 1 else 'hold'}"
        return f"{told} {holds} zero: no difference was found there, and the simpler setting would do."

    def _list(self, names: list[str]) -> str:
        return f" ({'; '.join(self._changed(name) for name in names)})" if names else ""

    def _changed(self, name: str) -> str:
        kept, tried = (self.study.settings.training[one].model_dump() for one in (self.kept, name))
        changed = [key for key, value in tried.items() if value != kept[key] and key != "patience"]
        shown = changed or _NAMED[self.kept]
        return ", ".join(self._words(key, tried[key]) for key in shown)

    def _words(self, key: str, value) -> str:
        if key == "teachers":
            return "taught by " + " and by ".join(
                self.study.model(name).label.removesuffix(", float32") for name in value
            )
        if key == "same_crop":
            return "teachers score the student's crop" if value else "teachers score whole records"
        return _WORDS[key].format(value)


@dataclass(frozen=True)
class Shapes(Recipes):
    """Networks of several shapes in files of about the same size, trained in the same way.

    Attributes
    ----------
    footprints : {model: bytes and memory of an int8 .tflite file of that shape}
    macs : {model: multiply-accumulate operations for one record}
    """

    footprints: dict[str, Footprint]
    macs: dict[str, int]
    noun: ClassVar[str] = "shape"

    def table(self) -> pd.DataFrame:
        """Each shape with its cost, and its AUC on fold 9 against the shape that is kept."""
        rows = [
            (
                self._changed(name),
                self.footprints[name].file_bytes,
                self.footprints[name].arena_bytes / 1024,
                self.macs[name] / 1e6,
                *shown,
            )
            for name, shown in zip(self.aucs, super().table().drop(columns="recipe").itertuples(index=False))
        ]
        columns = ["shape", "bytes", "arena, KB", "million MACs", "AUC, fold 9", "minus the kept one"]
        return pd.DataFrame(rows, columns=columns)

    def _changed(self, name: str) -> str:
        shape = self.study.settings.training[name].shape
        stem = "" if shape.stem_stride == _STEM_STRIDE else f", stem stride {shape.stem_stride}"
        return f"{shape.block} {'-'.join(map(str, shape.widths))}, kernel {shape.kernel}{stem}"


def compare_recipes(study: Study, kept: str = TEACHER) -> Recipes:
    """Compare every recipe for one network on fold 9; without rows if the profile has none."""
    training = study.settings.training
    if kept not in training:
        return Recipes(study, kept, {}, {})
    names = [name for name in _variants(study, kept) if training[name].shape == training[kept].shape]
    return Recipes(study, kept, *_compare(study, kept, names))


def compare_shapes(study: Study) -> Shapes:
    """Compare the students' shapes on fold 9; without rows if the profile has none.

    The cost of a shape is that of a network with random weights and biases, which a file does not share.
    """
    training = study.settings.training
    if STUDENT not in training:
        return Shapes(study, STUDENT, {}, {}, {}, {})
    aucs, differences = _compare(study, STUDENT, _variants(study, SHAPES))
    networks = {name: build.build(training[name].network, shape=training[name].shape).eval() for name in aucs}
    with torch.no_grad():
        for network in networks.values():
            for values in network.parameters():
                values.normal_()  # equal biases, as before training, would be stored once
    folder, records = study.paths.artifacts / "frontier", study.representative_records(study.run(STUDENT), 16)
    footprints = {
        name: tflite_micro.footprint(
            tflite_files.to_tflite(compact_keras.to_keras(network), folder / f"{name}.tflite", records)
        )
        for name, network in networks.items()
    }
    macs = {name: multiply_accumulates(network) for name, network in networks.items()}
    return Shapes(study, STUDENT, aucs, differences, footprints, macs)


def _variants(study: Study, prefix: str) -> list[str]:
    """The models of the frontier whose names start with a prefix."""
    return [
        name
        for name, model in study.settings.models.items()
        if model.chapter == CHAPTER and name.startswith(f"{prefix}_")
    ]


def _compare(study: Study, kept: str, names: list[str]) -> tuple[dict[str, float], dict[str, Estimate]]:
    """AUC on fold 9 of each model and its difference from the one that is kept, over the seeds that all have."""
    scores = {name: study.scores(name) for name in (kept, *names)}
    seeds = sorted(set.intersection(*({*one.seed.tolist()} for one in scores.values())))
    scores = {name: one.for_seeds(seeds) for name, one in scores.items()}
    aucs = {name: mean_auc(study, one, VALIDATION_FOLD) for name, one in scores.items()}
    return aucs, {name: difference(study, scores[name], scores[kept], VALIDATION_FOLD) for name in names}
