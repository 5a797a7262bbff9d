"""Training of the Keras network, with any Keras backend.

The counterpart of :mod:`ecglib.training.lightning`. Input: a dataset and settings. Output: a finished
:class:`~ecglib.training.runs.Run`. The network is trained on folds 1-8, fold 9 selects the checkpoint unless the
settings ask for the last weights, and fold 10 is scored once, at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.data.dataset import Dataset, check_records
from ecglib.data.normalization import Normalization
from ecglib.data.ptbxl import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks import inception, weights
from ecglib.networks.keras_backend import keras
from ecglib.training import runs
from ecglib.training.runs import Run
from ecglib.training.settings import TrainingSettings

_EVALUATION_BATCH = 256


class BatchedRecords(keras.utils.PyDataset):
    """Batches of normalized records (b, 1000, 12) and labels (b, 5), reshuffled each epoch."""

    def __init__(self, dataset: Dataset, normalization: Normalization, settings: TrainingSettings, seed: int):
        super().__init__()
        self.dataset, self.normalization, self.settings = dataset, normalization, settings
        self.labels = dataset.labels
        self.random = np.random.default_rng(seed)
        self.order = self.random.permutation(len(dataset))

    def __len__(self) -> int:
        return len(self.dataset) // self.settings.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        size = self.settings.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        x = self.normalization(self.dataset.millivolts(chosen))
        return augment(x, self.settings, self.random), self.labels[chosen]

    def on_epoch_end(self) -> None:
        self.order = self.random.permutation(len(self.dataset))


def augment(x: np.ndarray, settings: TrainingSettings, random: np.random.Generator) -> np.ndarray:
    """Shift in time (zeros move in), change the gain and add noise: float32 (b, samples, leads) -> the same."""
    records, samples, _ = x.shape
    if settings.max_shift:
        offset = random.integers(-settings.max_shift, settings.max_shift + 1, (records, 1))
        source = np.arange(samples) + offset
        inside = ((source >= 0) & (source < samples))[..., None]
        x = np.take_along_axis(x, source.clip(0, samples - 1)[..., None], axis=1) * inside
    if settings.gain_sd:
        x = x * np.exp(settings.gain_sd * random.standard_normal((records, 1, 1), np.float32))
    if settings.max_noise_sd:
        level = settings.max_noise_sd * random.random((records, 1, 1), np.float32)
        x = x + level * random.standard_normal(x.shape, np.float32)
    return x


class _Validation(keras.callbacks.Callback):
    """Adds the loss and macro AUC on fold 9, and the epoch's seconds, to the logs of the other callbacks."""

    def __init__(self, records: np.ndarray, labels: np.ndarray):
        super().__init__()
        self.records, self.labels, self.start = records, labels, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        score = self.model.predict(self.records, batch_size=_EVALUATION_BATCH, verbose=0)
        loss = keras.losses.BinaryCrossentropy()(self.labels, score)
        logs |= {"val_loss": float(loss), "val_auc": macro_auc(self.labels, score)}
        logs["seconds"] = time.monotonic() - self.start


class _History(keras.callbacks.Callback):
    """Appends a row to history.csv after each epoch; the file is kept when training is interrupted."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch, "train_loss": logs["loss"], "val_loss": logs["val_loss"], "val_auc": logs["val_auc"]}
        row |= {"learning_rate": float(self.model.optimizer.learning_rate), "seconds": logs["seconds"]}
        runs.append_history(self.path, row)


def train(
    model: str, build: Callable[[], keras.Model], settings: TrainingSettings, seed: int, dataset: Dataset, folder: Path,
    *, progress: bool = True,
) -> Run:  # fmt: skip
    """Train the network, or load the finished run with the same settings on the same data.

    Arguments and return value are those of :func:`ecglib.training.lightning.train`; every backend can load the weights.
    """
    folder = Path(folder)
    key = runs.run_key(model, seed, settings, dataset)
    if run := runs.prepare_or_load(folder, key):
        return run
    started = time.monotonic()
    keras.utils.set_random_seed(seed)
    network = build()
    normalization = Normalization.fit(dataset) if settings.normalize else Normalization(0.0, 1.0)
    train_part, validation = dataset.in_folds(*TRAIN_FOLDS), dataset.in_folds(VALIDATION_FOLD)
    batches = BatchedRecords(train_part, normalization, settings, seed)
    network.compile(optimizer(settings, len(batches)), "binary_crossentropy")
    best, history = folder / "checkpoints" / "best.weights.h5", folder / runs.HISTORY
    best_so_far = pd.read_csv(history)["val_auc"].max() if history.is_file() else None
    callbacks = [
        _Validation(normalization(validation.millivolts(slice(None))), validation.labels),
        _History(history),
        keras.callbacks.ModelCheckpoint(
            best, monitor="val_auc", mode="max", save_best_only=True, save_weights_only=True,
            initial_value_threshold=best_so_far,
        ),
        keras.callbacks.EarlyStopping(monitor="val_auc", mode="max", patience=settings.patience),
        keras.callbacks.BackupAndRestore(folder / "checkpoints" / "backup", delete_checkpoint=False),
    ]  # fmt: skip
    with fused_gelu(network):
        network.fit(batches, epochs=settings.epochs, shuffle=False, verbose=1 if progress else 0, callbacks=callbacks)
    if settings.checkpoint == "best":
        network.load_weights(best)
    inception.save_weights(network, folder / weights.NAME)
    inception.load_weights(network, folder / weights.NAME)
    scored = dataset.in_folds(VALIDATION_FOLD, TEST_FOLD)
    score = predict(network, scored, normalization)
    Scores.from_dataset(scored, seed, score).save(folder / runs.SCORES)
    run = runs.finish(
        folder,
        key
        | {
            "weights": weights.NAME,
            "normalization": dataclasses.asdict(normalization),
            **runs.history_summary(history),
            "precision": keras.config.floatx(),
            "backend": keras.backend.backend(),
            "hardware": runs.processor(),
            "versions": runs.versions("keras", keras.backend.backend(), "numpy"),
            "wall_seconds": round(time.monotonic() - started, 1),
        },
    )
    shutil.rmtree(folder / "checkpoints")
    return run


@contextlib.contextmanager
def fused_gelu(network: keras.Model) -> Iterator[None]:
    """Let TensorFlow compute GELU and its gradient in one pass over memory each, instead of one per operation.

    The function is the same; a training step takes a third less time. Use it for training only: the .tflite converter
    supports GELU but not this function. Nothing changes with other backends.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    @tf.function(jit_compile=True)
    def value(x):
        return 0.5 * x * (1 + tf.math.erf(x * math.sqrt(0.5)))

    @tf.function(jit_compile=True)
    def gradient(x, upstream):
        density = tf.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        return upstream * (0.5 * (1 + tf.math.erf(x * math.sqrt(0.5))) + x * density)

    @tf.custom_gradient
    def fused(x):
        return value(x), lambda upstream: gradient(x, upstream)

    plain = keras.activations.gelu
    layers = [layer for layer in network.layers if getattr(layer, "activation", None) is plain]
    for layer in layers:
        layer.activation = fused
    try:
        yield
    finally:
        for layer in layers:
            layer.activation = plain


def optimizer(settings: TrainingSettings, steps: int) -> keras.optimizers.Optimizer:
    """The settings' optimizer with its schedule, for `steps` steps per epoch."""
    total = settings.epochs * steps
    if settings.schedule == "one_cycle":
        rate = keras.optimizers.schedules.CosineDecay(
            settings.learning_rate / 25, int(0.7 * total), warmup_target=settings.learning_rate,
            warmup_steps=int(0.3 * total),
        )  # fmt: skip
    else:
        rate = LateDecay(settings.learning_rate, settings.decay_from * steps, steps)
    kinds = {"adamw": keras.optimizers.AdamW, "adam": keras.optimizers.Adam}
    keywords = {"weight_decay": settings.weight_decay} if settings.optimizer == "adamw" else {}
    return kinds[settings.optimizer](rate, clipnorm=settings.clip_norm, **keywords)


class LateDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A constant learning rate that decays by a factor of exp(-0.1) per epoch from step `start` on, as in the original
    study.
    """

    def __init__(self, rate: float, start: int, steps: int):
        self.rate, self.start, self.steps = rate, start, steps

    def __call__(self, step):
        epochs = keras.ops.floor((keras.ops.cast(step, "float32") - self.start) / self.steps) + 1
        return self.rate * keras.ops.exp(-0.1 * keras.ops.maximum(epochs, 0.0))

    def get_config(self):
        return {"rate": self.rate, "start": self.start, "steps": self.steps}


def predict(network: keras.Model, dataset: Dataset, normalization: Normalization) -> np.ndarray:
    """Probabilities float32 (n, 5), in batches.

    Raises
    ------
    InputError : the records have another shape than the network's input, or non-finite values
    """
    x = normalization(dataset.millivolts(slice(None)))
    check_records(x)
    return network.predict(x, batch_size=_EVALUATION_BATCH, verbose=0)
