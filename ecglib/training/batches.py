"""Batches of training records for torch; their order and augmentation depend on seed and epoch alone."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Sampler, SequentialSampler

from ecglib.data.dataset import Dataset
from ecglib.training import damage
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import N_SAMPLES, Normalization

EVALUATION_BATCH = 64  # more take more time a record on a CPU, because activations no longer fit its caches
CROP_STEP = 25  # samples between the starts of the crops that teachers score


class BatchedRecords(torch.utils.data.Dataset):
    """Whole batches: positions (b,) -> normalized records float32 (b, 1000, 12), targets (b, 5) or more.

    On a GPU the signals are kept in its memory, as int16.
    """

    def __init__(
        self,
        dataset: Dataset,
        normalization: Normalization,
        targets: np.ndarray | None = None,
        device: torch.device | str = "cpu",
    ):
        self.dataset, self.normalization, self.device = dataset, normalization, torch.device(device)
        self.targets = torch.from_numpy(dataset.labels if targets is None else np.asarray(targets, np.float32))
        self.signals = None
        if self.device.type != "cpu":
            self.signals = torch.from_numpy(np.ascontiguousarray(dataset.signals[dataset.rows])).to(self.device)
            self.targets = self.targets.to(self.device)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, positions: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        if self.signals is None:
            return torch.from_numpy(self.normalization(self.dataset.millivolts(positions))), self.targets[positions]
        chosen = torch.tensor(positions, device=self.device)
        return self.normalization(self.signals[chosen].float() / 1000), self.targets[chosen]

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


def crop_starts(settings: TrainingSettings) -> np.ndarray:
    """Starts of the crops that teachers score: one every quarter of a second, up to the record's end."""
    return np.arange(0, N_SAMPLES - settings.crop + 1, CROP_STEP)


def random_starts(records: int, settings: TrainingSettings, device: torch.device) -> torch.Tensor | None:
    """Where each record's crop starts, int64 (b, 1); None without a crop.

    If the teachers score the crops, the starts are multiples of CROP_STEP.
    """
    if not settings.crop:
        return None
    if settings.same_crop:
        return CROP_STEP * torch.randint(0, len(crop_starts(settings)), (records, 1), device=device)
    return torch.randint(0, N_SAMPLES - settings.crop + 1, (records, 1), device=device)


def augment(x: torch.Tensor, settings: TrainingSettings, start: torch.Tensor | None = None) -> torch.Tensor:
    """Crop, shift in time, change the gain, add noise, drop leads: (b, samples, 12) -> (b, crop or samples, 12).

    Zeros move in where a record is shifted.

    Parameters
    ----------
    start : where each record's crop starts, int64 (b, 1); random if not given
    """
    records, samples, leads = x.shape
    if settings.crop:
        start = random_starts(records, settings, x.device) if start is None else start
        x, samples = _cropped(x, settings, start), settings.crop
    if settings.max_shift:
        offset = torch.randint(-settings.max_shift, settings.max_shift + 1, (records, 1), device=x.device)
        source = torch.arange(samples, device=x.device) + offset
        inside = ((source >= 0) & (source < samples)).unsqueeze(2)
        x = x.gather(1, source.clamp(0, samples - 1).unsqueeze(2).expand(-1, -1, leads)) * inside
    if settings.gain_sd:
        x = x * torch.exp(settings.gain_sd * torch.randn(records, 1, 1, device=x.device))
    if settings.max_noise_sd:
        x = x + settings.max_noise_sd * torch.rand(records, 1, 1, device=x.device) * torch.randn_like(x)
    if settings.noise_snr_db:
        x = damage.with_noise(x, *settings.noise_snr_db)
    if settings.lead_dropout:
        x = damage.without_lead_groups(x, settings.lead_dropout)
    return x


def _cropped(x: torch.Tensor, settings: TrainingSettings, start: torch.Tensor) -> torch.Tensor:
    if settings.max_stretch:
        return damage.stretched(x, start, settings.crop, settings.max_stretch)
    source = start + torch.arange(settings.crop, device=x.device)
    return x.gather(1, source.unsqueeze(2).expand(-1, -1, x.shape[2]))


def mix(x: torch.Tensor, target: torch.Tensor, alpha: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixtures of each record and its target with another of the batch, all with one random weight (mixup)."""
    weight = torch.distributions.Beta(alpha, alpha).sample().to(x.device)
    other = torch.randperm(len(x), device=x.device)
    return weight * x + (1 - weight) * x[other], weight * target + (1 - weight) * target[other]


def window_starts(crop: int) -> range:
    """Starts of the windows whose probabilities are averaged: each half a window after the one before."""
    return range(0, N_SAMPLES - crop + 1, crop // 2)
