"""The released models: small model files, and a manifest with their inputs, outputs and decision thresholds.

Input: a model's name. Output: a verified model, whose file has the checksum of the manifest and whose manifest has the
leads, classes, length, rate and unit of this package. The manifest is written by the deployment chapter.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecgpredict import files, runtime
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES, SAMPLING_RATE, Normalization, apply_temperature

MANIFEST = "manifest.json"
DEFAULT = "student_distilled_int8"  # of a manifest that names no default
_FORMAT = 1
_BATCH = 64  # windows per inference: what the network allocates for a batch stays below 100 MB
_HINT = "install the package again, or restore models/"
_FIXED = {"leads": list(LEADS), "samples": N_SAMPLES, "rate": SAMPLING_RATE, "unit": "mV", "classes": list(CLASSES)}


@dataclass(frozen=True)
class ReleasedModel:
    """A verified model.

    Attributes
    ----------
    name : in the manifest
    path : its ONNX file
    normalization : mV -> what the network takes
    temperature : divides the logits (:func:`ecglib.evaluation.calibration.fit_temperature`)
    thresholds : float (5,), a probability at or above its threshold is positive
    cautions : when to trust it, as sentences
    """

    name: str
    path: Path
    normalization: Normalization
    temperature: float
    thresholds: np.ndarray
    cautions: Sequence[str] = ()

    @cached_property
    def _session(self):
        return runtime.session(self.path)

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        """Windows (w, 1000, 12) in mV -> calibrated probabilities float64 (w, 5), in the order of CLASSES."""
        x = np.ascontiguousarray(self.normalization(windows).transpose(0, 2, 1), np.float32)
        batches = [x[start : start + _BATCH] for start in range(0, len(x), _BATCH)]
        score = np.concatenate([self._session.run(None, {runtime.INPUT: batch})[0] for batch in batches])
        return apply_temperature(score, self.temperature)


def folder() -> Path:
    """The folder of the released models: models/ of a checkout, or the one inside the installed package."""
    checkout = Path(__file__).parents[1] / "models"
    if (checkout / MANIFEST).is_file():
        return checkout
    return Path(str(importlib.resources.files("ecgpredict") / "models"))


def default(where: Path | None = None) -> str:
    """The model that is used unless another one is named, as the manifest says; errors as :func:`entries`."""
    return _content(folder() if where is None else Path(where)).default


def load(name: str | None = None, where: Path | None = None) -> ReleasedModel:
    """Open a released model.

    Parameters
    ----------
    name : in the manifest; None for the manifest's default

    Raises
    ------
    InputError : the errors of :func:`load_verified`, invalid numbers in the manifest, or a microcontroller model
    """
    name = default(where) if name is None else name
    path, found = load_verified(name, where)
    origin = f"{path.parent / MANIFEST}, {name}"
    try:
        thresholds, temperature = np.asarray(found["thresholds"], float), float(found["temperature"])
        normalization = Normalization(float(found["mean"]), float(found["scale"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise _manifest_error(origin, "every key of a model", repr(error)) from error
    numbers = [*thresholds.flat, temperature, normalization.mean, normalization.scale]
    positive = temperature > 0 and normalization.scale > 0
    if thresholds.shape != (len(CLASSES),) or not positive or not np.isfinite(numbers).all():
        values = f"{thresholds.tolist()}, {temperature}, {normalization.mean}, {normalization.scale}"
        expected = "five thresholds, a positive temperature, a mean and a positive scale, all finite"
        raise _manifest_error(origin, expected, values)
    if path.suffix != ".onnx":
        raise InputError(
            "a microcontroller model",
            where=origin,
            expected="an .onnx file",
            found=path.name,
            hint=f"classify with {default(path.parent)}; `ecglib header` writes this one for firmware",
        )
    return ReleasedModel(name, path, normalization, temperature, thresholds, _content(path.parent).cautions)


def load_verified(name: str, where: Path | None = None) -> tuple[Path, dict]:
    """A released model's file, checked against the manifest's SHA-256, and the model's entry in the manifest.

    Raises
    ------
    InputError : no manifest, no model of that name, a model file that is missing or has another checksum, or a
        manifest whose leads, classes, length, rate or unit differ from this package's
    """
    where = folder() if where is None else Path(where)
    found, origin = entry(name, where), f"{where / MANIFEST}, {name}"
    try:
        fixed = {key: found[key] for key in _FIXED}
        path, size, digest = where / str(found["file"]), int(found["bytes"]), str(found["sha256"])
        present = path.is_file()
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:  # OSError: a name that is too long
        raise _manifest_error(origin, "every key of a model", repr(error)) from error
    for key, wanted in _FIXED.items():
        if fixed[key] != wanted:
            raise _manifest_error(f"{origin}, {key}", wanted, fixed[key])
    if path.parent != where:
        raise _manifest_error(f"{origin}, file", "the name of a file next to the manifest", found["file"])
    if not present:
        raise InputError("model file missing", where=path, expected=f"{size} bytes", found="no such file", hint=_HINT)
    content = path.read_bytes()
    if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
        raise InputError(
            "wrong checksum of a model file",
            where=path,
            expected=f"{size} bytes, SHA-256 {digest[:16]}…",
            found=f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()[:16]}…",
            hint=_HINT,
        )
    return path, found


def copy_release(source: Path, target: Path) -> None:
    """Copy a folder's models and their manifest into another folder, the manifest last.

    Raises
    ------
    InputError : a file does not match its manifest
    """
    found = _content(source)
    for name in found.models:
        path, _ = load_verified(name, source)
        with files.atomic_path(target / path.name) as temporary:
            shutil.copyfile(path, temporary)
    _write_manifest(target, found)


def entry(name: str, where: Path) -> dict:
    """A model's entry in the manifest of a folder, unverified.

    Raises
    ------
    InputError : no manifest, or no model of that name
    """
    found = entries(where)
    if name not in found:
        raise InputError(
            "unknown model",
            where=where / MANIFEST,
            expected=", ".join(found),
            found=name,
            hint="give one of the expected names",
        )
    return found[name]


def write(
    where: Path,
    name: str,
    source: Path,
    normalization: Normalization,
    temperature: float,
    thresholds: Sequence[float],
    **more: float,
) -> Path:
    """Release a model: copy its file into a folder and add it to the manifest there.

    Parameters
    ----------
    where : the folder
    name : the model's name, which is also the file's
    source : the model file
    more : further numbers that users of the file need, by name

    Returns
    -------
    path of the manifest
    """
    where = Path(where)
    content = Path(source).read_bytes()
    target = where / f"{name}{Path(source).suffix}"
    with files.atomic_path(target) as temporary:
        temporary.write_bytes(content)
    known = _content(where) if (where / MANIFEST).is_file() else _Manifest({}, DEFAULT, [])
    known.models[name] = {
        "file": target.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **_FIXED,
        "mean": normalization.mean,
        "scale": normalization.scale,
        "temperature": float(temperature),
        "thresholds": [float(one) for one in thresholds],
        **more,
    }
    return _write_manifest(where, known)


def set_default(where: Path, name: str) -> Path:
    """Write a folder's default into its manifest; errors as :func:`entry`."""
    entry(name, Path(where))
    return _write_manifest(Path(where), _content(where)._replace(default=name))


def set_cautions(where: Path, lines: Sequence[str]) -> Path:
    """Write the sentences on when to trust the models into a folder's manifest; errors as :func:`entries`."""
    return _write_manifest(Path(where), _content(where)._replace(cautions=list(lines)))


class _Manifest(NamedTuple):
    """A manifest's entries by model, the name of its default, and its cautions."""

    models: dict[str, dict]
    default: str
    cautions: list[str]


def _write_manifest(where: Path, found: _Manifest) -> Path:
    manifest = where / MANIFEST
    content = {"format": _FORMAT, "default": found.default, "cautions": found.cautions, "models": found.models}
    files.write_text(manifest, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return manifest


def entries(where: Path) -> dict[str, dict]:
    """Every model's entry in the manifest of a folder, unverified.

    Raises
    ------
    InputError : no manifest, or one of another format
    """
    return _content(where).models


def _content(where: Path) -> _Manifest:
    where = Path(where)
    manifest = where / MANIFEST
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        form, found, chosen = content["format"], dict(content["models"]), str(content.get("default", DEFAULT))
        lines = [str(line) for line in content.get("cautions", [])]
    except FileNotFoundError:
        raise InputError(
            "no released models", where=manifest, expected="a manifest", found="no such file", hint=_HINT
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise _manifest_error(manifest, "JSON with format and models", f"{type(error).__name__}: {error}") from error
    if form != _FORMAT:
        raise _manifest_error(manifest, f"format {_FORMAT}", form)
    return _Manifest(found, chosen, lines)


def _manifest_error(where: object, expected: object, found: object) -> InputError:
    return InputError("invalid manifest", where=where, expected=expected, found=found, hint=_HINT)
