"""Recordings at any sampling rate -> windows of ten seconds at 100 Hz, as the models take them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ecgpredict.recordings.raw import Recording
from ecgpredict.spec import N_SAMPLES, SAMPLING_RATE

WINDOW_S = N_SAMPLES / SAMPLING_RATE


def windows(recording: Recording) -> np.ndarray:
    """Windows of ten seconds at 100 Hz: float32 (w, 1000, 12) in mV.

    Windows follow one another without overlap; a remainder of at least 5 s adds a final window, which takes the last
    ten seconds. Missing samples are interpolated linearly. Other sampling rates are converted to 100 Hz by a polyphase
    filter, which prevents aliasing.
    """
    signal = fill_gaps(recording.signal)
    if recording.rate != SAMPLING_RATE:
        from scipy.signal import resample_poly  # takes longer to import than a thousand recordings to classify

        ratio = Fraction(SAMPLING_RATE / recording.rate).limit_denominator(1000)
        signal = resample_poly(signal, ratio.numerator, ratio.denominator, axis=0, padtype="line").astype(np.float32)
    if len(signal) < N_SAMPLES:  # resampling may round a record of ten seconds to a sample less
        signal = np.pad(signal, ((0, N_SAMPLES - len(signal)), (0, 0)), mode="edge")
    return np.stack([signal[start : start + N_SAMPLES] for start in window_starts(len(signal), N_SAMPLES)])


def window_starts(n_samples: int, length: int) -> list[int]:
    """First samples of the windows of `length` samples in a signal of at least as many."""
    whole, remainder = divmod(n_samples, length)
    starts = [length * number for number in range(whole)]
    return starts + [n_samples - length] * (remainder >= length / 2)


def fill_gaps(signal: np.ndarray) -> np.ndarray:
    """A signal (samples, 12) with its NaN interpolated linearly; at its ends the nearest value is repeated."""
    if not np.isnan(signal).any():
        return signal
    import pandas as pd  # rarely needed, and takes longer to import than a hundred recordings to classify

    return pd.DataFrame(signal).interpolate(limit_direction="both").to_numpy(np.float32)
