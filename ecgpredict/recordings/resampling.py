"""Recordings at any sampling rate -> windows of ten seconds at 100 Hz, as the models take them."""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from ecgpredict.recordings.raw import Recording
from ecgpredict.spec import N_SAMPLES, SAMPLING_RATE

WINDOW_S = N_SAMPLES / SAMPLING_RATE
# The filter of PTB-XL's 100 Hz files, on which the models were trained, as the records of which both versions are at
# hand show (benchmarks/resampling.py): a sinc of this cutoff within a Kaiser window, and sample k is the signal at
# k / 100 s + DELAY_S, rounded to 1 µV. Nine samples of ten are then equal, the others differ by 1 µV.
CUTOFF_HZ, HALF_LENGTH_S, BETA, DELAY_S = 44.58, 0.2, 5.8, 1 / 800


def windows(recording: Recording) -> np.ndarray:
    """Windows of ten seconds at 100 Hz: float32 (w, 1000, 12) in mV, NaN for a lead that the recording does not have.

    Windows follow one another without overlap; a remainder of at least 5 s adds a final window, which takes the last
    ten seconds. Missing samples are interpolated linearly. Other sampling rates are converted to 100 Hz by the filter
    of PTB-XL's 100 Hz files.
    """
    signal = fill_gaps(recording.signal)
    if recording.rate != SAMPLING_RATE:
        from scipy.signal import resample_poly  # takes longer to import than a thousand recordings to classify

        ratio = Fraction(SAMPLING_RATE / recording.rate).limit_denominator(1000)
        up, down = ratio.numerator, ratio.denominator
        taps = low_pass(SAMPLING_RATE * down)
        signal = resample_poly(signal.astype(float), up, down, axis=0, window=taps, padtype="line")
        signal = np.round(signal, 3).astype(np.float32)  # to 1 µV, as in the files
    if len(signal) < N_SAMPLES:  # resampling may round a record of ten seconds to a sample less
        signal = np.pad(signal, ((0, N_SAMPLES - len(signal)), (0, 0)), mode="edge")
    return np.stack([signal[start : start + N_SAMPLES] for start in window_starts(len(signal), N_SAMPLES)])


@lru_cache
def low_pass(rate: int) -> np.ndarray:
    """The filter's taps float64 (n,), n odd, at a rate in Hz; they sum to 1, and are DELAY_S early."""
    half = int(np.ceil(HALF_LENGTH_S * rate))
    time = np.arange(-half, half + 1) / rate + DELAY_S
    inside = np.sqrt(np.maximum(0, 1 - (time / HALF_LENGTH_S) ** 2))
    taps = np.sinc(2 * CUTOFF_HZ * time) * np.where(inside > 0, np.i0(BETA * inside), 0)
    return taps / taps.sum()


def window_starts(n_samples: int, length: int) -> list[int]:
    """First samples of the windows of `length` samples in a signal of at least as many."""
    whole, remainder = divmod(n_samples, length)
    starts = [length * number for number in range(whole)]
    return starts + [n_samples - length] * (remainder >= length / 2)


def fill_gaps(signal: np.ndarray) -> np.ndarray:
    """A signal (samples, 12) with its NaN interpolated linearly; at its ends the nearest value is repeated.

    A lead of nothing but NaN stays as it is.
    """
    gaps = np.isnan(signal)
    if np.array_equal(gaps.any(axis=0), gaps.all(axis=0)):
        return signal
    import pandas as pd  # rarely needed, and takes longer to import than a hundred recordings to classify

    return pd.DataFrame(signal).interpolate(limit_direction="both").to_numpy(np.float32)
