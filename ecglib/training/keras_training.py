"""Training of the Keras network, with any Keras backend: its epochs, its validation, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecglib.data.dataset import Dataset
from ecglib.evaluation.metrics import macro_auc
from ecglib.networks import inception
from ecglib.networks.keras_backend import keras
from ecglib.training import runs
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import Normalization

_EVALUATION_BATCH = 256


class KerasTraining:
    """A training in progress; the parameters are those of :func:`ecglib.training.train.train`."""

    suffix = ".npz"

    def __init__(self, settings: TrainingSettings, seed: int, dataset: Dataset, normalization: Normalization):
        keras.utils.set_random_seed(seed)
        self.settings, self.seed, self.normalization = settings, seed, normalization
        self.network = inception.build(settings.dropout or 0.0)
        self.train_part = dataset.in_folds(*settings.folds.train)
        validation = dataset.in_folds(settings.folds.validation)
        self.labels = self.train_part.labels
        self.validation = normalization(validation.millivolts(slice(None))), validation.labels
        steps = max(1, len(self.train_part) // settings.batch_size)
        self.network.compile(optimizer(settings, steps), "binary_crossentropy")
        self.network.optimizer.build(self.network.trainable_variables)

    def train_epoch(self, epoch: int, batches: Sequence[np.ndarray]) -> tuple[float, float]:
        """Train on batches of positions in `train_part`; the mean loss, and the learning rate of the last batch."""
        for number, layer in enumerate(self.network.layers):
            if isinstance(layer, keras.layers.Dropout):
                state = np.random.SeedSequence((self.seed, epoch, number)).generate_state(2, np.uint32)
                layer.seed_generator.state.assign(state)
        data = _Batches(self, epoch, batches)
        fitted = self.network.fit(data, epochs=epoch + 1, initial_epoch=epoch, shuffle=False, verbose=0)
        return fitted.history["loss"][0], float(self.network.optimizer.learning_rate)

    def validate(self) -> tuple[float, float]:
        """Loss and macro AUC on the validation records."""
        x, labels = self.validation
        score = self.network.predict(x, batch_size=_EVALUATION_BATCH, verbose=0)
        return float(keras.losses.BinaryCrossentropy()(labels, score)), macro_auc(labels, score)

    def save(self, path: Path) -> None:
        """Write all that a resume needs."""
        np.savez(path, *map(keras.ops.convert_to_numpy, self._variables()))

    def load(self, path: Path) -> None:
        """Restore what :meth:`save` wrote."""
        with np.load(path) as arrays:
            for variable, name in zip(self._variables(), arrays.files, strict=True):
                variable.assign(arrays[name])

    def _variables(self) -> list:
        return [*self.network.variables, *self.network.optimizer.variables]

    def save_weights(self, path: Path) -> None:
        """Write the weights, rounded to float16."""
        inception.save_weights(self.network, path)
        inception.load_weights(self.network, path)

    def predict(self, dataset: Dataset) -> np.ndarray:
        """Probabilities float32 (n, 5) of the rounded weights."""
        return predict(self.network, dataset, self.normalization)

    def description(self, _folder: Path) -> dict:
        """What is recorded of the network, the hardware and the software."""
        return {
            "params": self.network.count_params(),
            "precision": keras.config.floatx(),
            "backend": keras.backend.backend(),
            "hardware": runs.processor(),
            "versions": runs.versions("keras", keras.backend.backend(), "numpy"),
        }


class _Batches(keras.utils.PyDataset):
    """An epoch's batches of augmented records (b, 1000, 12) and labels (b, 5)."""

    def __init__(self, training: KerasTraining, epoch: int, batches: Sequence[np.ndarray]):
        super().__init__()
        self.training, self.epoch, self.batches = training, epoch, batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        training, positions = self.training, self.batches[index]
        x = training.normalization(training.train_part.millivolts(positions))
        random = np.random.default_rng((training.seed, self.epoch, index))
        return augment(x, training.settings, random), training.labels[positions]


def augment(x: np.ndarray, settings: TrainingSettings, random: np.random.Generator) -> np.ndarray:
    """Records float32 (b, samples, 12), shifted in time (zeros move in), with another gain and with noise."""
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


def predict(network: keras.Model, dataset: Dataset, normalization: Normalization) -> np.ndarray:
    """Probabilities float32 (n, 5) of a dataset's records."""
    x = normalization(dataset.millivolts(slice(None)))
    return network.predict(x, batch_size=_EVALUATION_BATCH, verbose=0)
