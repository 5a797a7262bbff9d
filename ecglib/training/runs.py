"""Finished trainings on disk: one folder per run, with weights, history, scores and metadata.

A run is finished when its ``run.json`` exists, which is written last. Before training starts, it looks
for a finished run with the same settings on the same data; a run that was trained elsewhere (on a
GPU, on a cluster) and copied here counts as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ecglib.data.dataset import Dataset
from ecglib.evaluation.scores import Scores
from ecglib.training.settings import TrainingSettings
from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import Normalization

DEFAULT_SETTINGS = TrainingSettings(network="base_cnn", epochs=1).model_dump(mode="json")
METADATA, HISTORY, SCORES = "run.json", "history.csv", "scores.npz"


@dataclass(frozen=True)
class Run:
    """One finished training."""

    folder: Path

    @cached_property
    def metadata(self) -> dict:
        """model, seed, settings, fingerprint, normalization, versions, hardware, seconds, …"""
        return json.loads((self.folder / METADATA).read_text(encoding="utf-8"))

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch."""
        return pd.read_csv(self.folder / HISTORY)

    @property
    def normalization(self) -> Normalization:
        """The normalization of the network's training records."""
        found = self.metadata["normalization"]
        return Normalization(found["mean"], found["scale"])

    @cached_property
    def scores(self) -> Scores:
        """Scores of this seed on its validation and test folds, 9 and 10 unless its settings name another."""
        return Scores.load(self.folder / SCORES)

    def weights(self) -> Path:
        """The weights file; an InputError if the weights of this run were not committed."""
        name = self.metadata["weights"]
        if not (self.folder / name).is_file():
            raise InputError(
                "weights not committed",
                where=self.folder,
                expected=name,
                found="scores and history only",
                hint="delete the folder and train the model again",
            )
        return self.folder / name

    def weights_sha256(self) -> str:
        """SHA-256 of the weights file, known even if the file itself was not committed."""
        return self.metadata.get("weights_sha256") or hashlib.sha256(self.weights().read_bytes()).hexdigest()


def find(folders: list[Path], key: dict) -> Run | None:
    """The finished run in the first of `folders` whose metadata contain the run key `key`."""
    for folder in folders:
        if not (Path(folder) / METADATA).is_file():
            continue
        if _same(Run(Path(folder)).metadata, key):
            return Run(Path(folder))
    return None


def _same(record: dict, key: dict) -> bool:
    """Whether metadata contain a run key; settings that the metadata lack, because they are newer, have defaults."""
    return key.items() <= (record | {"settings": DEFAULT_SETTINGS | record["settings"]}).items()


def run_key(
    model: str,
    seed: int,
    settings: TrainingSettings,
    dataset: Dataset,
    init: Run | None = None,
    teachers: Sequence[Run] = (),
) -> dict:
    """What two runs must have in common to count as the same.

    Model, seed, settings and data and, if there are any, the initial weights and the teachers' weights.
    """
    folds = settings.folds
    parts = {"train": folds.train, "validation": (folds.validation,), "test": (folds.test,)}
    found = {
        "model": model,
        "seed": seed,
        "settings": settings.model_dump(mode="json"),
        "fingerprint": dataset.fingerprint,
        "records": {part: len(dataset.in_folds(*numbers)) for part, numbers in parts.items()},
    }
    if init:
        found["init"] = init.weights_sha256()
    if teachers:
        found["teachers"] = [teacher.weights_sha256() for teacher in teachers]
    return found


def prepare_or_load(folder: Path, key: dict, finished: Sequence[Path] = ()) -> Run | None:
    """The finished run with this key, copied to `folder` if it was found elsewhere; or None.

    If None is returned, `folder` is ready for training: it contains the files of an interrupted run with the same key,
    and nothing else. A finished run with another key is moved to `<folder>.superseded`.
    """
    folder = Path(folder)
    if run := find([folder, *finished], key):
        if run.folder != folder:
            temporary = folder.with_name(folder.name + ".part")
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.copytree(run.folder, temporary)
            _clear(folder)
            temporary.rename(folder)
        return Run(folder)
    begun = folder / "in_progress.json"
    if not begun.is_file() or not _same(json.loads(begun.read_text(encoding="utf-8")), key):
        _clear(folder)
        files.write_text(begun, json.dumps(key))
    return None


def _clear(folder: Path) -> None:
    """Remove a run's folder, or move it if the run is finished: hours of training with other settings are kept."""
    if (folder / METADATA).is_file():
        shutil.rmtree(earlier := folder.with_name(folder.name + ".superseded"), ignore_errors=True)
        folder.rename(earlier)
    shutil.rmtree(folder, ignore_errors=True)


def append_history(path: Path, row: dict) -> None:
    """Append an epoch's row to a history file, replacing rows of that epoch or later ones from an interrupted run."""
    rows = pd.read_csv(path).to_dict("records") if path.is_file() else []
    kept = [one for one in rows if one["epoch"] < row["epoch"]]
    files.write_text(path, pd.DataFrame([*kept, row]).to_csv(index=False))


def history_summary(path: Path) -> dict:
    """best_epoch on the validation records, counted from 0, and the seconds of all epochs."""
    history = pd.read_csv(path)
    best = int(history.loc[history["val_auc"].idxmax(), "epoch"])
    return {"best_epoch": best, "seconds": round(float(history["seconds"].sum()), 1)}


def finish(folder: Path, record: dict) -> Run:
    """Write the metadata, which marks the run as finished, with the weights' SHA-256."""
    if "weights_sha256" not in record:
        weights = (Path(folder) / record["weights"]).read_bytes()
        record = record | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    files.write_text(Path(folder) / METADATA, json.dumps(record, indent=1) + "\n")
    return Run(Path(folder))


def export_run(folder: Path, target: Path, *, weights: bool) -> Run:
    """Copy the files of a finished run that are committed: metadata, history, scores, and optionally the weights."""
    run = Run(Path(folder))
    names = [HISTORY, SCORES, *([run.metadata["weights"]] if weights else []), METADATA]
    (target / METADATA).unlink(missing_ok=True)  # unfinished until every file is copied
    if not weights:
        (target / run.metadata["weights"]).unlink(missing_ok=True)  # of an earlier release
    for name in names:
        with files.atomic_path(target / name) as temporary:
            shutil.copyfile(run.folder / name, temporary)
    return Run(target)


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of these packages."""
    return {"python": platform.python_version(), **{name: version(name).split("+")[0] for name in packages}}


def processor() -> str:
    """Name and number of cores of this machine's processor."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"
