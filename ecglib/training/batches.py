"""Batches of training records for torch; their order and augmentation depend on seed and epoch alone."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Sampler, SequentialSampler

from ecglib.data.dataset import Dataset
from ecglib.data.normalization import Normalization
from ecglib.training.settings import TrainingSettings

EVALUATION_BATCH = 256


class BatchedRecords(torch.utils.data.Dataset):
    """Whole batches: positions (b,) -> normalized records float32 (b, 1000, 12), targets (b, 5) or more."""

    def __init__(self, dataset: Dataset, normalization: Normalization, targets: np.ndarray | None = None):
        self.dataset, self.normalization = dataset, normalization
        self.targets = torch.from_numpy(dataset.labels if targets is None else np.asarray(targets, np.float32))

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, positions: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.normalization(self.dataset.millivolts(positions))), self.targets[positions]

    def loader(self, batch_size: int, *, shuffle: bool, seed: int = 0) -> DataLoader:
        """Batches in order, or shuffled for each epoch without the incomplete last batch."""
        order = ShuffledByEpoch(len(self), seed) if shuffle else SequentialSampler(self)
        drop = shuffle and len(self) > batch_size
        return DataLoader(self, sampler=BatchSampler(order, batch_size, drop_last=drop), batch_size=None)


class ShuffledByEpoch(Sampler[int]):
    """Positions 0 to n-1 in an order that depends on seed and epoch alone."""

    def __init__(self, size: int, seed: int):
        self.size, self.seed, self.epoch = size, seed, 0

    def __len__(self) -> int:
        return self.size

    def __iter__(self):  # a generator: the epoch is read when the first batch is requested
        yield from np.random.default_rng((self.seed, self.epoch)).permutation(self.size).tolist()


def augment(x: torch.Tensor, settings: TrainingSettings) -> torch.Tensor:
    """Crop, shift in time (zeros move in), change the gain, add noise: (b, samples, 12) -> (b, crop or samples, 12)."""
    records, samples, leads = x.shape
    if settings.crop:
        start = torch.randint(0, samples - settings.crop + 1, (records, 1), device=x.device)
        source = start + torch.arange(settings.crop, device=x.device)
        x, samples = x.gather(1, source.unsqueeze(2).expand(-1, -1, leads)), settings.crop
    if settings.max_shift:
        offset = torch.randint(-settings.max_shift, settings.max_shift + 1, (records, 1), device=x.device)
        source = torch.arange(samples, device=x.device) + offset
        inside = ((source >= 0) & (source < samples)).unsqueeze(2)
        x = x.gather(1, source.clamp(0, samples - 1).unsqueeze(2).expand(-1, -1, leads)) * inside
    if settings.gain_sd:
        x = x * torch.exp(settings.gain_sd * torch.randn(records, 1, 1, device=x.device))
    if settings.max_noise_sd:
        x = x + settings.max_noise_sd * torch.rand(records, 1, 1, device=x.device) * torch.randn_like(x)
    return x
