"""Classifying recordings with a released model: one, or thousands; those that cannot be read have an error."""

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from ecgpredict import batches, recordings, released, statements
from ecgpredict.errors import InputError, one_line, printable
from ecgpredict.model import ReleasedModel
from ecgpredict.spec import CLASSES, STATEMENT, positions


@dataclass(frozen=True)
class Prediction:
    """A model's prediction for one recording.

    Attributes
    ----------
    path : path of the recording
    probabilities : {superclass: mean probability over the windows}; empty if the recording could not be read
    findings : superclasses at or above their thresholds
    windows : number of ten-second windows that were classified
    quality_warnings : reasons to distrust the recording; first, where it has fewer leads, what that costs
    error : why the recording could not be read, else empty
    model : name of the model that was used
    statements : rows of :func:`ecgpredict.statements.rows`, if the model was asked for them
    """

    path: Path
    probabilities: dict[str, float]
    findings: tuple[str, ...]
    windows: int
    quality_warnings: tuple[str, ...]
    error: str = ""
    model: str = ""
    statements: tuple[dict, ...] = ()

    def row(self) -> dict:
        """What programs are given: its path and error printable on one line, None for no error and no model."""
        values = {"path": printable(self.path), "model": self.model or None, "probabilities": self.probabilities}
        values |= {"findings": list(self.findings), "statements": list(self.statements), "windows": self.windows}
        return values | {"quality_warnings": list(self.quality_warnings), "error": one_line(self.error) or None}

    def columns(self) -> dict:
        """The same for tables: a column for each label, and of the statements those that were found, by name."""
        by_label = {STATEMENT + row["code"]: row["probability"] for row in self.statements}
        found = [row["name"] for row in self.statements if row["found"]]
        return self.row() | self.probabilities | by_label | {"statements": found}


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
    paths: Sequence[Path],
    model: ReleasedModel | Sequence[ReleasedModel],
    *,
    rate: float | None = None,
    units: str | None = None,
    jobs: int = 1,
) -> Iterator[Prediction]:
    """Classify recordings in order; each prediction is yielded as soon as it and those before it are ready.

    A recording that cannot be read, whatever the reason, gets a prediction with its error; the others are classified.

    Parameters
    ----------
    model : one, or several, of which each recording takes the first whose leads it has
    rate, units : for files that do not state them, as in :func:`ecgpredict.recordings.read`
    jobs : worker processes; 1 uses this process, without the limit on memory
    """
    models = [model] if isinstance(model, ReleasedModel) else model
    chosen = [(one.name, one.path.parent, len(one.classes) > len(CLASSES), one.offsets) for one in models]
    task = partial(_classify, chosen=chosen, rate=rate, units=units)
    return batches.run(task, paths, jobs, _failed)


@cache  # of each process: an ONNX Runtime session cannot be sent to another one
def _opened(name: str, where: Path, of_statements: bool, offsets: tuple | None) -> ReleasedModel:
    return replace(released.load(name, where, statements=of_statements), offsets=offsets)


def _classify(paths: list[Path], chosen: list[tuple], rate: float | None, units: str | None) -> list[Prediction]:
    models = [_opened(*one) for one in chosen]
    results = [_read(path, models, rate, units) for path in paths]
    for model in models:
        own = [number for number, one in enumerate(results) if not isinstance(one, Prediction) and one[0] is model]
        if own:
            windows = [results[number][2] for number in own]
            score = model.probabilities(np.concatenate(windows))
            for number, each in zip(own, np.split(score, np.cumsum([len(one) for one in windows])[:-1])):
                results[number] = _prediction(*results[number], each)
    return results


def _read(
    path: Path, models: list[ReleasedModel], rate: float | None, units: str | None
) -> tuple[ReleasedModel, Path, np.ndarray, list[str]] | Prediction:
    memory = batches.MEMORY_LIMIT_BYTES if multiprocessing.current_process().name != "MainProcess" else None
    try:
        with batches.limits(batches.TIME_LIMIT_S, memory=memory):
            recording = recordings.read(path, rate=rate, units=units, taken=[model.leads for model in models])
            model = next(one for one in models if not recording.absent[positions(one.leads)].any())
            return model, path, recordings.windows(recording), recordings.quality_warnings(recording)
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
    model: ReleasedModel, path: Path, windows: np.ndarray, quality_warnings: list[str], score: np.ndarray
) -> Prediction:
    mean = score.mean(axis=0)
    findings = tuple(name for name, found in zip(CLASSES, mean >= model.thresholds) if found)
    warnings = (*([model.cost] if model.cost else []), *quality_warnings)
    named = statements.rows(model.classes, mean, model.thresholds)
    by_class = dict(zip(CLASSES, map(float, mean)))
    return Prediction(path, by_class, findings, len(windows), warnings, model=model.name, statements=named)
