"""Lightning callbacks: random numbers that depend on seed and epoch alone, and the history file."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch

from ecglib.training import runs
from ecglib.training.batches import ShuffledByEpoch


class EpochSeed(pl.Callback):
    """Makes order, augmentation and dropout of an epoch depend on seed and epoch alone, also after a resume."""

    def __init__(self, sampler: ShuffledByEpoch, seed: int):
        self.sampler, self.seed = sampler, seed

    def on_train_epoch_start(self, trainer, module):
        self.sampler.epoch = trainer.current_epoch

    def on_train_batch_start(self, trainer, module, batch, index):
        # not at the start of the epoch: creating the loader's iterator uses random numbers, and a resume creates none
        if index == 0:
            state = np.random.SeedSequence((self.seed, trainer.current_epoch)).generate_state(1, np.uint32)
            torch.manual_seed(int(state[0]))


class History(pl.Callback):
    """Appends a row to history.csv after each epoch; the file is kept when training is interrupted."""

    def __init__(self, path: Path):
        self.path, self.start, self.learning_rate = path, 0.0, 0.0

    def on_train_epoch_start(self, trainer, module):
        self.start = time.monotonic()

    def on_train_batch_start(self, trainer, module, batch, index):
        self.learning_rate = trainer.optimizers[0].param_groups[0]["lr"]

    def on_train_epoch_end(self, trainer, module):
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch, **{k: metrics[k] for k in ("train_loss", "val_loss", "val_auc")}}
        row |= {"learning_rate": self.learning_rate, "seconds": time.monotonic() - self.start}
        runs.append_history(self.path, row)
