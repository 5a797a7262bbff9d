"""Random changes of torch batches in training: crop, stretch, shift, gain, noise, dropped leads, mixtures.

Records are normalized, (b, samples, 12). The noise is made by another recipe than that of :mod:`ecglib.data.damage`, so
that a network trained with it is not evaluated on what it was trained with.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import N_SAMPLES, SAMPLING_RATE

CROP_STEP = 25  # samples between the starts of the crops that teachers score
LEAD_GROUPS = (slice(0, 6), slice(6, 9), slice(9, 12))  # limb, right chest (V1-V3), left chest (V4-V6)
_WANDER_HZ = (0.05, 0.6)


def crop_starts(settings: TrainingSettings) -> np.ndarray:
    """Starts of the crops that teachers score: one every quarter of a second, up to the record's end."""
    return np.arange(0, N_SAMPLES - settings.crop + 1, CROP_STEP)


def random_starts(records: int, settings: TrainingSettings, device: torch.device) -> torch.Tensor | None:
    """Where each record's crop starts, int64 (b, 1), in multiples of CROP_STEP for `same_crop`; None without a crop."""
    if not settings.crop:
        return None
    if settings.same_crop:
        return CROP_STEP * torch.randint(0, len(crop_starts(settings)), (records, 1), device=device)
    return torch.randint(0, N_SAMPLES - settings.crop + 1, (records, 1), device=device)


def augment(x: torch.Tensor, settings: TrainingSettings, start: torch.Tensor | None = None) -> torch.Tensor:
    """Records after all changes that the settings name: (b, samples, 12) -> (b, crop or samples, 12).

    Records that are crops already are not cropped again. Zeros move in where a record is shifted.

    Parameters
    ----------
    start : where each record's crop starts, int64 (b, 1); random if not given
    """
    if start is None:
        start = random_starts(len(x), settings, x.device)
    if settings.crop and settings.max_stretch:
        x = stretch(x, start, settings.crop, settings.max_stretch)
    elif settings.crop and x.shape[1] > settings.crop:
        x = cropped(x, start, settings.crop)
    records, samples, leads = x.shape
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
        x = add_noise(x, *settings.noise_snr_db)
    if settings.lead_dropout:
        x = drop_lead_groups(x, settings.lead_dropout)
    return x


def cropped(x: torch.Tensor, start: torch.Tensor, length: int) -> torch.Tensor:
    """Crops (b, length, 12) of records (b, samples, 12) from `start` (b, 1) on."""
    crops = x.unfold(1, length, 1)  # a view: (b, starts, 12, length)
    return crops[torch.arange(len(x), device=x.device), start.squeeze(1)].transpose(1, 2)


def stretch(x: torch.Tensor, start: torch.Tensor, crop: int, largest: float) -> torch.Tensor:
    """Crops (b, crop, 12) whose time scale is changed by a factor between 1 - `largest` and 1 + `largest`.

    A crop that would reach beyond the record's end starts earlier.
    """
    records, samples, _ = x.shape
    factor = 1 + largest * (2 * torch.rand(records, 1, device=x.device) - 1)
    factor = factor.clamp(max=(samples - 1) / (crop - 1))
    last = samples - 1 - (crop - 1) * factor
    place = torch.minimum(start, last) + torch.arange(crop, device=x.device) * factor
    before = place.floor().long().clamp(0, samples - 2)
    row = torch.arange(records, device=x.device).unsqueeze(1)
    return torch.lerp(x[row, before], x[row, before + 1], (place - before).unsqueeze(2))


def add_noise(x: torch.Tensor, low_db: float, high_db: float) -> torch.Tensor:
    """Records with a random mixture of baseline wander and white noise at a random signal-to-noise ratio each.

    The ratio is that of the mean power over the leads, uniform in dB between `low_db` and `high_db`. Wander is a sine
    of random frequency per record with a random amplitude and phase per lead.
    """
    records, samples, leads = x.shape
    seconds = torch.arange(samples, device=x.device).view(1, -1, 1) / SAMPLING_RATE
    low, high = _WANDER_HZ
    frequency = low + (high - low) * torch.rand(records, 1, 1, device=x.device)
    angle = 2 * math.pi * frequency * seconds
    waves = torch.cat([angle.sin(), angle.cos()], dim=2)
    wander = waves @ torch.randn(records, 2, leads, device=x.device)
    share = torch.rand(records, 1, 1, device=x.device)
    noise = torch.randn_like(x).mul_(1 - share).add_(wander.mul_(share))
    ratio = low_db + (high_db - low_db) * torch.rand(records, 1, 1, device=x.device)
    return x + noise * torch.sqrt(_power(x) / _power(noise)) * 10 ** (-ratio / 20)


def drop_lead_groups(x: torch.Tensor, probability: float) -> torch.Tensor:
    """Records in which each of the three groups of leads is zero with this probability, but never all three."""
    dropped = torch.rand(len(x), len(LEAD_GROUPS), device=x.device) < probability
    dropped &= ~dropped.all(dim=1, keepdim=True)
    mask = torch.ones(len(x), 1, x.shape[2], device=x.device)
    for group, leads in enumerate(LEAD_GROUPS):
        mask[:, 0, leads] = (~dropped[:, group, None]).float()
    return x * mask


def mix(x: torch.Tensor, target: torch.Tensor, alpha: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixtures of each record and its target with another of the batch, all with one random weight (mixup)."""
    weight = torch.distributions.Beta(alpha, alpha).sample().to(x.device)
    other = torch.randperm(len(x), device=x.device)
    return weight * x + (1 - weight) * x[other], weight * target + (1 - weight) * target[other]


def _power(x: torch.Tensor) -> torch.Tensor:
    """Mean over the leads of the variance over time (b, 1, 1); never zero."""
    square, mean = x.square().mean(dim=(1, 2), keepdim=True), x.mean(dim=1, keepdim=True)
    return (square - mean.square().mean(dim=2, keepdim=True)).clamp(min=1e-8)
