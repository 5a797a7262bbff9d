"""The released models: small model files, and a manifest with their inputs, outputs and decision thresholds.

The manifest is written by the chapter that releases models. A model has two files from one training, .onnx for a
computer and .tflite for firmware and browsers, with one temperature and one set of thresholds, those of the .tflite
file. A file is used only if it has the manifest's SHA-256.
"""

import hashlib
import importlib.resources
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.model import ReleasedModel
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES, SAMPLING_RATE, STATEMENT, Normalization

MANIFEST, FORMAT = "manifest.json", 2
ONNX, TFLITE = "onnx", "tflite"
_HINT = "install the package again, or restore models/"
_INPUT = {"leads": list(LEADS), "samples": N_SAMPLES, "rate": SAMPLING_RATE, "unit": "mV", "classes": list(CLASSES)}


def folder() -> Path:
    """The folder of the released models: models/ of a checkout, or the one inside the installed package."""
    checkout = Path(__file__).parents[1] / "models"
    if (checkout / MANIFEST).is_file():
        return checkout
    return Path(str(importlib.resources.files("ecgpredict") / "models"))


def default(where: Path | None = None) -> str:
    """The model that is used unless another one is named."""
    return _manifest(where or folder())["default"]


def microcontroller(where: Path | None = None) -> str:
    """The model for microcontrollers."""
    return _manifest(where or folder())["microcontroller"]


def resolve(name: str, where: Path | None = None) -> str:
    """A model's name in the manifest; for a former name that of its successor, with one warning on standard error."""
    where = Path(where or folder())
    manifest = _manifest(where)
    if name in manifest["models"]:
        return name
    if successor := manifest["aliases"].get(name):
        _warn(name, successor)
        return successor
    expected, hint = ", ".join(manifest["models"]), "give one of the expected names"
    raise InputError("unknown model", where=where / MANIFEST, expected=expected, found=name, hint=hint)


@cache
def _warn(name: str, successor: str) -> None:
    print(f"{name} is no longer released; {successor} is used in its place. Name that.", file=sys.stderr)


def load(name: str | None = None, where: Path | None = None, *, statements: bool = False) -> ReleasedModel:
    """A released model, the manifest's default if none is named; an InputError as of :func:`load_verified`.

    It gives the superclasses and, if `statements`, PTB-XL's statements, where its file has them.
    """
    name = resolve(name or default(where), where)
    path, described = load_verified(name, where, ONNX)
    labels, normalization = described["classes"], Normalization(described["mean"], described["scale"])
    classes = (*CLASSES, *(label for label in labels if statements and label.startswith(STATEMENT)))
    columns = [labels.index(label) for label in classes]
    thresholds, cautions = np.array(described["thresholds"], float)[columns], _manifest(path.parent)["cautions"]
    calibrated = normalization, described["temperature"], thresholds, cautions
    return ReleasedModel(name, path, *calibrated, described["leads"], classes, columns, described.get("auc", {}))


def choose(name: str | None = None, where: Path | None = None, *, statements: bool = False) -> list[ReleasedModel]:
    """The models of which a recording takes the first whose leads it has: the one named, or all of a kind.

    Those are the default, or if `statements` the model for them, and the variants for fewer leads; most leads first.

    Raises
    ------
    InputError : as of :func:`load_verified`; `statements`, and no such model
    """
    where = Path(where or folder())
    roles = [(each, described.get("role")) for each, described in entries(where).items()]
    names = [name] if name else [each for each, role in roles if statements and role == "statements"]
    if not name:
        names += [default(where)] * (not statements) + [each for each, role in roles if role == "leads"]
    names = [each for each in names if not statements or len(entry(each, where)["classes"]) > len(CLASSES)]
    if not names:
        expected, hint = "a model with outputs for statements", "leave out --statements, or name another model"
        raise InputError("no statements", where=where / MANIFEST, expected=expected, found=name or "none", hint=hint)
    models = [load(each, where, statements=statements) for each in names]
    return sorted(models, key=lambda model: -len(model.leads))


def load_verified(name: str, where: Path | None = None, kind: str = ONNX) -> tuple[Path, dict]:
    """A released model's file of a kind, checked against the manifest's SHA-256, and its :func:`entry`.

    InputError if there is no manifest, no model of that name, or a model file that is missing or has another checksum.
    """
    where = Path(where or folder())
    described = entry(name, where, kind)
    path, wanted = where / described["file"], f"{described['bytes']} bytes, SHA-256 {described['sha256'][:16]}…"
    if not path.is_file():
        raise InputError("model file missing", where=path, expected=wanted, found="no such file", hint=_HINT)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != described["sha256"]:
        found = f"{len(content)} bytes, SHA-256 {digest[:16]}…"
        raise InputError("wrong checksum of a model file", where=path, expected=wanted, found=found, hint=_HINT)
    return path, described


def entry(name: str, where: Path | None = None, kind: str = ONNX) -> dict:
    """What the manifest says of a model and of its file of a kind, in one dictionary; an InputError if it has none."""
    where = Path(where or folder())
    described = entries(where)[resolve(name, where)]
    if kind not in described["files"]:
        having = [other for other, each in entries(where).items() if kind in each["files"]]
        expected, found = " or ".join(having) or f"a .{kind} file", ", ".join(described["files"])
        hint = "give one of the expected names"
        raise InputError(f"a model without a .{kind} file", where=name, expected=expected, found=found, hint=hint)
    return {key: value for key, value in described.items() if key != "files"} | described["files"][kind]


def entries(where: Path) -> dict[str, dict]:
    """Every model's entry in the manifest of a folder, with all of its files."""
    return _manifest(where)["models"]


def copy_release(source: Path, target: Path) -> None:
    """Put a folder's models, which are verified, in the place of those of another folder, the manifest last."""
    before = _file_names(target) if (Path(target) / MANIFEST).is_file() else set()
    for name, described in entries(source).items():
        for kind in described["files"]:
            path, _ = load_verified(name, source, kind)
            with files.atomic_path(target / path.name) as temporary:
                shutil.copyfile(path, temporary)
    _write(target, _manifest(source))
    for name in before - _file_names(target):
        (Path(target) / name).unlink(missing_ok=True)


def write(
    where: Path,
    name: str,
    sources: Iterable[Path],
    normalization: Normalization,
    temperature: float,
    thresholds: Sequence[float | None],
    *,
    integers: Mapping = {},
    **more: object,
) -> Path:
    """Path of the manifest of a folder, after copying a model's files there under its name and describing it.

    The first model of a manifest is its default, and its model for microcontrollers.

    Parameters
    ----------
    sources : its .onnx file, its .tflite file or both
    integers : what holds for the .tflite file alone: its leads, scales and zero points of its input and output
    more : whatever else readers of the manifest should know, by name: "leads" and "classes" where they are not those of
        all models; of a variant its "role", "statements", "leads" or "stream", and "auc"
    """
    where, described = Path(where), {}
    for source in map(Path, sources):
        content, kind = source.read_bytes(), source.suffix[1:]
        target = where / f"{name}{source.suffix}"
        with files.atomic_path(target) as temporary:
            temporary.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        described[kind] = {"file": target.name, "bytes": len(content), "sha256": digest}
        described[kind] |= integers if kind == TFLITE else {}
    values = {"mean": normalization.mean, "scale": normalization.scale, "temperature": float(temperature)}
    bounds = [None if bound is None else float(bound) for bound in thresholds]
    model = {**more, "files": described, **(_INPUT | more), **values, "thresholds": bounds}
    new = {"format": FORMAT, "default": name, "microcontroller": name, "aliases": {}, "cautions": [], "models": {}}
    manifest = _manifest(where) if (where / MANIFEST).is_file() else new
    return _write(where, manifest | {"models": manifest["models"] | {name: model}})


def set_roles(where: Path, default: str, microcontroller: str, aliases: Mapping[str, str]) -> Path:
    """Path of a folder's manifest, with these roles and {former name: successor}; an InputError for unknown models."""
    for name in (default, microcontroller, *aliases.values()):
        resolve(name, where)
    roles = {"default": default, "microcontroller": microcontroller, "aliases": dict(aliases)}
    return _write(where, _manifest(where) | roles)


def set_cautions(where: Path, lines: Sequence[str]) -> Path:
    """Path of a folder's manifest, after writing the sentences on when to trust the models."""
    return _write(where, _manifest(where) | {"cautions": list(lines)})


def _file_names(where: Path) -> set[str]:
    return {file["file"] for described in entries(where).values() for file in described["files"].values()}


def _write(where: Path, manifest: Mapping) -> Path:
    path = Path(where) / MANIFEST
    files.write_text(path, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return path


def _manifest(where: Path) -> dict:
    path = Path(where) / MANIFEST
    if not path.is_file():
        raise InputError("no released models", where=path, expected="a manifest", found="no such file", hint=_HINT)
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["format"] != FORMAT:
        found = f"format {manifest['format']}"
        raise InputError("another release", where=path, expected=f"format {FORMAT}", found=found, hint=_HINT)
    return manifest
