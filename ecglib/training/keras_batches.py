"""Batches of training records for Keras; their order and augmentation depend on seed and epoch alone."""

from __future__ import annotations

import numpy as np

from ecglib.data.dataset import Dataset
from ecglib.networks.keras_backend import keras
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import Normalization

EVALUATION_BATCH = 256


class BatchedRecords(keras.utils.PyDataset):
    """Batches of normalized records (b, 1000, 12) and labels (b, 5), shuffled for each epoch.

    Attributes
    ----------
    epoch : set by :class:`~ecglib.training.keras_callbacks.EpochSeed` before each epoch
    """

    def __init__(self, dataset: Dataset, normalization: Normalization, settings: TrainingSettings, seed: int):
        super().__init__()
        self.dataset, self.normalization, self.settings, self.seed = dataset, normalization, settings, seed
        self.labels = dataset.labels
        self.epoch = 0

    @property
    def epoch(self) -> int:
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch = epoch
        self.order = np.random.default_rng((self.seed, epoch)).permutation(len(self.dataset))

    def __len__(self) -> int:
        return len(self.dataset) // self.settings.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        size = self.settings.batch_size
        chosen = self.order[index * size : (index + 1) * size]
        x = self.normalization(self.dataset.millivolts(chosen))
        random = np.random.default_rng((self.seed, self.epoch, index))
        return augment(x, self.settings, random), self.labels[chosen]


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
