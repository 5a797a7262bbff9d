"""Batches of records for the torch networks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from ecglib.data.dataset import Dataset
from ecglib.training.augmentation import cropped
from ecgpredict.spec import Normalization

EVALUATION_BATCH = 64  # more take more time a record on a CPU, because activations no longer fit its caches


class BatchedRecords:
    """Normalized records float32 (b, 1000, leads) and their targets (b, 5) or wider, by positions in the dataset.

    On a GPU the signals are kept in its memory, as int16.
    """

    def __init__(
        self,
        dataset: Dataset,
        normalization: Normalization,
        device: torch.device,
        targets: np.ndarray | None = None,
    ):
        self.dataset, self.normalization = dataset, normalization
        self.targets = torch.from_numpy(dataset.labels if targets is None else targets).to(device)
        self.signals = None
        if device.type != "cpu":
            self.signals = torch.from_numpy(np.ascontiguousarray(dataset.microvolts(slice(None)))).to(device)

    def __getitem__(self, positions: np.ndarray | slice) -> tuple[torch.Tensor, torch.Tensor]:
        return self.crops(positions)

    def crops(
        self, positions: np.ndarray | slice, start: torch.Tensor | None = None, length: int | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Only `length` samples of each record, from `start` (b, 1) on, which are less to normalize; all by default."""
        if self.signals is None:
            signals = torch.from_numpy(self.dataset.microvolts(positions))
        else:
            signals = self.signals[positions]
        if length:
            signals = cropped(signals, start, length)
        return self.normalization(signals / 1000), self.targets[positions]

    def in_order(self, size: int = EVALUATION_BATCH) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """All records in batches of `size`."""
        return (self[start : start + size] for start in range(0, len(self.dataset), size))
