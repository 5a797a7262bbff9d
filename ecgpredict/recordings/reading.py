"""Reading one recording: its format's reader, then leads in order, in mV, and the checks that all formats share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings import aecg, csv_tables, dicom, edf, numpy_files, wfdb_records
from ecgpredict.recordings.raw import (
    MAX_DURATION_S,
    MAX_FILE_BYTES,
    RawRecording,
    check_size,
    plain_lead,
    unreadable,
)
from ecgpredict.recordings.resampling import WINDOW_S
from ecgpredict.spec import LEADS, SAMPLING_RATE

# suffix -> reader; any other path is a WFDB record's name
READERS: dict[str, Callable[[Path], RawRecording]] = {
    suffix: module.read for module in (csv_tables, numpy_files, dicom, edf, aecg) for suffix in module.SUFFIXES
}
FILE_SUFFIXES = (".hea", *READERS)  # each stands for one recording of a folder
MIN_RATE_HZ, MAX_RATE_HZ = 100.0, 1000.0
MV_PER_UNIT = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3}  # two characters look like a Greek mu
_MAX_MISSING_FRACTION = 0.1  # of a lead's samples
_MAX_AMPLITUDE_MV = 10_000.0  # no electrode gives 10 V: the unit or the gain is wrong


@dataclass(frozen=True)
class Recording:
    """A recording with its leads in order.

    Attributes
    ----------
    name : the file name without suffix
    signal : float32 (samples, 12) in mV, leads in the order of LEADS; NaN where samples are missing
    rate : samples per second
    """

    name: str
    signal: np.ndarray
    rate: float


def read(path: Path, *, rate: float | None = None, units: str | None = None) -> Recording:
    """Read one recording.

    Parameters
    ----------
    path : a WFDB record (.hea, .dat, .mat or the name without suffix), a file with a suffix of FILE_SUFFIXES, or a
        DICOM file of any name
    rate : in Hz, for files that do not state it
    units : mV, µV (or uV) or V, for files that do not state it

    Raises
    ------
    InputError : the file is missing, empty or unreadable for any reason; leads are missing or duplicated;
        the sampling rate is unknown or not between 100 and 1000 Hz; the unit is unknown; the recording is shorter than
        ten seconds or longer than an hour; too many samples are missing; amplitudes are impossible
    """
    path = Path(path)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a library's warning about a header that is read nevertheless
            return _standardize(_read_raw(path), path, rate, units)
    except InputError:
        raise
    except Exception as error:  # a damaged file can cause any error in a parser, even MemoryError and RecursionError
        raise unreadable(
            "recording", path, expected="a recording of a known format", found=error, hint="export it again"
        ) from error


def _read_raw(path: Path) -> RawRecording:
    reader = READERS.get(path.suffix.lower())
    if reader is None and dicom.recognizes(path):
        reader = dicom.read
    if reader is None:
        return wfdb_records.read(path)
    if not path.is_file():
        raise wfdb_records.missing(path)
    size = path.stat().st_size
    if size == 0:
        raise InputError(
            "empty file", where=path, expected="a recording", found="0 bytes", hint="download or export it again"
        )
    if size > MAX_FILE_BYTES:
        check_size(path, size)
    return reader(path)


def _standardize(raw: RawRecording, path: Path, rate: float | None, units: str | None) -> Recording:
    rate = rate if raw.rate is None else raw.rate
    if rate is None:
        raise InputError(
            "unknown sampling rate",
            where=path,
            expected="a rate in the file, or given",
            found="neither",
            hint="give it, e.g. --rate 500",
        )
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise InputError(
            "sampling rate out of range",
            where=path,
            expected=f"{MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz",
            found=f"{rate:g} Hz",
            hint="resample the recording first, or correct its header; times are in seconds",
        )
    _check_duration(path, len(raw.signal), rate)
    positions = _lead_positions(raw.leads, path)
    factors = [_mv_per_unit(raw.units[i] if raw.units else units, path) for i in positions]
    signal = np.empty((len(raw.signal), len(LEADS)), np.float32)
    for lead, (position, factor) in enumerate(zip(positions, factors)):  # one by one: an hour takes hundreds of MB
        signal[:, lead] = raw.signal[:, position].astype(float) * factor
    signal[~np.isfinite(signal)] = np.nan
    missing = np.isnan(signal).mean(axis=0)
    if missing.max() > _MAX_MISSING_FRACTION:
        raise InputError(
            "too many samples missing",
            where=f"{path}, lead {LEADS[missing.argmax()]}",
            expected=f"at most {_MAX_MISSING_FRACTION:.0%}",
            found=f"{missing.max():.0%}",
            hint="give a recording without the gap",
        )
    if (largest := float(np.nanmax(np.abs(signal)))) > _MAX_AMPLITUDE_MV:
        raise InputError(
            "impossible amplitude",
            where=path,
            expected=f"at most {_MAX_AMPLITUDE_MV:,.0f} mV",
            found=f"{largest:.3g} mV",
            hint="correct the unit or the gain",
        )
    stem = path.suffix.lower() in (*READERS, *wfdb_records.SUFFIXES)
    return Recording(path.stem if stem else path.name, signal, float(rate))


def _lead_positions(names: Sequence[str], path: Path) -> list[int]:
    """Positions of the twelve leads among the channel names; other channels are ignored."""
    plain = [plain_lead(name) for name in names]
    wanted = [lead.upper() for lead in LEADS]
    if missing := [lead for lead, name in zip(LEADS, wanted) if name not in plain]:
        limb = not {"III", "aVR", "aVL", "aVF"}.isdisjoint(missing) and {"I", "II"}.isdisjoint(missing)
        formulas = "; from I and II: III = II - I, aVR = -(I + II)/2, aVL = I - II/2, aVF = II - I/2"
        raise InputError(
            "leads missing",
            where=path,
            expected=" ".join(LEADS),
            found=" ".join(names)[:200],
            hint=f"add {' '.join(missing)}" + (formulas if limb else ""),
        )
    if duplicates := [name for name in wanted if plain.count(name) > 1]:
        raise InputError(
            "duplicate lead",
            where=path,
            expected="each lead once",
            found=" ".join(names)[:200],
            hint=f"keep one {duplicates[0]}",
        )
    return [plain.index(name) for name in wanted]


def _mv_per_unit(unit: str | None, path: Path) -> float:
    if unit is None or unit.strip().lower() not in MV_PER_UNIT:
        raise InputError(
            "unknown unit", where=path, expected="mV, µV or V", found=unit or "none", hint="give it, e.g. --units mV"
        )
    return MV_PER_UNIT[unit.strip().lower()]


def _check_duration(path: Path, n_samples: int, rate: float) -> None:
    seconds = n_samples / rate
    too_short = n_samples == 0 or seconds < WINDOW_S - 0.5 / SAMPLING_RATE
    if too_short or seconds > MAX_DURATION_S:
        raise InputError(
            "recording too short" if too_short else "recording too long",
            where=path,
            expected=f"{WINDOW_S:g} to {MAX_DURATION_S:g} seconds",
            found=f"{seconds:g} seconds",
            hint="the models were trained on ten seconds; give at least as much" if too_short else "split it",
        )
