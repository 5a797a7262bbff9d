"""Scaling millivolts to mean 0 and SD 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecglib.data.definitions import TRAIN_FOLDS

if TYPE_CHECKING:
    from ecglib.data.dataset import Dataset


@dataclass(frozen=True)
class Normalization:
    """One mean and one scale for all leads, in mV, fitted on folds 1-8."""

    mean: float
    scale: float

    @classmethod
    def fit(cls, dataset: Dataset) -> Normalization:
        """Mean and SD over every sample of every lead of the dataset's training folds."""
        train = dataset.in_folds(*TRAIN_FOLDS)
        total = square = count = 0.0
        for start in range(0, len(train), 1024):
            batch = train.millivolts(slice(start, start + 1024)).astype(np.float64)
            total, square, count = total + batch.sum(), square + np.square(batch).sum(), count + batch.size
        mean = total / count
        return cls(float(mean), float(np.sqrt(square / count - mean**2)))

    def __call__(self, millivolts: np.ndarray) -> np.ndarray:
        return (millivolts - np.float32(self.mean)) / np.float32(self.scale)
