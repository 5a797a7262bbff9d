"""The study's models and chapters, each declared once in config/models.yml.

Everything else that names models (profiles, the Snakefile, tables, figures) derives from here.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ecglib.study.original import MAX_EPOCHS
from ecglib.training.settings import TrainingSettings
from ecgpredict.errors import InputError

_MAX_BRACKETS = 20
_MAX_VALUES = 100_000  # in a YAML file with its aliases expanded; the registry has under 2,000
FINDING_COLUMNS = ("replayed", "like for like", "done right")


class Model(BaseModel):
    """One model of the study.

    Attributes
    ----------
    name : key in the registry, file name in results/ and models/
    label : display name; that of a shortened replay includes the number of epochs
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
    """One chapter: which models' trained weights or fold 9 scores it loads besides its own, and whose results it reads.

    Attributes
    ----------
    loads : trained models of other chapters
    reads : chapters whose results it needs
    results_only : whether it computes nothing from data, and so runs after the summary
    sample_only : whether it is executed on the sample profile in every profile's book
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    loads: tuple[str, ...] = Field((), strict=False)
    reads: tuple[str, ...] = Field((), strict=False)
    results_only: bool = False
    sample_only: bool = False


class Registry(BaseModel):
    """All models and chapters, in the order of the tables."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    chapters: dict[str, Chapter]
    models: dict[str, Model]

    @model_validator(mode="after")
    def _names_exist(self) -> Registry:
        trained = {name for name, model in self.models.items() if model.training}
        for name, model in self.models.items():
            needed = {*model.made_from, *needed_models(model)}
            if unknown := needed - trained - {name}:
                raise ValueError(f"models.{name}: no trained model {', '.join(sorted(unknown))}")
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


def length_note(model: Model, registry: Registry) -> str:
    """For a replay that is shorter than the original's training: "21 of 50 epochs"; for other models: ""."""
    if model.role != "replay":
        return ""
    source = model if model.training else registry.models[model.made_from[0]]
    epochs = source.training.epochs
    return f"{epochs} of {MAX_EPOCHS} epochs" if epochs < MAX_EPOCHS else ""


def _with_lengths(registry: Registry) -> Registry:
    """The registry with the length of each shortened replay in its label."""
    notes = {name: length_note(model, registry) for name, model in registry.models.items()}
    models = {
        name: model.model_copy(update={"label": f"{model.label} ({notes[name]})"}) if notes[name] else model
        for name, model in registry.models.items()
    }
    return registry.model_copy(update={"models": models})


def load_registry(path: Path) -> Registry:
    """Read and check config/models.yml.

    Raises
    ------
    InputError : file missing or not YAML, an unknown or missing key, a value of the wrong type or out of range, the
        name of a model or chapter that does not exist
    """
    content = read_yaml(path)
    models = content.get("models") if isinstance(content, dict) else None
    if isinstance(models, dict):
        content = content | {
            "models": {name: {"name": name, **_dict(entry)} for name, entry in models.items() if isinstance(name, str)}
        }
        for name, entry in content["models"].items():
            if isinstance(training := entry.get("training"), dict):
                entry["training"] = {"network": name} | training
    registry = _with_lengths(validated(Registry, content, path))
    if unknown := {name: one.chapter for name, one in registry.models.items() if one.chapter not in registry.chapters}:
        name, chapter = next(iter(unknown.items()))
        raise InputError(
            "invalid setting",
            where=f"{path}, models.{name}.chapter",
            expected=", ".join(registry.chapters),
            found=chapter,
            hint="correct the file",
        )
    return registry


def read_yaml(path: Path) -> Any:
    """A YAML file's content.

    Raises
    ------
    InputError : no such file, or not YAML
    """
    path = Path(path)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.yml"))) or "none"
        raise InputError(
            "file missing", where=path, expected=f"one of {known}", found="no such file", hint="name an existing one"
        ) from error
    except Exception as error:  # a wrong tag is an AttributeError or KeyError, deep nesting a RecursionError
        found = error if isinstance(error, yaml.YAMLError | ValueError) else repr(error)
        raise InputError(
            "not YAML", where=path, expected="keys and values", found=found, hint="correct the file"
        ) from error


class _Loader(yaml.SafeLoader):
    """Rejects what takes a YAML parser minutes or gigabytes: aliases of aliases, and brackets nested without end."""

    def fetch_flow_collection_start(self, kind: type) -> None:
        if self.flow_level >= _MAX_BRACKETS:
            raise ValueError(f"brackets nested more than {_MAX_BRACKETS} deep")
        super().fetch_flow_collection_start(kind)

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if _n_values(node, {}) > _MAX_VALUES:
            raise ValueError(f"aliases that expand to more than {_MAX_VALUES:,} values")
        return node


def _n_values(node: Any, counted: dict[int, float]) -> float:
    """Number of values below a node with aliases expanded; infinite if an alias contains itself."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in counted:
        counted[id(node)] = math.inf  # while it is being counted
        inside = node.value if isinstance(node, yaml.SequenceNode) else [one for pair in node.value for one in pair]
        counted[id(node)] = 1 + sum(_n_values(one, counted) for one in inside)
    return counted[id(node)]


def validated(kind: Any, content: Any, where: Path) -> Any:
    """`content` validated as `kind`; a pydantic error becomes one with file, key, expected and found.

    Raises
    ------
    InputError : the first validation error
    """
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"] if part != "function-after")
        found = first["input"] if first["type"] != "missing" else "none"
        raise InputError(
            "unknown key" if first["type"] == "extra_forbidden" else "invalid setting",
            where=f"{where}, {key}" if key else where,
            expected=first["msg"].removeprefix("Value error, "),
            found=_short(found),
            hint="correct the file",
        ) from error


def _dict(entry: Any) -> dict:
    return entry if isinstance(entry, dict) else {}


def _short(found: Any) -> str:
    text = repr(found)
    return text if len(text) <= 120 else f"{text[:117]}…"
