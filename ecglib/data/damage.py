"""Noise added to clean records by a documented recipe.

Records are float32 (n, 1000, 12) in mV at 100 Hz; the same seed gives the same damage. Noise arises at
the nine electrodes, each with noise of its own, and reaches the leads as their potentials do
(:data:`ecglib.data.electrodes.TO_LEADS`), so that Einthoven's law still holds. Its strength is the ratio of two powers
in dB: the record's variance over time, mean over the leads, to that of the noise. The steps of 6 dB are those of the
MIT-BIH noise stress test (Moody et al. 1984); its recordings are not used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft

from ecglib.data.electrodes import ELECTRODES, TO_LEADS
from ecgpredict.spec import N_SAMPLES, SAMPLING_RATE

SNR_DB = (24, 18, 12, 6, 0, -6)
_WANDER_HZ, _MUSCLE_HZ, _MOTION_HZ = (0.1, 0.5), (20.0, 45.0), (1.0, 10.0)
_MAINS_HZ, _MAINS_DRIFT_HZ = (50.0, 60.0), 0.1
_BURSTS, _BURST_S = 3, (0.5, 2.0)


def _in_band(records: int, low: float, high: float, random: np.random.Generator, slope: float = 0.0) -> np.ndarray:
    """Gaussian noise (n, 1000, 9) between two frequencies in Hz, its amplitude falling as 1 / frequency**slope."""
    spectrum = fft.rfft(random.standard_normal((records, N_SAMPLES, len(ELECTRODES)), np.float32), axis=1)
    frequency = fft.rfftfreq(N_SAMPLES, 1 / SAMPLING_RATE)
    inside = (frequency >= low) & (frequency <= high)
    shape = np.where(inside, np.maximum(frequency, low) ** -slope, 0).astype(np.float32)
    return fft.irfft(spectrum * shape[None, :, None], N_SAMPLES, axis=1)


def baseline_wander(records: int, random: np.random.Generator) -> np.ndarray:
    """0.1 to 0.5 Hz with an amplitude of 1/f, as of breathing and slow drift: (n, 1000, 9), of any scale."""
    return _in_band(records, *_WANDER_HZ, random, slope=1.0)


def muscle_noise(records: int, random: np.random.Generator) -> np.ndarray:
    """20 to 45 Hz, white: (n, 1000, 9), of any scale."""
    return _in_band(records, *_MUSCLE_HZ, random)


def mains_hum(records: int, random: np.random.Generator) -> np.ndarray:
    """50 or 60 Hz, up to 0.1 Hz off, sampled at 100 Hz without a filter, so that 60 Hz appears at 40: (n, 1000, 9).

    One phase per record; a random amplitude and sign per electrode.
    """
    shape = (records, 1, 1)
    frequency = random.choice(_MAINS_HZ, shape) + random.uniform(-_MAINS_DRIFT_HZ, _MAINS_DRIFT_HZ, shape)
    seconds = np.arange(N_SAMPLES)[None, :, None] / SAMPLING_RATE
    wave = np.sin(2 * np.pi * (frequency * seconds + random.random(shape)))
    return (wave * random.standard_normal((records, 1, len(ELECTRODES)))).astype(np.float32)


def electrode_motion(records: int, random: np.random.Generator) -> np.ndarray:
    """1 to 10 Hz in three bursts of 0.5 to 2 s, each at one electrode: (n, 1000, 9), of any scale."""
    noise = _in_band(records, *_MOTION_HZ, random)
    moving = np.zeros_like(noise, bool)
    length = (random.uniform(*_BURST_S, (records, _BURSTS)) * SAMPLING_RATE).astype(int)
    start = (random.random((records, _BURSTS)) * (N_SAMPLES - length)).astype(int)
    where = random.integers(0, len(ELECTRODES), (records, _BURSTS))
    for record, burst in np.ndindex(length.shape):
        first = start[record, burst]
        moving[record, first : first + length[record, burst], where[record, burst]] = True
    return noise * moving


NOISES: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "baseline wander": baseline_wander,
    "muscle noise": muscle_noise,
    "mains hum": mains_hum,
    "electrode motion": electrode_motion,
}


def add_noise(x: np.ndarray, kind: str, snr_db: float, seed: int = 0) -> np.ndarray:
    """Records with noise of a kind of NOISES at a signal-to-noise ratio; a flat record stays flat.

    The same seed gives the same noise at every ratio.
    """
    noise = NOISES[kind](len(x), np.random.default_rng(seed)) @ TO_LEADS
    scale = np.sqrt(power(x) / power(noise)) * np.float32(10 ** (-snr_db / 20))
    return x + noise * scale.astype(np.float32)


def power(x: np.ndarray) -> np.ndarray:
    """Variance over time, mean over the leads: (n, 1, 1)."""
    return x.var(axis=1, keepdims=True).mean(axis=2, keepdims=True)
