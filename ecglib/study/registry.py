"""The study's models and chapters, each declared once in config/models.yml.

Everything else that names models (profiles, the Snakefile, tables, figures) derives from here.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ecglib.data.folds import TEST_FOLD
from ecglib.training.settings import TrainingSettings
from ecgpredict.errors import InputError

FINDING_COLUMNS = ("replayed", "like for like", "done right")


class Model(BaseModel):
    """One model of the study.

    Attributes
    ----------
    name : key in the registry, file name in results/ and models/
    label : display name
    chapter : chapter that writes its results, or that compares it on fold 9
    role : "final" and "replay" models have results and a row in the summary; "candidate" and "trial" models are
        compared on fold 9 only; "intermediate" models are trained only for other models to be made from
    training : how it is trained; None for a model made from another one's weights
    made_from : models whose trained weights it is made from without further training
    seeds : seeds of the training
    keep_weights : seeds whose weights are committed
    teacher_seeds : seeds that students learn from; all if none are named
    finding, column : the original's finding that it belongs to, and its column in the table of findings
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    label: str
    chapter: str
    role: Literal["final", "replay", "candidate", "trial", "intermediate"]
    training: TrainingSettings | None = None
    made_from: tuple[str, ...] = Field((), strict=False)
    seeds: tuple[int, ...] = Field((), strict=False)
    keep_weights: tuple[int, ...] = Field((), strict=False)
    teacher_seeds: tuple[int, ...] = Field((), strict=False)
    finding: str | None = None
    column: Literal[FINDING_COLUMNS] | None = None

    @property
    def has_results(self) -> bool:
        return self.role in ("final", "replay")

    @property
    def teaching_seeds(self) -> tuple[int, ...]:
        """Seeds that students learn from."""
        return self.teacher_seeds or self.seeds

    @model_validator(mode="after")
    def _trained_or_derived(self) -> Model:
        if bool(self.training) == bool(self.made_from):
            raise ValueError("training, made_from: expected one of the two")
        if bool(self.training) != bool(self.seeds) or len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: expected one or more, each once, for a model with training; none for others")
        if not {*self.keep_weights, *self.teacher_seeds} <= {*self.seeds}:
            raise ValueError("keep_weights, teacher_seeds: expected some of the model's seeds")
        if bool(self.finding) != bool(self.column):
            raise ValueError("finding, column: expected both or neither")
        return self


class Chapter(BaseModel):
    """A chapter and what it needs besides its own models."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    loads: tuple[str, ...] = Field((), strict=False)  # trained models of other chapters
    reads: tuple[str, ...] = Field((), strict=False)  # chapters whose results it needs
    results_only: bool = False  # it computes nothing from data, and so runs after the summary
    sample_only: bool = False  # it is executed on the sample profile in every profile's book


class Int8(BaseModel):
    """How the study's int8 ONNX files are made, as fold 9 selected it in chapter 5."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    per_channel: bool = True
    calibration_method: Literal["minmax", "entropy", "percentile"] = "minmax"
    calibration_records: int = Field(200, ge=1)


class Registry(BaseModel):
    """All models and chapters, in the order of the tables."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    int8: Int8 = Int8()
    chapters: dict[str, Chapter]
    models: dict[str, Model]

    @model_validator(mode="after")
    def _names_exist(self) -> Registry:
        trained = {name for name, model in self.models.items() if model.training}
        for name, model in self.models.items():
            needed = {*model.made_from, *needed_models(model)}
            if unknown := needed - trained - {name}:
                raise ValueError(f"models.{name}: no trained model {', '.join(sorted(unknown))}")
            if seen := [other for other in needed if self.models[other].training.test_fold != TEST_FOLD]:
                raise ValueError(f"models.{name}: {seen[0]} has learned from fold {TEST_FOLD}")
            start = model.training.init_from if model.training else None
            if start and (missing := {*model.seeds} - {*self.models[start].seeds}):
                raise ValueError(f"models.{name}: {start} has no seed {', '.join(map(str, sorted(missing)))}")
        for name, chapter in self.chapters.items():
            if unknown := set(chapter.reads) - set(self.chapters) | set(chapter.loads) - trained:
                raise ValueError(f"chapters.{name}: unknown names {', '.join(sorted(unknown))}")
        return self


def needed_models(model: Model) -> tuple[str, ...]:
    """Models that have to be trained before this one: the one that it starts from, and its teachers."""
    if model.training is None:
        return ()
    return (*([model.training.init_from] if model.training.init_from else []), *model.training.teachers)


def load_registry(path: Path) -> Registry:
    """The checked content of config/models.yml; raises as :func:`read_yaml` and :func:`validated`."""
    content = read_yaml(path)
    for name, entry in (content.get("models") or {}).items():
        entry["name"] = name
        if "training" in entry:
            entry["training"] = {"network": name} | entry["training"]
    registry = validated(Registry, content, path)
    for name, model in registry.models.items():
        if model.chapter not in registry.chapters:
            where, known = f"{path}, models.{name}.chapter", ", ".join(registry.chapters)
            raise InputError("invalid setting", where=where, expected=known, found=model.chapter, hint="correct it")
    return registry


def read_yaml(path: Path) -> dict:
    """The keys and values of a YAML file; an InputError if there is none or if it has other content."""
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.yml"))) or "none"
        raise InputError(
            "file missing", where=path, expected=f"one of {known}", found="no such file", hint="name an existing one"
        ) from error
    except yaml.YAMLError as error:
        content = error
    if not isinstance(content, dict):
        raise InputError("not YAML", where=path, expected="keys and values", found=content, hint="correct the file")
    return content


def validated(kind: Any, content: Any, where: Path) -> Any:
    """`content` validated as `kind`; the first error becomes an InputError with file, key, expected and found."""
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"] if part != "function-after")
        raise InputError(
            "unknown key" if first["type"] == "extra_forbidden" else "invalid setting",
            where=f"{where}, {key}" if key else where,
            expected=first["msg"].removeprefix("Value error, "),
            found=shorten(repr(first["input"]), 120) if first["type"] != "missing" else "none",
            hint="correct the file",
        ) from error
