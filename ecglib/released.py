"""The released models: small ONNX files, and a manifest that says what they take, what they give, and how to decide.

In comes a name; out comes a model that was verified, byte for byte and against what this package computes. The
manifest is written by the deployment chapter.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ecglib import calibration, export, files
from ecglib.errors import InputError
from ecglib.normalisation import Normalisation
from ecglib.ptbxl import CLASSES, LEADS
from ecglib.signals import SAMPLES, SAMPLING_RATE

MANIFEST = "manifest.json"
DEFAULT = "student_distilled_int8"
_FORMAT = 1
_AGAIN = "install the package again, or fetch models/ again"
_FIXED = {"leads": list(LEADS), "samples": SAMPLES, "rate": SAMPLING_RATE, "unit": "mV", "classes": list(CLASSES)}


@dataclass(frozen=True)
class Released:
    """A verified model.

    Attributes
    ----------
    name : in the manifest
    path : its ONNX file
    normalisation : mV -> what the network takes
    temperature : divides the logits (:func:`ecglib.calibration.fit_temperature`)
    thresholds : float (5,), a probability at or above it is a yes
    """

    name: str
    path: Path
    normalisation: Normalisation
    temperature: float
    thresholds: np.ndarray

    @cached_property
    def _session(self):
        return export.session(self.path)

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        """Windows (w, 1000, 12) in mV -> calibrated probabilities float64 (w, 5), in the order of CLASSES."""
        x = np.ascontiguousarray(self.normalisation(windows).transpose(0, 2, 1), np.float32)
        (score,) = self._session.run(None, {export.INPUT: x})
        return calibration.apply_temperature(score, self.temperature)


def folder() -> Path:
    """Where the released models lie: in a checkout's models/, or inside the installed package."""
    checkout = Path(__file__).parent.parent / "models"
    if (checkout / MANIFEST).is_file():
        return checkout
    return Path(str(importlib.resources.files("ecglib") / "models"))


def load(name: str = DEFAULT, where: Path | None = None) -> Released:
    """Open a released model.

    Raises
    ------
    InputError : no manifest, no model of that name, a model file that is missing, cut short or another one, or a
        manifest whose leads, classes, length, rate or unit are not this package's
    """
    where = folder() if where is None else Path(where)
    entries = _entries(where / MANIFEST)
    if name not in entries:
        raise InputError(
            "unknown model", where=where / MANIFEST, expected=", ".join(entries), found=name,
            mend="give one of the expected names",
        )  # fmt: skip
    entry, origin = entries[name], f"{where / MANIFEST}, {name}"
    try:
        for key, wanted in _FIXED.items():
            if entry[key] != wanted:
                raise _unfit(f"{origin}, {key}", wanted, entry[key])
        thresholds = np.asarray(entry["thresholds"], float)
        normalisation = Normalisation(float(entry["mean"]), float(entry["scale"]))
        temperature, path = float(entry["temperature"]), where / entry["file"]
        size, digest = int(entry["bytes"]), str(entry["sha256"])
    except (KeyError, TypeError) as error:
        raise _unfit(origin, "every key of a model", repr(error)) from error
    if thresholds.shape != (len(CLASSES),) or not temperature > 0 or not normalisation.scale > 0:
        found = f"{thresholds.tolist()}, {temperature}, {normalisation.scale}"
        raise _unfit(origin, "five thresholds, a positive temperature and scale", found)
    if not path.is_file():
        raise InputError("model file missing", where=path, expected=f"{size} bytes", found="no such file", mend=_AGAIN)
    content = path.read_bytes()
    if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
        raise InputError(
            "another model file", where=path, expected=f"{size} bytes, SHA-256 {digest[:16]}…",
            found=f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()[:16]}…", mend=_AGAIN,
        )  # fmt: skip
    return Released(name, path, normalisation, temperature, thresholds)


def write(
    where: Path, name: str, source: Path, normalisation: Normalisation, temperature: float, thresholds: Sequence[float]
) -> Path:
    """Release a model: copy its file into a folder and enter it in the manifest there.

    Returns
    -------
    the manifest
    """
    where = Path(where)
    content = Path(source).read_bytes()
    target = where / f"{name}{Path(source).suffix}"
    with files.replacing(target) as temporary:
        temporary.write_bytes(content)
    manifest = where / MANIFEST
    entries = _entries(manifest) if manifest.is_file() else {}
    entries[name] = {
        "file": target.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **_FIXED,
        "mean": normalisation.mean, "scale": normalisation.scale, "temperature": float(temperature),
        "thresholds": [float(one) for one in thresholds],
    }  # fmt: skip
    files.write_text(manifest, json.dumps({"format": _FORMAT, "models": entries}, indent=1) + "\n")
    return manifest


def _entries(manifest: Path) -> dict[str, dict]:
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        form, entries = content["format"], dict(content["models"])
    except FileNotFoundError:
        raise InputError(
            "no released models", where=manifest, expected="a manifest", found="no such file", mend=_AGAIN
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _unfit(manifest, "JSON with format and models", error) from error
    if form != _FORMAT:
        raise _unfit(manifest, f"format {_FORMAT}", form)
    return entries


def _unfit(where: object, expected: object, found: object) -> InputError:
    return InputError("a manifest that does not fit", where=where, expected=expected, found=found, mend=_AGAIN)
