"""Classifying recordings with a released model: one, or thousands; those that cannot be read have an error."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from ecgpredict import batches, recordings, released
from ecgpredict.errors import InputError, one_line, printable
from ecgpredict.released import ReleasedModel
from ecgpredict.spec import CLASSES


@dataclass(frozen=True)
class Prediction:
    """A model's prediction for one recording.

    Attributes
    ----------
    path : path of the recording
    probabilities : {superclass: mean probability over the windows}; empty if the recording could not be read
    findings : superclasses at or above their thresholds
    windows : number of ten-second windows that were classified
    quality_warnings : reasons to distrust the recording
    error : why the recording could not be read, else empty
    """

    path: Path
    probabilities: dict[str, float]
    findings: tuple[str, ...]
    windows: int
    quality_warnings: tuple[str, ...]
    error: str = ""

    def row(self) -> dict:
        """What programs are given: its path and error printable on one line, None for no error."""
        values = {"path": printable(self.path), "probabilities": self.probabilities, "findings": list(self.findings)}
        values |= {"windows": self.windows, "quality_warnings": list(self.quality_warnings)}
        return values | {"error": one_line(self.error) or None}


def find_recordings(paths: Sequence[Path]) -> list[Path]:
    """The given files, and every file that may be a recording below the given folders and in the given zip archives.

    Sorted by path within a folder.

    Raises
    ------
    InputError : a folder without recordings
    """
    found: list[Path] = []
    for path in map(Path, paths):
        inside = list(recordings.walk(path))
        if path.is_dir() and not inside:
            expected = f"files ending in {', '.join(recordings.FILE_SUFFIXES)}, .zip, or DICOM files of any name"
            hint = "choose another folder"
            raise InputError("no recordings in a folder", where=path, expected=expected, found="none", hint=hint)
        found += sorted(map(Path, inside))
    return found


def classify(
    paths: Sequence[Path], model: ReleasedModel, *, rate: float | None = None, units: str | None = None, jobs: int = 1
) -> Iterator[Prediction]:
    """Classify recordings in order; each prediction is yielded as soon as it and those before it are ready.

    A recording that cannot be read, whatever the reason, gets a prediction with its error; the others are classified.

    Parameters
    ----------
    rate, units : for files that do not state them, as in :func:`ecgpredict.recordings.read`
    jobs : worker processes; 1 uses this process, without the limit on memory
    """
    chosen = model.name, model.path.parent, model.offsets
    task = partial(_classify, chosen=chosen, rate=rate, units=units)
    return batches.run(task, paths, jobs, _failed)


_models: dict[tuple, ReleasedModel] = {}  # of this process: an ONNX Runtime session cannot be sent to another one


def _classify(paths: list[Path], chosen: tuple, rate: float | None, units: str | None) -> list[Prediction]:
    if chosen not in _models:
        name, where, offsets = chosen
        _models[chosen] = replace(released.load(name, where), offsets=offsets)
    model = _models[chosen]
    read = [_read(path, rate, units) for path in paths]
    windows = [one[1] for one in read if not isinstance(one, Prediction)]
    score = model.probabilities(np.concatenate(windows)) if windows else np.empty((0, len(CLASSES)))
    scores = iter(np.split(score, np.cumsum([len(one) for one in windows])[:-1]))
    return [one if isinstance(one, Prediction) else _prediction(*one, next(scores), model) for one in read]


def _read(path: Path, rate: float | None, units: str | None) -> tuple[Path, np.ndarray, list[str]] | Prediction:
    memory = batches.MEMORY_LIMIT_BYTES if multiprocessing.current_process().name != "MainProcess" else None
    try:
        with batches.limits(batches.TIME_LIMIT_S, memory=memory):
            recording = recordings.read(path, rate=rate, units=units)
            return path, recordings.windows(recording), recordings.quality_warnings(recording)
    except InputError as error:
        return _failed(path, error)
    except Exception as error:  # no recording may end a batch
        return _failed(path, f"{type(error).__name__}: {error}")


def _failed(path: Path, reason: object) -> Prediction:
    if not isinstance(reason, InputError):
        expected, hint = "a recording of a known format", "export it again"
        reason = InputError("unreadable recording", where=path, expected=expected, found=reason, hint=hint)
    return Prediction(path, {}, (), 0, (), str(reason))


def _prediction(
    path: Path, windows: np.ndarray, quality_warnings: list[str], score: np.ndarray, model: ReleasedModel
) -> Prediction:
    mean = score.mean(axis=0)
    findings = tuple(name for name, found in zip(CLASSES, mean >= model.thresholds) if found)
    return Prediction(path, dict(zip(CLASSES, map(float, mean))), findings, len(windows), tuple(quality_warnings))
