"""Training of a model with a seed, in either framework: a finished run is loaded, an interrupted one resumed.

A network is trained on folds 1-8; fold 9 selects the epoch unless the settings ask for the last one, and fold 10 is
scored once, at the end; settings may name another test fold. An interrupted training gives the same weights as an
uninterrupted one.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecglib.data.dataset import Dataset
from ecglib.data.normalization import fit_normalization
from ecglib.evaluation.scores import Scores
from ecglib.networks import weights
from ecglib.networks.architectures import KERAS_NETWORK
from ecglib.training import runs
from ecglib.training.runs import Run
from ecglib.training.settings import TrainingSettings
from ecgpredict import files
from ecgpredict.spec import Normalization

if TYPE_CHECKING:
    from ecglib.training.keras_training import KerasTraining
    from ecglib.training.torch_training import TorchTraining


def train(
    model: str,
    settings: TrainingSettings,
    seed: int,
    dataset: Dataset,
    folder: Path,
    *,
    init: Run | None = None,
    teachers: Sequence[Run] = (),
    teacher_scores: Callable[[], list[Scores] | list[np.ndarray]] | None = None,
    statements: Callable[[], np.ndarray] | None = None,
    finished: Sequence[Path] = (),
    progress: bool = False,
) -> Run:
    """The finished run of a model with a seed, in `folder`: loaded from there or from `finished`, else trained.

    Its weights are float16 safetensors, and its scores are those of the rounded weights.

    Parameters
    ----------
    dataset : labeled records of all folds
    init, teachers : the run whose weights training starts from, and the runs to distill from
    teacher_scores : returns the teachers' scores of the training records or, if the settings say `same_crop`, each
        teacher's probabilities of their crops (n, crops, 5); called when training starts
    statements : returns PTB-XL's statements of the training records, 0 or 1 (n, s); called if the settings use them
    """
    folder = Path(folder)
    key = runs.run_key(model, seed, settings, dataset, init, teachers)
    if run := runs.prepare_or_load(folder, key, finished):
        return run  # without importing a framework
    started = time.monotonic()
    train_part = dataset.in_folds(*settings.folds.train)
    normalization = fit_normalization(train_part) if settings.normalize else Normalization(0.0, 1.0)
    if settings.network == KERAS_NETWORK:
        from ecglib.training.keras_training import KerasTraining

        training = KerasTraining(settings, seed, dataset, normalization)
    else:
        from ecglib.training.torch_training import TorchTraining

        training = TorchTraining(settings, seed, dataset, normalization, init, teacher_scores, statements)
    train_epochs(training, folder, progress=f"{model}, seed {seed}" if progress else None)
    training.save_weights(folder / weights.NAME)
    scored = dataset.in_folds(settings.folds.validation, settings.folds.test)
    Scores.from_dataset(scored, seed, training.predict(scored)).save(folder / runs.SCORES)
    record = key | {
        "weights": weights.NAME,
        "normalization": dataclasses.asdict(normalization),
        **runs.history_summary(folder / runs.HISTORY),
        **training.description(folder),
        "wall_seconds": round(time.monotonic() - started, 1),
    }
    run = runs.finish(folder, record)
    shutil.rmtree(folder / "checkpoints")
    return run


def train_epochs(training: TorchTraining | KerasTraining, folder: Path, progress: str | None = None) -> None:
    """Train until the last epoch or until patience is exhausted, and load the weights that the settings ask for.

    After each epoch a row is appended to the history, and a checkpoint named by the number of finished epochs replaces
    the one before it.
    """
    settings, checkpoints, history = training.settings, folder / "checkpoints", folder / runs.HISTORY
    best = checkpoints / f"best{training.suffix}"
    saved = {int(path.stem): path for path in checkpoints.glob(f"*{training.suffix}") if path.stem.isdigit()}
    done = max(saved, default=0)
    # a row beyond the checkpoint is of an epoch that is repeated
    aucs = pd.read_csv(history)["val_auc"].tolist()[:done] if done else []
    if done:
        training.load(saved[done])
    records = len(training.train_part)
    for epoch in tqdm(range(done, settings.epochs), progress, disable=progress is None):
        if aucs and len(aucs) - 1 - int(np.argmax(aucs)) >= settings.patience:
            break
        start = time.monotonic()
        order = np.random.default_rng((training.seed, epoch)).permutation(records)
        complete = max(1, records // settings.batch_size)  # the incomplete last batch is left out
        batches = [order[settings.batch_size * i :][: settings.batch_size] for i in range(complete)]
        loss, learning_rate = training.train_epoch(epoch, batches)
        val_loss, val_auc = training.validate()
        row = {"epoch": epoch, "train_loss": loss, "val_loss": val_loss, "val_auc": val_auc}
        row |= {"learning_rate": learning_rate, "seconds": time.monotonic() - start}
        runs.append_history(history, row)
        if val_auc > max(aucs, default=-np.inf):
            _save(training, best)
        aucs.append(val_auc)
        _save(training, checkpoints / f"{epoch + 1}{training.suffix}")
        (checkpoints / f"{epoch}{training.suffix}").unlink(missing_ok=True)
    if settings.checkpoint == "best":
        training.load(best)


def _save(training: TorchTraining | KerasTraining, path: Path) -> None:
    with files.atomic_path(path) as temporary:
        training.save(temporary)
