"""CSV tables: a row of lead names, then a row per sample; a column of times gives the sampling rate.

Fields are separated by commas or, as spreadsheets do where a comma is the decimal point, by semicolons or tabs.
"""

import csv
import re
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import MAX_CHANNELS, MAX_DURATION_S, MAX_RATE_HZ, RawRecording, parsing, unreadable

SUFFIXES = (".csv",)
# the accepted names of a column of times, and the length of their unit in seconds
_TIMES = {
    **dict.fromkeys(("time", "t", "seconds", "sec", "time_s", "time_sec"), 1.0),
    **dict.fromkeys(("time_ms", "t_ms", "ms", "milliseconds"), 1e-3),
}
_MAX_HEADER_BYTES = 64_000
_MAX_ROWS = round(MAX_DURATION_S * MAX_RATE_HZ) + 1
_EXPECTED, _HINT = "a row of lead names, then numbers", "export it as CSV with commas and decimal points"
# Times rounded to at most one step are within half a step of an even grid; with a missing row, some are at least half a
# step away from every such grid.
_MAX_JITTER = 0.49


def read(path: Path) -> RawRecording:
    """Read a CSV file.

    Raises
    ------
    InputError : not a table of numbers; rows longer than the header; a time of unknown unit; times that are not
        increasing or not evenly spaced
    """
    import pandas as pd  # most recordings are of other formats, and it takes long to import

    with parsing("table", path, expected=_EXPECTED, hint=_HINT):
        with path.open("rb") as file:
            lines = iter(lambda: file.readline(_MAX_HEADER_BYTES), b"")
            names, separator = _header(next(filter(bytes.strip, lines), b""), path)
            decimal = "." if separator == "," else ","
            values = pd.read_csv(file, header=None, nrows=_MAX_ROWS, sep=separator, decimal=decimal)
        if values.shape[1] != len(names):
            raise ValueError(f"row 2 has {values.shape[1]} fields, the header {len(names)}")
        values = values.apply(pd.to_numeric).to_numpy(float)
    rate, step = None, None
    for column, name in enumerate(names):
        if (unit := _time_unit(name, path)) is not None:
            rate, step = sampling_rate(values[:, column] * unit, f"{path}, {name}"), column
            break
    leads = [column for column in range(len(names)) if column != step]
    return RawRecording(values[:, leads], [names[column] for column in leads], rate)


def _header(line: bytes, path: Path) -> tuple[list[str], str]:
    """The names of the columns, from the first row, and what separates them."""
    text = line.decode("utf-8-sig", "replace").strip()
    separator = "," if "," in text else next((mark for mark in ";\t" if mark in text), ",")
    names = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    found = None
    if len(line) == _MAX_HEADER_BYTES or len(names) > MAX_CHANNELS:
        found = f"a first row of {len(names):,} columns"
    elif names and all(re.fullmatch(r"\s*[-+.\d]\S*\s*", name) for name in names):
        found = "numbers in the first row"
    if found:
        raise unreadable("table", path, expected=_EXPECTED, found=found, hint=_HINT)
    return [name.strip() for name in names], separator


def _time_unit(name: str, path: Path) -> float | None:
    """Seconds in a unit of this column's times; None for a column of something else."""
    plain = re.sub(r"[\s_]*[\[(]\s*(\w*)\s*[\])]$", r"_\1", name.strip().lower()).strip("_")  # Time [s], time (ms)
    if plain not in _TIMES and re.match(r"(time|t_|timestamp|date|sec|milli)", plain):
        expected = f"a column named {', '.join(_TIMES)}, Time [s] or Time [ms]"
        hint = "rename the column, or remove it and give the sampling rate, e.g. --rate 500"
        raise InputError("a time of unknown unit", where=path, expected=expected, found=name, hint=hint)
    return _TIMES.get(plain)


def sampling_rate(time: np.ndarray, where: object) -> float:
    """The sampling rate in Hz of times (n,) in seconds, from their whole span.

    Times may be rounded, e.g. to milliseconds. An integer rate is preferred if it is consistent with the times.

    Raises
    ------
    InputError : fewer than two times, times that are missing, not increasing or not evenly spaced
    """
    if len(time) < 2:
        expected, hint = "a time per sample", "give the time of each sample in seconds"
        raise InputError("time missing", where=where, expected=expected, found=f"{len(time)} samples", hint=hint)
    steps = np.diff(time)
    if not (np.isfinite(steps).all() and (steps > 0).all()):
        worst = int(np.argmin(np.where(np.isfinite(steps), steps, -np.inf)))
        found = f"{time[worst]} then {time[worst + 1]} in row {worst + 3}"
        hint = "give the time of each sample in seconds"
        raise InputError("time is not increasing", where=where, expected="increasing seconds", found=found, hint=hint)
    exact = (len(time) - 1) / (time[-1] - time[0])
    for rate in (float(round(exact)), float(exact)):
        if rate and _jitter(time, rate) <= _MAX_JITTER:
            return rate
    expected, hint = "times on an even grid, rounded by at most half a step", "resample it, or remove the gap"
    found = f"times up to {_jitter(time, exact):.3g} steps of {1 / exact:.4g} s off the grid"
    raise InputError("uneven sampling", where=where, expected=expected, found=found, hint=hint)


def _jitter(time: np.ndarray, rate: float) -> float:
    """Largest distance of times (n,) from the nearest even grid of this rate, in steps."""
    deviations = (time - time[0]) * rate - np.arange(len(time))
    return float(deviations.max() - deviations.min()) / 2
