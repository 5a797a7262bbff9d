"""Random damage to batches of training records: noise, flat groups of leads, another time scale.

Input and output: normalized records (b, samples, 12). The chapters' own damage, :mod:`ecglib.data.damage`, is another
recipe, so that a network trained with this one is not evaluated on what it was trained with.
"""

from __future__ import annotations

import math

import torch

from ecgpredict.spec import SAMPLING_RATE

LEAD_GROUPS = (slice(0, 6), slice(6, 9), slice(9, 12))  # limb, right chest (V1-V3), left chest (V4-V6)
WANDER_HZ = (0.05, 0.6)


def with_noise(x: torch.Tensor, low_db: float, high_db: float) -> torch.Tensor:
    """Add a random mixture of baseline wander and white noise at a random signal-to-noise ratio per record.

    The ratio is that of the mean power over the leads, uniform in dB between `low_db` and `high_db`. Wander is a sine
    of random frequency per record with a random amplitude and phase per lead.
    """
    records, samples, leads = x.shape
    seconds = torch.arange(samples, device=x.device).view(1, -1, 1) / SAMPLING_RATE
    low, high = WANDER_HZ
    frequency = low + (high - low) * torch.rand(records, 1, 1, device=x.device)
    angle = 2 * math.pi * frequency * seconds
    waves = torch.cat([angle.sin(), angle.cos()], dim=2)
    wander = waves @ torch.randn(records, 2, leads, device=x.device)
    share = torch.rand(records, 1, 1, device=x.device)
    noise = torch.randn_like(x).mul_(1 - share).add_(wander.mul_(share))
    ratio = low_db + (high_db - low_db) * torch.rand(records, 1, 1, device=x.device)
    return x + noise * torch.sqrt(_power(x) / _power(noise)) * 10 ** (-ratio / 20)


def without_lead_groups(x: torch.Tensor, probability: float) -> torch.Tensor:
    """Set each of the three groups of leads to zero with this probability; a record keeps one group at least."""
    dropped = torch.rand(len(x), len(LEAD_GROUPS), device=x.device) < probability
    dropped &= ~dropped.all(dim=1, keepdim=True)
    kept = torch.ones(len(x), 1, x.shape[2], device=x.device)
    for group, leads in enumerate(LEAD_GROUPS):
        kept[:, 0, leads] = (~dropped[:, group, None]).float()
    return x * kept


def stretched(x: torch.Tensor, start: torch.Tensor, crop: int, largest: float) -> torch.Tensor:
    """Crops (b, crop, 12) whose time scale is changed by a factor between 1 - `largest` and 1 + `largest`.

    A crop that would reach beyond the record's end starts earlier.

    Parameters
    ----------
    start : where each crop starts, int64 (b, 1)
    """
    records, samples, _ = x.shape
    factor = 1 + largest * (2 * torch.rand(records, 1, device=x.device) - 1)
    factor = factor.clamp(max=(samples - 1) / (crop - 1))
    last = samples - 1 - (crop - 1) * factor
    place = torch.minimum(start, last) + torch.arange(crop, device=x.device) * factor
    before = place.floor().long().clamp(0, samples - 2)
    row = torch.arange(records, device=x.device).unsqueeze(1)
    return torch.lerp(x[row, before], x[row, before + 1], (place - before).unsqueeze(2))


def _power(x: torch.Tensor) -> torch.Tensor:
    """Mean over the leads of the variance over time (b, 1, 1); never zero."""
    square, mean = x.square().mean(dim=(1, 2), keepdim=True), x.mean(dim=1, keepdim=True)
    return (square - mean.square().mean(dim=2, keepdim=True)).clamp(min=1e-8)
