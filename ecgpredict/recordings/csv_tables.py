"""CSV tables: a row of lead names, then a row per sample; a column of times in seconds gives the sampling rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import MAX_CHANNELS, RawRecording, unreadable

SUFFIXES = (".csv",)
TIME_NAMES = ("time", "t", "time_s", "seconds")
_MAX_HEADER_BYTES = 64_000
_EXPECTED, _HINT = "a row of lead names, then numbers", "export it as CSV with commas and decimal points"
# Times rounded to at most one step are within half a step of an even grid; with a missing row, some are at least half a
# step away from every such grid.
_MAX_JITTER = 0.49


def read(path: Path) -> RawRecording:
    """Read a CSV file.

    Raises
    ------
    InputError : not a table of numbers, or times that are not increasing or not evenly spaced
    """
    import pandas as pd  # most recordings are of other formats, and it takes long to import

    _check_header(path)
    try:
        values = pd.read_csv(path).apply(pd.to_numeric)
    except Exception as error:  # pandas does not catch the errors of its parser
        raise unreadable("table", path, expected=_EXPECTED, found=error, hint=_HINT) from error
    time_column = next((name for name in values if str(name).strip().lower() in TIME_NAMES), None)
    rate = None
    if time_column is not None:
        rate = sampling_rate(values[time_column].to_numpy(float), f"{path}, {time_column}")
        values = values.drop(columns=time_column)
    return RawRecording(values.to_numpy(float), [str(name) for name in values], rate)


def sampling_rate(time: np.ndarray, where: object) -> float:
    """The sampling rate in Hz of times (n,) in seconds, from their whole span.

    Times may be rounded, e.g. to milliseconds. An integer rate is preferred if it is consistent with the times.

    Raises
    ------
    InputError : fewer than two times, times that are missing, not increasing or not evenly spaced
    """
    if len(time) < 2:
        raise InputError(
            "time missing",
            where=where,
            expected="a time per sample",
            found=f"{len(time)} samples",
            hint="give the time of each sample in seconds",
        )
    steps = np.diff(time)
    if not (np.isfinite(steps).all() and (steps > 0).all()):
        worst = int(np.argmin(np.where(np.isfinite(steps), steps, -np.inf)))
        raise InputError(
            "time is not increasing",
            where=where,
            expected="increasing seconds",
            found=f"{time[worst]} then {time[worst + 1]} in row {worst + 3}",
            hint="give the time of each sample in seconds",
        )
    exact = (len(time) - 1) / (time[-1] - time[0])
    for rate in (float(round(exact)), float(exact)):
        if rate and _jitter(time, rate) <= _MAX_JITTER:
            return rate
    raise InputError(
        "uneven sampling",
        where=where,
        expected="times on an even grid, rounded by at most half a step",
        found=f"times up to {_jitter(time, exact):.3g} steps of {1 / exact:.4g} s off the grid",
        hint="resample the recording to an even grid, or remove the gap",
    )


def _jitter(time: np.ndarray, rate: float) -> float:
    """Largest distance of times (n,) from the nearest even grid of this rate, in steps."""
    deviations = (time - time[0]) * rate - np.arange(len(time))
    return float(deviations.max() - deviations.min()) / 2


def _check_header(path: Path) -> None:
    """Reject a file that is not a table before pandas builds thousands of columns from it."""
    with path.open("rb") as file:
        start = file.read(_MAX_HEADER_BYTES)
    line = start.split(b"\n")[0]
    if len(line) == _MAX_HEADER_BYTES or line.count(b",") > MAX_CHANNELS:
        raise unreadable(
            "table", path, expected=_EXPECTED, found=f"a first row of {line.count(b',') + 1:,} columns", hint=_HINT
        )
