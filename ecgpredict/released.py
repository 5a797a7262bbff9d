"""The released models: small model files, and a manifest with their inputs, outputs and decision thresholds.

The manifest is written by the chapters that release models. A file is used only if it has the manifest's SHA-256.
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

import numpy as np

from ecgpredict import files, runtime
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES, SAMPLING_RATE, Normalization, apply_temperature

MANIFEST = "manifest.json"
DEFAULT = "student_distilled_int8"  # of a new manifest
_BATCH = 64  # windows per inference: what the network allocates for a batch stays below 100 MB
_HINT = "install the package again, or restore models/"
_INPUT = {"leads": list(LEADS), "samples": N_SAMPLES, "rate": SAMPLING_RATE, "unit": "mV", "classes": list(CLASSES)}


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
        """Calibrated probabilities float64 (w, 5), in the order of CLASSES, of windows (w, 1000, 12) in mV."""
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
    """The model that is used unless another one is named."""
    return _manifest(where or folder())["default"]


def load(name: str | None = None, where: Path | None = None) -> ReleasedModel:
    """A released model, the manifest's default if none is named.

    Raises
    ------
    InputError : as :func:`load_verified`, or a microcontroller model
    """
    name = name or default(where)
    path, entry = load_verified(name, where)
    if path.suffix != ".onnx":
        hint = f"classify with {default(path.parent)}; `ecglib header` writes this one for firmware"
        raise InputError("a microcontroller model", where=name, expected="an .onnx file", found=path.name, hint=hint)
    normalization = Normalization(entry["mean"], entry["scale"])
    thresholds, cautions = np.array(entry["thresholds"]), _manifest(path.parent)["cautions"]
    return ReleasedModel(name, path, normalization, entry["temperature"], thresholds, cautions)


def load_verified(name: str, where: Path | None = None) -> tuple[Path, dict]:
    """A released model's file, checked against the manifest's SHA-256, and the model's entry in the manifest.

    Raises
    ------
    InputError : no manifest, no model of that name, or a model file that is missing or has another checksum
    """
    where = Path(where or folder())
    described = entry(name, where)
    path, wanted = where / described["file"], f"{described['bytes']} bytes, SHA-256 {described['sha256'][:16]}…"
    if not path.is_file():
        raise InputError("model file missing", where=path, expected=wanted, found="no such file", hint=_HINT)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != described["sha256"]:
        found = f"{len(content)} bytes, SHA-256 {digest[:16]}…"
        raise InputError("wrong checksum of a model file", where=path, expected=wanted, found=found, hint=_HINT)
    return path, described


def copy_release(source: Path, target: Path) -> None:
    """Copy a folder's models and their manifest into another folder, the manifest last.

    Raises
    ------
    InputError : a file does not match its manifest
    """
    for name in entries(source):
        path, _ = load_verified(name, source)
        with files.atomic_path(target / path.name) as temporary:
            shutil.copyfile(path, temporary)
    _update(target, **_manifest(source))


def entry(name: str, where: Path) -> dict:
    """A model's entry in the manifest of a folder; InputError if there is none of that name."""
    known = entries(where)
    if name not in known:
        hint = "give one of the expected names"
        raise InputError("unknown model", where=where / MANIFEST, expected=", ".join(known), found=name, hint=hint)
    return known[name]


def entries(where: Path) -> dict[str, dict]:
    """Every model's entry in the manifest of a folder."""
    return _manifest(where)["models"]


def write(
    where: Path,
    name: str,
    source: Path,
    normalization: Normalization,
    temperature: float,
    thresholds: Sequence[float],
    **more: float,
) -> Path:
    """Path of the manifest of a folder, after copying a model's file there under its name and describing it.

    Parameters
    ----------
    more : further numbers that users of the file need, by name
    """
    content = Path(source).read_bytes()
    target = Path(where) / f"{name}{Path(source).suffix}"
    with files.atomic_path(target) as temporary:
        temporary.write_bytes(content)
    described = {
        "file": target.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **_INPUT,
        "mean": normalization.mean,
        "scale": normalization.scale,
        "temperature": float(temperature),
        "thresholds": list(map(float, thresholds)),
        **more,
    }
    known = entries(where) if (target.parent / MANIFEST).is_file() else {}
    return _update(where, models=known | {name: described})


def set_default(where: Path, name: str) -> Path:
    """Path of a folder's manifest, after writing its default; InputError if there is no model of that name."""
    entry(name, Path(where))
    return _update(where, default=name)


def set_cautions(where: Path, lines: Sequence[str]) -> Path:
    """Path of a folder's manifest, after writing the sentences on when to trust the models."""
    return _update(where, cautions=list(lines))


def _update(where: Path, **values: object) -> Path:
    path = Path(where) / MANIFEST
    known = _manifest(where) if path.is_file() else {"format": 1, "default": DEFAULT, "cautions": [], "models": {}}
    files.write_text(path, json.dumps(known | values, indent=1, ensure_ascii=False) + "\n")
    return path


def _manifest(where: Path) -> dict:
    path = Path(where) / MANIFEST
    if not path.is_file():
        raise InputError("no released models", where=path, expected="a manifest", found="no such file", hint=_HINT)
    return json.loads(path.read_text(encoding="utf-8"))
