"""Scaling millivolts to mean 0 and SD 1, fitted on the training records."""

from __future__ import annotations

import numpy as np

from ecglib.data.dataset import Dataset
from ecgpredict.spec import Normalization


def fit_normalization(train: Dataset) -> Normalization:
    """Mean and SD in mV over every sample of every lead of the training records."""
    total = square = count = 0.0
    for start in range(0, len(train), 1024):
        batch = train.millivolts(slice(start, start + 1024)).astype(np.float64)
        total, square, count = total + batch.sum(), square + np.square(batch).sum(), count + batch.size
    mean = total / count
    return Normalization(float(mean), float(np.sqrt(square / count - mean**2)))
