"""Training of the Keras network, with any Keras backend.

The network is trained on folds 1-8, fold 9 selects the checkpoint unless the
settings ask for the last weights, and fold 10 is scored once, at the end. An interrupted training resumes from its last
finished epoch and gives the same weights as an uninterrupted one; a finished one is loaded.
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
from ecglib.data.folds import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecglib.data.normalization import fit_normalization
from ecglib.evaluation.scores import Scores
from ecglib.networks import inception, weights
from ecglib.networks.keras_backend import keras
from ecglib.training import runs
from ecglib.training.keras_batches import EVALUATION_BATCH, BatchedRecords
from ecglib.training.keras_callbacks import Backup, EpochSeed, History, Validation
from ecglib.training.runs import Run
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import Normalization

FUSED_STEPS = 500  # of a training; compiling the fused GELU takes as long as it saves in some hundred steps


def train(
    model: str,
    build: Callable[[], keras.Model],
    settings: TrainingSettings,
    seed: int,
    dataset: Dataset,
    folder: Path,
    *,
    progress: bool = True,
) -> Run:
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
    normalization = fit_normalization(dataset) if settings.normalize else Normalization(0.0, 1.0)
    train_part, validation = dataset.in_folds(*TRAIN_FOLDS), dataset.in_folds(VALIDATION_FOLD)
    batches = BatchedRecords(train_part, normalization, settings, seed)
    network.compile(optimizer(settings, len(batches)), "binary_crossentropy")
    best, history = folder / "checkpoints" / "best.weights.h5", folder / runs.HISTORY
    backup = Backup(folder / "checkpoints" / "backup")
    finished = backup.finished_epochs()
    # the history may have one epoch more, which is repeated
    past = pd.read_csv(history)["val_auc"].iloc[:finished].tolist() if finished else []
    callbacks = [
        EpochSeed(batches, seed),
        Validation(normalization(validation.millivolts(slice(None))), validation.labels),
        History(history),
        keras.callbacks.ModelCheckpoint(
            best,
            monitor="val_auc",
            mode="max",
            save_best_only=True,
            save_weights_only=True,
            initial_value_threshold=max(past) if past else None,
        ),
        _EarlyStopping(settings.patience, past),
        backup,
    ]
    if past:
        backup.restore(network)
    if not _stopped(past, settings.patience):
        long = settings.epochs * len(batches) >= FUSED_STEPS
        with fused_gelu(network) if long else contextlib.nullcontext():
            network.fit(
                batches,
                epochs=settings.epochs,
                initial_epoch=finished,
                shuffle=False,
                verbose=1 if progress else 0,
                callbacks=callbacks,
            )
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
            "params": network.count_params(),
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


def _stopped(past: list[float], patience: int) -> bool:
    """Whether early stopping has ended a training with these validation AUCs."""
    return bool(past) and len(past) - 1 - int(np.argmax(past)) >= patience


class _EarlyStopping(keras.callbacks.EarlyStopping):
    """Early stopping that continues to count after a resume."""

    def __init__(self, patience: int, past: list[float]):
        super().__init__(monitor="val_auc", mode="max", patience=patience)
        self.past = past

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        for epoch, auc in enumerate(self.past):
            self.on_epoch_end(epoch, {"val_auc": auc})


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
            settings.learning_rate / 25,
            int(0.7 * total),
            warmup_target=settings.learning_rate,
            warmup_steps=int(0.3 * total),
        )
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
    return network.predict(x, batch_size=EVALUATION_BATCH, verbose=0)
