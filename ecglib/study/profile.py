"""A profile: how much of the study is run, on which data, and with which of the registry's settings changed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ecglib.networks.architectures import KERAS_NETWORK
from ecglib.study.registry import Model, Registry, load_registry, needed_models, read_yaml, validated
from ecglib.training.settings import TrainingSettings
from ecgpredict.errors import InputError

EVERY_MODEL = "*"


class _Common(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    n_bootstrap: int = Field(ge=1)  # resamples behind each interval
    n_timing_runs: int = Field(ge=1)  # repetitions behind each latency, which is their median
    max_calibration_records: int | None = Field(None, ge=1)  # of a quantized file; None for as many as it asks for
    n_records: int | None = Field(None, ge=100)  # synthetic ones; None for a profile on PTB-XL
    batch_trainings: bool = False  # whether one process trains all models of a framework


class _File(_Common):
    """The content of config/<profile>.yml."""

    max_seeds: int | None = Field(None, ge=1)
    max_epochs: int | None = Field(None, ge=1)
    chapters: tuple[str, ...] | None = Field(None, strict=False)
    skip: tuple[str, ...] = Field((), strict=False)
    training: dict[str, dict[str, Any]] = {}


class Profile(_Common):
    """One way of running the study."""

    name: str  # of its file in config/
    registry: Registry  # the chapters and models that it runs, with its settings and seeds

    @property
    def models(self) -> dict[str, Model]:
        """Every model, by name."""
        return self.registry.models

    @cached_property
    def training(self) -> dict[str, TrainingSettings]:
        """Settings of each trained model."""
        return {name: model.training for name, model in self.models.items() if model.training}

    @cached_property
    def seeds(self) -> dict[str, tuple[int, ...]]:
        """Seeds of each trained model."""
        return {name: model.seeds for name, model in self.models.items() if model.training}

    def ancestors(self, model: str) -> set[str]:
        """A model, and those whose weights it started from or was made from, first to last."""
        settings = self.models[model].training
        sources = [settings.init_from] if settings and settings.init_from else self.models[model].made_from
        return {model}.union(*map(self.ancestors, sources))


def load_profile(path: Path, *, seeds: int | None = None) -> Profile:
    """The checked content of config/<profile>.yml with the registry beside it; `seeds` of each model, if given.

    InputError if a file, key or value is missing, unknown or impossible.
    """
    path = Path(path)
    given = validated(_File, read_yaml(path), path)
    registry = load_registry(path.with_name("models.yml"))
    for key, names, known in (
        ("skip", given.skip, registry.models),
        ("training", set(given.training) - {EVERY_MODEL}, registry.models),
        ("chapters", given.chapters or (), registry.chapters),
    ):
        if unknown := sorted(set(names) - set(known)):
            raise InputError(
                "invalid setting",
                where=f"{path}, {key}",
                expected=f"names in {path.with_name('models.yml')}",
                found=", ".join(unknown),
                hint="correct the file",
            )
    models = {name: _adapted(model, given, path, seeds) for name, model in registry.models.items()}
    registry = _reduced(registry.model_copy(update={"models": models}), given)
    return Profile(**given.model_dump(include=set(_Common.model_fields)), name=path.stem, registry=registry)


def _reduced(registry: Registry, given: _File) -> Registry:
    """The chapters that the profile runs, and the models that they need."""
    chosen = registry.chapters if given.chapters is None else given.chapters
    chapters = {name: chapter for name, chapter in registry.chapters.items() if name in chosen}
    wanted = {name for name, model in registry.models.items() if model.chapter in chapters}
    wanted = wanted.union(*(chapter.loads for chapter in chapters.values())) - set(given.skip)
    todo = list(wanted)
    while todo:
        model = registry.models[todo.pop()]
        new = {*model.made_from, *needed_models(model)} - wanted
        wanted |= new
        todo += new
    models = {name: model for name, model in registry.models.items() if name in wanted}
    for name, chapter in chapters.items():
        reads = tuple(other for other in chapter.reads if other in chapters)
        loads = tuple(model for model in chapter.loads if model in models)
        chapters[name] = chapter.model_copy(update={"reads": reads, "loads": loads})
    return Registry(int8=registry.int8, chapters=chapters, models=models)


def _adapted(model: Model, given: _File, path: Path, seeds: int | None) -> Model:
    """A model with the profile's settings and seeds."""
    if model.training is None:
        return model
    settings = model.training.model_dump(exclude_unset=True)
    settings |= {k: v for k, v in given.training.get(EVERY_MODEL, {}).items() if _applies(k, settings)}
    settings |= given.training.get(model.name, {})
    if given.max_epochs:
        settings["epochs"] = min(settings["epochs"], given.max_epochs)
    training = validated(TrainingSettings, settings, Path(f"{path}, training.{model.name}"))
    chosen = tuple(range(seeds)) if seeds else model.seeds[: given.max_seeds]
    fewer = {
        "seeds": chosen,
        "keep_weights": tuple(seed for seed in model.keep_weights if seed in chosen),
        "teacher_seeds": tuple(seed for seed in model.teacher_seeds if seed in chosen),
    }
    return model.model_copy(update={"training": training, **fewer})


def _applies(key: str, settings: dict) -> bool:
    """Whether a setting for every model applies to this one.

    bn_records applies only to models that declare it, crop to all but the Keras network, which has a fixed length.
    """
    if key == "bn_records":
        return settings.get("bn_records", 0) > 0
    return key != "crop" or settings["network"] != KERAS_NETWORK
