"""Classifying recordings with a released model: one, or thousands.

In come files and folders; out comes a :class:`Prediction` for each recording, in order, also where one could not be
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from ecglib import recordings, released
from ecglib.errors import InputError
from ecglib.ptbxl import CLASSES
from ecglib.released import Released

_CHUNK = 32  # recordings a worker reads and classifies at a time


@dataclass(frozen=True)
class Prediction:
    """What a model says of one recording.

    Attributes
    ----------
    path : as found
    probabilities : {superclass: mean probability over the windows}; empty where the recording could not be read
    findings : superclasses at or above their thresholds
    windows : how many windows of ten seconds were classified
    remarks : what speaks against trusting the recording
    error : why it could not be read, else empty
    """

    path: Path
    probabilities: dict[str, float]
    findings: tuple[str, ...]
    windows: int
    remarks: tuple[str, ...]
    error: str = ""


def find(places: Sequence[Path]) -> list[Path]:
    """The recordings that files and folders stand for: of a folder every .hea, .csv, .npy and .npz below it, in order.

    Raises
    ------
    InputError : a folder without any
    """
    found: list[Path] = []
    for place in map(Path, places):
        if not place.is_dir():
            found.append(place)
            continue
        inside = sorted(path for path in place.rglob("*") if path.suffix in (".hea", *recordings.TABLES))
        if not inside:
            raise InputError(
                "no recordings in a folder", where=place, expected="files ending in .hea, .csv, .npy or .npz",
                found="none", mend="name another folder",
            )  # fmt: skip
        found += inside
    return found


def classify(
    paths: Sequence[Path], model: Released, *, rate: float | None = None, units: str | None = None, jobs: int = 1
) -> Iterator[Prediction]:
    """Classify recordings in order; each prediction comes as soon as it and those before it stand.

    Parameters
    ----------
    rate, units : of files that do not say them
    jobs : processes; one where there are few recordings
    """
    chunks = [list(paths[start : start + _CHUNK]) for start in range(0, len(paths), _CHUNK)]
    jobs = min(jobs, len(chunks))
    run = Parallel(n_jobs=jobs, return_as="generator")
    for predictions in run(delayed(_classify)(chunk, model.name, model.path.parent, rate, units) for chunk in chunks):
        yield from predictions


_models: dict[tuple, Released] = {}  # of this process; a session cannot travel to another one


def _classify(paths: list[Path], name: str, where: Path, rate: float | None, units: str | None) -> list[Prediction]:
    if (name, where) not in _models:
        _models[name, where] = released.load(name, where)
    model = _models[name, where]
    read: list[tuple[Path, np.ndarray, list[str]] | Prediction] = []
    for path in paths:
        try:
            recording = recordings.read(path, rate=rate, units=units)
            read.append((path, recordings.windows(recording), recordings.remarks(recording)))
        except InputError as error:
            read.append(Prediction(path, {}, (), 0, (), str(error)))
    windows = [one[1] for one in read if not isinstance(one, Prediction)]
    score = model.probabilities(np.concatenate(windows)) if windows else np.empty((0, len(CLASSES)))
    scores = iter(np.split(score, np.cumsum([len(one) for one in windows])[:-1]))
    return [one if isinstance(one, Prediction) else _prediction(*one, next(scores), model) for one in read]


def _prediction(path: Path, windows: np.ndarray, remarks: list[str], score: np.ndarray, model: Released) -> Prediction:
    mean = score.mean(axis=0)
    findings = tuple(name for name, yes in zip(CLASSES, mean >= model.thresholds) if yes)
    return Prediction(path, dict(zip(CLASSES, map(float, mean))), findings, len(windows), tuple(remarks))
