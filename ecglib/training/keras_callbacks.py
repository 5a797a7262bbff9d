"""Keras callbacks: random numbers that depend on seed and epoch alone, validation, the history file, and backups."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ecglib.evaluation.metrics import macro_auc
from ecglib.networks.keras_backend import keras
from ecglib.training import runs
from ecglib.training.keras_batches import EVALUATION_BATCH, BatchedRecords
from ecgpredict import files

_SUFFIX = ".weights.h5"


class EpochSeed(keras.callbacks.Callback):
    """Makes order, augmentation and dropout of an epoch depend on seed and epoch alone, also after a resume."""

    def __init__(self, batches: BatchedRecords, seed: int):
        super().__init__()
        self.batches, self.seed = batches, seed

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.epoch = epoch
        for number, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout) and hasattr(layer, "seed_generator"):
                state = np.random.SeedSequence((self.seed, epoch, number)).generate_state(2, np.uint32)
                layer.seed_generator.state.assign(state)


class Validation(keras.callbacks.Callback):
    """Adds the loss and macro AUC on fold 9, and the epoch's seconds, to the logs of the other callbacks."""

    def __init__(self, records: np.ndarray, labels: np.ndarray):
        super().__init__()
        self.records, self.labels, self.start = records, labels, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        score = self.model.predict(self.records, batch_size=EVALUATION_BATCH, verbose=0)
        loss = keras.losses.BinaryCrossentropy()(self.labels, score)
        logs |= {"val_loss": float(loss), "val_auc": macro_auc(self.labels, score)}
        logs["seconds"] = time.monotonic() - self.start


class History(keras.callbacks.Callback):
    """Appends a row to history.csv after each epoch; the file is kept when training is interrupted."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch, "train_loss": logs["loss"], "val_loss": logs["val_loss"], "val_auc": logs["val_auc"]}
        row |= {"learning_rate": float(self.model.optimizer.learning_rate), "seconds": logs["seconds"]}
        runs.append_history(self.path, row)


class Backup(keras.callbacks.Callback):
    """Saves weights and optimizer after each epoch, as one file named by the number of finished epochs.

    Keras' own BackupAndRestore writes weights and epoch to two files: a kill between them resumes from other weights
    than those of the epoch.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder

    def on_epoch_end(self, epoch, logs=None):
        earlier = self._saved()
        with files.atomic_path(self.folder / f"{epoch + 1}{_SUFFIX}") as temporary:
            # Keras insists on its suffix
            self.model.save_weights(written := temporary.with_name(f"{temporary.name}{_SUFFIX}"))
            written.rename(temporary)
        for path in earlier.values():
            path.unlink()

    def finished_epochs(self) -> int:
        """Number of epochs that the newest backup has; 0 if there is none."""
        return max(self._saved(), default=0)

    def restore(self, network: keras.Model) -> None:
        """Load the newest backup into a compiled network."""
        network.optimizer.build(network.trainable_variables)
        network.load_weights(max(self._saved().items())[1])

    def _saved(self) -> dict[int, Path]:
        numbers = {path: path.name.removesuffix(_SUFFIX) for path in self.folder.glob(f"*{_SUFFIX}")}
        return {int(number): path for path, number in numbers.items() if number.isdigit()}
