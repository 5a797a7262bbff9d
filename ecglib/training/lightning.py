"""Training of the torch networks with PyTorch Lightning.

The network is trained on folds 1-8, fold 9 selects the checkpoint, and fold 10 is
scored once, at the end. An interrupted training resumes from its last epoch and gives the same weights as an
uninterrupted one; a finished one is loaded.
"""

from __future__ import annotations

import dataclasses
import logging
import shutil
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar
from safetensors.torch import save_file

from ecglib.compression import onnx_files, pruning
from ecglib.data.dataset import Dataset
from ecglib.data.folds import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecglib.data.normalization import fit_normalization
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet, weights
from ecglib.networks.trained_form import untrained_form
from ecglib.training import distillation, runs, scoring
from ecglib.training.batches import EVALUATION_BATCH, BatchedRecords
from ecglib.training.callbacks import EpochSeed, History
from ecglib.training.classifier import Classifier
from ecglib.training.runs import Run
from ecglib.training.scoring import predict, recalibrate_batchnorm, training_precision
from ecglib.training.settings import TrainingSettings
from ecgpredict import files
from ecgpredict.spec import Normalization


def train(
    model: str,
    build: Callable[[], torch.nn.Module],
    settings: TrainingSettings,
    seed: int,
    dataset: Dataset,
    folder: Path,
    *,
    init: Run | None = None,
    teachers: Sequence[Run] = (),
    teacher_scores: Callable[[], list[Scores]] = list,
    teacher_crops: Callable[[], list[np.ndarray]] = list,
    statements: Callable[[], np.ndarray] | None = None,
    progress: bool = True,
) -> Run:
    """The finished run of a network, trained if there is none; arguments of :func:`ecglib.training.train.train`.

    Parameters
    ----------
    build : returns the network with its initial weights; called after the seed is set

    Returns
    -------
    Run : with weights as float16 safetensors, and scores computed from those rounded weights
    """
    folder = Path(folder)
    key = runs.run_key(model, seed, settings, dataset, init, teachers)
    if run := runs.prepare_or_load(folder, key):
        return run
    started = time.monotonic()
    pl.seed_everything(seed, verbose=False)
    network = build()
    normalization = fit_normalization(dataset) if settings.normalize else Normalization(0.0, 1.0)
    train_part, validation = dataset.in_folds(*TRAIN_FOLDS), dataset.in_folds(VALIDATION_FOLD)
    targets = [train_part.labels]
    if settings.same_crop:
        targets.append(distillation.soft_targets_of_crops(teacher_crops(), len(train_part), settings.temperature))
    elif teachers:
        targets.append(distillation.soft_targets(teacher_scores(), train_part, settings.temperature))
    n_statements = 0
    if settings.statements_weight:
        targets.append(statements())
        n_statements = targets[-1].shape[1]
    records = BatchedRecords(train_part, normalization, np.concatenate(targets, axis=1), scoring.device())
    loader = records.loader(settings.batch_size, shuffle=True, seed=seed)
    classifier = Classifier(network, settings, len(loader), n_statements)
    checkpoints = folder / "checkpoints"
    best = ModelCheckpoint(checkpoints, "best", monitor="val_auc", mode="max", save_on_train_epoch_end=True)
    # a separate callback, because Lightning's `save_last` saves only together with a new best checkpoint
    newest = ModelCheckpoint(checkpoints, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    callbacks: list[pl.Callback] = [
        EpochSeed(loader.sampler.sampler, seed),
        History(folder / runs.HISTORY),
        best,
        newest,
        EarlyStopping("val_auc", mode="max", patience=settings.patience),
    ]
    if progress:
        callbacks.append(TQDMProgressBar(refresh_rate=5))
    _silence_lightning()
    trainer = pl.Trainer(
        max_epochs=settings.epochs,
        precision=training_precision(),
        devices=1,
        callbacks=callbacks,
        logger=False,
        gradient_clip_val=settings.clip_norm,
        enable_progress_bar=progress,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )
    last = checkpoints / "last.ckpt"
    validation_records = BatchedRecords(validation, normalization, device=scoring.device())
    validation_loader = validation_records.loader(EVALUATION_BATCH, shuffle=False)
    trainer.fit(classifier, loader, validation_loader, ckpt_path=last if last.is_file() else None)

    kept = best.best_model_path if settings.checkpoint == "best" else last
    classifier.load_state_dict(torch.load(kept, map_location="cpu", weights_only=True)["state_dict"])
    classifier = classifier.cpu()
    if settings.bn_records:
        recalibrate_batchnorm(classifier, train_part.sample(settings.bn_records, seed=0), normalization)
    trained = untrained_form(pruning.remove_masks(classifier.network), network)
    save_weights(trained, folder / weights.NAME)
    weights.fill(trained, folder / weights.NAME)
    scored = dataset.in_folds(VALIDATION_FOLD, TEST_FOLD)
    windows = settings.crop if settings.windows else None
    score = predict(trained, scored, normalization, windows=windows, progress=progress)
    Scores.from_dataset(scored, seed, score).save(folder / runs.SCORES)
    record = key | {
        "weights": weights.NAME,
        **convnet.counts(trained),
        "normalization": dataclasses.asdict(normalization),
        **runs.history_summary(folder / runs.HISTORY),
        "precision": training_precision(),
        "hardware": hardware(),
        "versions": runs.versions("torch", "pytorch-lightning", "numpy"),
        "wall_seconds": round(time.monotonic() - started, 1),
    }
    if settings.pruning:  # recorded here, because the weights themselves may not be committed
        onnx = onnx_files.to_onnx(trained, folder / "model.onnx")
        record["file_bytes"] = onnx.stat().st_size
        if settings.pruning == "magnitude":  # the file stores the zeros
            record["compressed_bytes"] = pruning.compressed_bytes(onnx)
        onnx.unlink()
    run = runs.finish(folder, record)
    shutil.rmtree(folder / "checkpoints")
    return run


def save_weights(network: torch.nn.Module, path: Path) -> None:
    """Write a network's weights as float16 safetensors, atomically."""
    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    with files.atomic_path(path) as temporary:
        save_file({k: v.contiguous() for k, v in state.items()}, temporary)


def hardware() -> str:
    """Name of the GPU, or of the processor if there is none."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else runs.processor()


def _silence_lightning() -> None:
    """Suppress Lightning's advice about loaders and hardware, which does not concern readers of the chapters."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric")
