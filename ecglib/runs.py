"""Finished trainings on disk: a folder a run, with weights, history, scores and a record.

A run is finished when its ``run.json`` stands, which is written last. Training asks for a finished
run with the same settings on the same data before it starts; a run that was made elsewhere (on a
GPU, on a cluster) and copied here counts as well.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ecglib import files
from ecglib.config import Training
from ecglib.errors import InputError
from ecglib.evaluation import Scores
from ecglib.ptbxl import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecglib.signals import Dataset

DEFAULTS = {f.name: f.default for f in dataclasses.fields(Training) if f.default is not dataclasses.MISSING}
RECORD, HISTORY, SCORES = "run.json", "history.csv", "scores.npz"
TRAINING_SCORES = "training_scores.npz"  # of folds 1-8, for students; written when first asked for


@dataclass(frozen=True)
class Run:
    """One finished training."""

    folder: Path

    @property
    def record(self) -> dict:
        """model, seed, settings, fingerprint, normalisation, versions, hardware, seconds, …"""
        return json.loads((self.folder / RECORD).read_text(encoding="utf-8"))

    @property
    def history(self) -> pd.DataFrame:
        """One row an epoch."""
        return pd.read_csv(self.folder / HISTORY)

    @property
    def scores(self) -> Scores:
        """Scores of this seed on folds 9 and 10."""
        return Scores.load(self.folder / SCORES)

    def weights(self) -> Path:
        """The weights file.

        Raises
        ------
        InputError : only the scores of this run were kept
        """
        name = self.record["weights"]
        if not (self.folder / name).is_file():
            raise InputError(
                "weights not kept", where=self.folder, expected=name, found="scores and history only",
                mend="delete the folder and train the model again",
            )  # fmt: skip
        return self.folder / name

    def weights_sha256(self) -> str:
        """SHA-256 of the weights file, also where the file itself was not kept."""
        return self.record.get("weights_sha256") or hashlib.sha256(self.weights().read_bytes()).hexdigest()


def find(folders: list[Path], identity: dict) -> Run | None:
    """The first of `folders` that holds a finished run whose record contains `identity`."""
    for folder in folders:
        if not (Path(folder) / RECORD).is_file():
            continue
        if _same(Run(Path(folder)).record, identity):
            return Run(Path(folder))
    return None


def _same(record: dict, identity: dict) -> bool:
    """Whether a record contains an identity; settings newer than the record had their defaults then."""
    return identity.items() <= (record | {"settings": DEFAULTS | record["settings"]}).items()


def identity(
    model: str, seed: int, settings: Training, dataset: Dataset, start: Run | None = None, teachers: Sequence[Run] = ()
) -> dict:
    """What a run must agree in to count as the same.

    Model, seed, settings and data, and where it has them the weights that it starts from and its teachers' weights.
    """
    parts = {"train": TRAIN_FOLDS, "validation": (VALIDATION_FOLD,), "test": (TEST_FOLD,)}
    found = {
        "model": model,
        "seed": seed,
        "settings": dataclasses.asdict(settings),
        "fingerprint": dataset.fingerprint,
        "records": {part: len(dataset.folds(*folds)) for part, folds in parts.items()},
    }
    if start:
        found["start"] = start.weights_sha256()
    if teachers:
        found["teachers"] = [teacher.weights_sha256() for teacher in teachers]
    return found


def begin(folder: Path, identity: dict, finished: Sequence[Path] = ()) -> Run | None:
    """The finished run of this identity, copied to `folder` where it was found elsewhere; or None.

    With None, `folder` is ready for training: it holds what a stopped run of the same identity left there,
    and nothing of any other. A finished run of another identity is moved aside to `<folder>.earlier`.
    """
    folder = Path(folder)
    if run := find([folder, *finished], identity):
        if run.folder != folder:
            temporary = folder.with_name(folder.name + ".part")
            for stale in (temporary, folder):
                shutil.rmtree(stale, ignore_errors=True)
            shutil.copytree(run.folder, temporary)
            temporary.rename(folder)
        return Run(folder)
    begun = folder / "begun.json"
    if not begun.is_file() or not _same(json.loads(begun.read_text(encoding="utf-8")), identity):
        if (folder / RECORD).is_file():  # hours of work under other settings are moved aside, not thrown away
            shutil.rmtree(earlier := folder.with_name(folder.name + ".earlier"), ignore_errors=True)
            folder.rename(earlier)
        shutil.rmtree(folder, ignore_errors=True)
        files.write_text(begun, json.dumps(identity))
    return None


def add_epoch(path: Path, row: dict) -> None:
    """Append an epoch's row to a history file, in place of what a stopped run left of the same epoch or later ones."""
    rows = pd.read_csv(path).to_dict("records") if path.is_file() else []
    kept = [one for one in rows if one["epoch"] < row["epoch"]]
    files.write_text(path, pd.DataFrame([*kept, row]).to_csv(index=False))


def epochs(path: Path) -> dict:
    """What a record says of a history file: best_epoch on fold 9, counted from 0, and the seconds of all epochs."""
    history = pd.read_csv(path)
    best = int(history.loc[history["val_auc"].idxmax(), "epoch"])
    return {"best_epoch": best, "seconds": round(float(history["seconds"].sum()), 1)}


def finish(folder: Path, record: dict) -> Run:
    """Write the record, by which the run counts as finished, with the weights' SHA-256."""
    if "weights_sha256" not in record:
        weights = (Path(folder) / record["weights"]).read_bytes()
        record = record | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    files.write_text(Path(folder) / RECORD, json.dumps(record, indent=1) + "\n")
    return Run(Path(folder))


def release(folder: Path, target: Path, *, weights: bool) -> Run:
    """Copy what is committed of a finished run: record, history, scores, and the weights only where wanted."""
    run = Run(Path(folder))
    names = [HISTORY, SCORES, *([run.record["weights"]] if weights else []), RECORD]
    (target / RECORD).unlink(missing_ok=True)  # unfinished until all of it is there
    if not weights:
        (target / run.record["weights"]).unlink(missing_ok=True)  # of an earlier release
    for name in names:
        with files.replacing(target / name) as temporary:
            shutil.copyfile(run.folder / name, temporary)
    return Run(target)


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of these distributions."""
    return {"python": platform.python_version(), **{name: version(name).split("+")[0] for name in packages}}


def processor() -> str:
    """The processor's name and core count, as the run was made on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"
