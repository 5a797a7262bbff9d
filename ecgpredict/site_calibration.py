"""Calibration of a new site: one offset per superclass, fitted to labelled recordings of that site, in a JSON file.

Elsewhere diagnoses are more or less frequent than in PTB-XL, and probabilities that were right there are too high or
too low. An offset added to the logit mends that and leaves the order of recordings, and so the AUC, as it is
(recalibration in the large: Steyerberg 2004, doi 10.1002/sim.1844). The thresholds stay.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgpredict import files
from ecgpredict.errors import InputError, printable
from ecgpredict.model import ReleasedModel
from ecgpredict.prediction import Prediction
from ecgpredict.spec import CLASSES, add_offsets

FORMAT = 1
MIN_RECORDINGS = 10  # with a superclass, and without: fewer say too little of its offset
LARGEST = 6.0  # offset of a logit: odds 400 times as high
_MAX_BYTES = 100_000_000, 100_000  # of labels, of a calibration
_LABELS = {"0": 0.0, "1": 1.0, "": np.nan}
_KEYS = {"format", "model", "sha256", "offsets", "recordings"}


def fit_offsets(y_score: np.ndarray, y_true: np.ndarray) -> np.ndarray:
    """The offset of each superclass float (5,) with which its mean probability is its share of the recordings.

    That is the offset of smallest binary cross-entropy, from probabilities (n, 5) and labels (n, 5): 1, 0, or NaN where
    it is not known. It is 0 where fewer than MIN_RECORDINGS have the superclass, or have it not.
    """
    offsets = np.zeros(len(CLASSES))
    for k, (score, actual) in enumerate(zip(y_score.T, y_true.T)):
        score, actual = score[~np.isnan(actual)], actual[~np.isnan(actual)]
        if min(actual.sum(), (1 - actual).sum()) < MIN_RECORDINGS:
            continue
        low, high = -LARGEST, LARGEST
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if add_offsets(score, middle).mean() < actual.mean() else (low, middle)
        offsets[k] = round(middle, 6)
    return offsets


def read_labels(path: Path) -> dict[str, np.ndarray]:
    """{absolute path of a recording: float (5,), 1, 0 or NaN}, from a CSV file; InputError if it is no such table."""
    path, wanted = Path(path), ["path", *CLASSES]
    with _text(path, _MAX_BYTES[0]).open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = list(csv.DictReader(file))
        except (csv.Error, UnicodeDecodeError) as error:
            raise _fault("labels unreadable", path, "a CSV file", error) from error
    if not rows or not set(wanted) <= set(rows[0]):
        header = [printable(name) for name in rows[0]] if rows else "no rows"
        raise _fault("no labels", path, f"columns {', '.join(wanted)}", str(header)[:200])
    labels: dict[str, np.ndarray] = {}
    for number, row in enumerate(rows, 2):
        where, name = f"{path}, row {number}", row["path"] or ""
        values = [(row[one] or "").strip() for one in CLASSES]
        if wrong := [value for value in values if value not in _LABELS]:
            raise _fault("not a label", where, "1, 0, or nothing where it is not known", printable(wrong[0])[:80])
        if not name or (absolute := os.path.abspath(name)) in labels:  # noqa: PTH100, resolve() would follow links
            raise _fault("not one row per recording", where, "a path that no other row has", printable(name)[:200])
        labels[absolute] = np.array([_LABELS[value] for value in values])
    return labels


def fit(labels: dict[str, np.ndarray], predictions: Iterable[Prediction], model: ReleasedModel) -> dict:
    """The content of a calibration file, from labels of :func:`read_labels` and predictions of the same recordings.

    Recordings without a label, and those that could not be read, are left out; InputError if too few remain.
    """
    pairs = [
        (list(one.probabilities.values()), labels[name])
        for one in predictions
        if not one.error and (name := os.path.abspath(one.path)) in labels  # noqa: PTH100
    ]
    score, y_true = (np.array(part, float).reshape(-1, len(CLASSES)) for part in (zip(*pairs) if pairs else ((), ())))
    counts = {name: [int((column == value).sum()) for value in (1, 0)] for name, column in zip(CLASSES, y_true.T)}
    if not any(min(pair) >= MIN_RECORDINGS for pair in counts.values()):
        expected = (
            f"a superclass with {MIN_RECORDINGS} labelled recordings that have it, and {MIN_RECORDINGS} that do not"
        )
        hint = "label more recordings; paths are those that `ecglib predict` prints"
        raise InputError("too few labels", where="the recordings", expected=expected, found=counts, hint=hint)
    offsets = dict(zip(CLASSES, fit_offsets(score, y_true).tolist()))
    return {"format": FORMAT, "model": model.name, "sha256": _sha256(model), "offsets": offsets, "recordings": counts}


def write(path: Path, content: dict) -> None:
    """Write what :func:`fit` returned."""
    files.write_text(path, json.dumps(content, indent=1) + "\n")


def apply(path: Path, model: ReleasedModel) -> ReleasedModel:
    """The model with the offsets of a calibration file; InputError if it is none, or one of other weights."""
    path = Path(path)
    if tuple(model.classes) != CLASSES:
        raise _fault("a calibration has no offsets for statements", path, "superclasses alone", "--statements")
    try:
        content = json.loads(_text(path, _MAX_BYTES[1]).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _fault("calibration unreadable", path, "JSON written by `ecglib calibrate`", error) from error
    if not isinstance(content, dict) or set(content) != _KEYS or content["format"] != FORMAT:
        found = sorted(map(printable, content))[:9] if isinstance(content, dict) else type(content).__name__
        raise _fault("not a calibration", path, f"format {FORMAT} with {', '.join(sorted(_KEYS))}", found)
    if (content["model"], content["sha256"]) != (model.name, _sha256(model)):
        found = f"{printable(content['model'])[:80]}, SHA-256 {printable(content['sha256'])[:16]}…"
        raise _fault("another model's calibration", path, f"{model.name}, SHA-256 {_sha256(model)[:16]}…", found)
    offsets = content["offsets"]
    numbers = list(offsets.values()) if isinstance(offsets, dict) and set(offsets) == set(CLASSES) else [None]
    if not all(type(one) in (int, float) and abs(one) <= LARGEST for one in numbers):  # nor is NaN
        expected = f"a number from {-LARGEST:g} to {LARGEST:g} for each of {', '.join(CLASSES)}"
        raise _fault("not offsets", path, expected, printable(offsets)[:200])
    return replace(model, offsets=tuple(float(offsets[name]) for name in CLASSES))


def _sha256(model: ReleasedModel) -> str:
    return hashlib.sha256(model.path.read_bytes()).hexdigest()


def _text(path: Path, most: int) -> Path:
    """The path, of a file of at most so many bytes."""
    if not path.is_file() or path.stat().st_size > most:
        found = f"{path.stat().st_size:,} bytes" if path.is_file() else "no such file"
        raise _fault("file missing or too large", path, f"a file of at most {most:,} bytes", found)
    return path


def _fault(problem: str, where: object, expected: object, found: object) -> InputError:
    hint = "see `ecglib calibrate --help`, and Recordings and reports in the book"
    return InputError(problem, where=where, expected=expected, found=found, hint=hint)
