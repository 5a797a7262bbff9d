"""Recordings from anywhere, brought to what the models take: twelve leads in mV at 100 Hz, in windows of ten seconds.

In comes a WFDB record, a CSV file or a NumPy file of any usual sampling rate, unit, lead order and lead naming;
out come its windows and remarks about its quality. Nothing is guessed silently: what a file does not say has to be
given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import resample_poly

from ecglib.errors import InputError
from ecglib.ptbxl import LEADS
from ecglib.signals import SAMPLES, SAMPLING_RATE

TABLES = (".csv", ".npy", ".npz")
SUFFIXES = (".hea", ".dat", *TABLES)
RATES = (100.0, 1000.0)  # Hz, smallest and largest
SECONDS = SAMPLES / SAMPLING_RATE
UNITS = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3}  # two signs look like a Greek mu
_MOST_MISSING = 0.1  # share of a lead's samples that may be filled in
_LONGEST = 3600.0  # seconds of a recording: longer ones belong into pieces
_FLAT, _CLIPPED, _EINTHOVEN = 0.01, 0.05, 0.1  # mV; see `remarks`


@dataclass(frozen=True)
class Recording:
    """A recording as it was read.

    Attributes
    ----------
    name : what it is called in tables
    signal : float32 (samples, 12) in mV, leads in the order of LEADS; NaN where samples are missing
    rate : samples a second
    """

    name: str
    signal: np.ndarray
    rate: float


def read(path: Path, *, rate: float | None = None, units: str | None = None) -> Recording:
    """Read one recording: WFDB (.hea, .dat or the name without suffix), .csv, .npy or .npz.

    Parameters
    ----------
    path : CSV files have a row of lead names and a column each; a column "time" in seconds gives the sampling rate.
        .npy files hold (samples, 12) or (12, samples) in the order of LEADS; .npz files "signal" as that, and
        "rate", "leads" and "units" where they differ
    rate : of files that do not say it, in Hz
    units : of files that do not say it: mV, µV (or uV) or V

    Raises
    ------
    InputError : the file is missing, empty or of another format; leads are missing or doubled; the sampling rate is not
        between 100 and 1000 Hz or not known; the unit is not known; less than ten seconds; too many samples missing
    """
    path = Path(path)
    if path.suffix in TABLES:
        if not path.is_file():
            raise _missing(path)
        if path.stat().st_size == 0:
            raise InputError(
                "empty file", where=path, expected="a recording", found="0 bytes", mend="fetch or export it again"
            )
        found = (_csv if path.suffix == ".csv" else _numpy)(path)
    else:
        found = _wfdb(path)
    rate = found.rate or rate
    if rate is None:
        raise InputError(
            "sampling rate not known", where=path, expected="a rate in the file or given", found="neither",
            mend="give it, e.g. --rate 500",
        )  # fmt: skip
    if not RATES[0] <= rate <= RATES[1]:
        raise InputError(
            "sampling rate out of range", where=path, expected=f"{RATES[0]:g} to {RATES[1]:g} Hz", found=f"{rate:g} Hz",
            mend="resample the recording first, or correct its header",
        )  # fmt: skip
    factors = [_factor(unit, path) for unit in found.units or [units] * len(found.leads)]
    signal = (found.signal * np.asarray(factors))[:, _order(found.leads, path)].astype(np.float32)
    _check_length(path, len(signal), rate)
    share = np.isnan(signal).mean(axis=0)
    if share.max() > _MOST_MISSING:
        raise InputError(
            "too many samples missing", where=f"{path}, lead {LEADS[share.argmax()]}",
            expected=f"at most {_MOST_MISSING:.0%}", found=f"{share.max():.0%}", mend="give one without the gap",
        )  # fmt: skip
    return Recording(path.stem if path.suffix in SUFFIXES else path.name, signal, rate)


def windows(recording: Recording) -> np.ndarray:
    """Windows of ten seconds at 100 Hz: float32 (w, 1000, 12) in mV.

    They follow one another without overlap; where five seconds or more are left at the end, one more window takes the
    last ten seconds. Missing samples are joined by straight lines; other sampling rates are brought to 100 Hz by a
    polyphase filter, which keeps what is above 50 Hz from folding back.
    """
    signal = _filled(recording.signal)
    if recording.rate != SAMPLING_RATE:
        ratio = Fraction(SAMPLING_RATE / recording.rate).limit_denominator(1000)
        signal = resample_poly(signal, ratio.numerator, ratio.denominator, axis=0, padtype="line").astype(np.float32)
    whole, rest = divmod(len(signal), SAMPLES)
    starts = [SAMPLES * number for number in range(whole)]
    if whole == 0:  # resampling may round a record of ten seconds to a sample less
        signal = np.pad(signal, ((0, SAMPLES - rest), (0, 0)), mode="edge")
        starts = [0]
    elif rest >= SAMPLES // 2:
        starts.append(len(signal) - SAMPLES)
    return np.stack([signal[start : start + SAMPLES] for start in starts])


def remarks(recording: Recording) -> list[str]:
    """What speaks against trusting a recording: missing samples, flat or clipped leads, leads that do not fit."""
    found = []
    signal, missing = _filled(recording.signal), np.isnan(recording.signal).sum(axis=0)
    if missing.any():
        found.append(f"missing samples, filled in: {_named(missing > 0)}")
    leads = np.ascontiguousarray(signal.T)
    low, high = _ranked(leads, 0.01, 0.99)
    if (flat := high - low < _FLAT).any():
        found.append(f"flat: {_named(flat)}")
    if (clipped := _clipped(leads, recording.rate) & ~flat).any():
        found.append(f"clipped: {_named(clipped)}")
    one, two, three, avr, avl, avf = leads[:6]
    laws = {
        "I + III = II (Einthoven)": one + three - two,
        "aVR + aVL + aVF = 0 (Goldberger)": avr + avl + avf,
        "aVR = -(I + II) / 2": avr + (one + two) / 2,
    }
    rest = np.stack(list(laws.values()))
    (middle,) = _ranked(rest, 0.5)
    (spread,) = _ranked(np.abs(rest - middle[:, None]), 0.95)
    broken = spread > _EINTHOVEN
    return found + [f"leads break {law}: swapped or mixed up?" for law, yes in zip(laws, broken) if yes]


@dataclass(frozen=True)
class _Found:
    signal: np.ndarray
    leads: Sequence[str]
    rate: float | None
    units: Sequence[str] | None


def _wfdb(path: Path) -> _Found:
    import wfdb

    base = path.with_suffix("") if path.suffix in (".hea", ".dat") else path
    header = base.with_name(base.name + ".hea")
    if path.suffix == ".dat" and path.is_file() and not header.is_file():
        raise InputError(
            "no WFDB record", where=path, expected=f"{header.name} beside it", found="no such file",
            mend="put the header beside the signal file",
        )  # fmt: skip
    if not header.is_file():
        raise _missing(path)
    try:
        record = wfdb.rdrecord(str(base))
    except Exception as error:  # wfdb raises whatever its parsing meets
        raise InputError(
            "no WFDB record", where=header, expected="a WFDB header and its signal file",
            found=f"{type(error).__name__}: {error}".split("\n")[0][:200], mend="fetch or export the record again",
        ) from error  # fmt: skip
    if record.p_signal is None or not record.sig_name:
        raise InputError(
            "no signals in a WFDB record",
            where=header,
            expected="twelve leads",
            found="none",
            mend="give another record",
        )
    # wfdb leaves out what is not ASCII, so that µV comes as V; signal lines follow the record line, in order
    lines = [line for line in header.read_bytes().splitlines() if line.strip() and not line.startswith(b"#")]
    units = ["µV" if re.search(rb"[\xb5\xbc]V", line) else unit for line, unit in zip(lines[1:], record.units)]
    return _Found(record.p_signal, record.sig_name, float(record.fs), units)


def _csv(path: Path) -> _Found:
    try:
        table = pd.read_csv(path)
        values = table.apply(pd.to_numeric)
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InputError(
            "no table of numbers", where=path, expected="a row of lead names, then numbers",
            found=str(error).split("\n")[0][:200], mend="export it as CSV with commas and points",
        ) from error  # fmt: skip
    clock = next((name for name in values if str(name).strip().lower() in ("time", "t", "time_s", "seconds")), None)
    rate = None
    if clock is not None:
        step = float(np.median(np.diff(values[clock])))
        if not step > 0:
            raise InputError(
                "time that does not run", where=f"{path}, {clock}", expected="rising seconds", found=f"steps of {step}",
                mend="give the time of each sample in seconds",
            )  # fmt: skip
        rate = round(1 / step, 3)
    leads = values.drop(columns=clock) if clock is not None else values
    return _Found(leads.to_numpy(float), [str(name) for name in leads], rate, None)


def _numpy(path: Path) -> _Found:
    try:
        content = np.load(path, allow_pickle=False)
        kept = {"signal": content} if isinstance(content, np.ndarray) else dict(content)
        signal = np.asarray(kept["signal"], float)
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise InputError(
            "no NumPy file", where=path, expected=".npy, or .npz with an array named signal",
            found=str(error).split("\n")[0][:200], mend="save it with numpy.save or numpy.savez",
        ) from error  # fmt: skip
    leads = [str(name) for name in kept.get("leads", LEADS)]
    if signal.ndim == 2 and signal.shape[0] == len(leads) != signal.shape[1]:
        signal = signal.T
    if signal.ndim != 2 or signal.shape[1] != len(leads):
        raise InputError(
            "signal of another shape", where=path, expected=f"(samples, {len(leads)}) or ({len(leads)}, samples)",
            found=signal.shape, mend="give one column a lead",
        )  # fmt: skip
    units = [str(kept["units"])] * len(leads) if "units" in kept else None
    return _Found(signal, leads, float(kept["rate"]) if "rate" in kept else None, units)


def _order(names: Sequence[str], path: Path) -> list[int]:
    """Positions of the twelve leads among the names that were found; other channels are left aside."""
    plain = [name.strip().upper().removeprefix("LEAD").strip(" _-").removeprefix("MDC_ECG_LEAD_") for name in names]
    wanted = [lead.upper() for lead in LEADS]
    if missing := [lead for lead, name in zip(LEADS, wanted) if name not in plain]:
        limb = not {"III", "aVR", "aVL", "aVF"}.isdisjoint(missing) and {"I", "II"}.isdisjoint(missing)
        laws = "; from I and II follow III = II - I, aVR = -(I + II)/2, aVL = I - II/2, aVF = II - I/2"
        raise InputError(
            "leads missing", where=path, expected=" ".join(LEADS), found=" ".join(names)[:200],
            mend=f"add {' '.join(missing)}" + (laws if limb else ""),
        )  # fmt: skip
    if doubled := [name for name in wanted if plain.count(name) > 1]:
        raise InputError(
            "a lead that is there twice", where=path, expected="each lead once", found=" ".join(names)[:200],
            mend=f"keep one {doubled[0]}",
        )  # fmt: skip
    return [plain.index(name) for name in wanted]


def _factor(unit: str | None, path: Path) -> float:
    if unit is None or unit.strip().lower() not in UNITS:
        raise InputError(
            "unit not known", where=path, expected="mV, µV or V", found=unit or "none", mend="give it, e.g. --units mV"
        )
    return UNITS[unit.strip().lower()]


def _check_length(path: Path, samples: int, rate: float) -> None:
    seconds = samples / rate
    if samples == 0 or seconds < SECONDS - 0.5 / SAMPLING_RATE or seconds > _LONGEST:
        raise InputError(
            "recording too short" if seconds < SECONDS else "recording too long", where=path,
            expected=f"{SECONDS:g} to {_LONGEST:g} seconds", found=f"{seconds:g} seconds",
            mend="the models were trained on ten seconds; give at least as much" if seconds < SECONDS else "cut it",
        )  # fmt: skip


def _filled(signal: np.ndarray) -> np.ndarray:
    """Missing samples joined by straight lines."""
    if not np.isnan(signal).any():
        return signal
    return pd.DataFrame(signal).interpolate(limit_direction="both").to_numpy(np.float32)


def _ranked(leads: np.ndarray, *shares: float) -> list[np.ndarray]:
    """For each share the value of each row that it lies below, at a fraction of what numpy.percentile takes."""
    ordered = np.sort(leads, axis=1)
    return [ordered[:, round(share * (leads.shape[1] - 1))] for share in shares]


def _clipped(leads: np.ndarray, rate: float) -> np.ndarray:
    """bool (12,): whether a lead stays at its largest or smallest value for 30 ms or more, five times or more."""
    length, times = max(2, round(0.03 * rate)), 5
    low, high = leads.min(axis=1, keepdims=True), leads.max(axis=1, keepdims=True)
    at_end = (leads >= high - 1e-6) | (leads <= low + 1e-6)
    found = (at_end.sum(axis=1) >= times * length) & ((high - low)[:, 0] > _CLIPPED)
    for lead in np.flatnonzero(found):  # those that are there long enough: in pieces that are long enough?
        runs = np.diff(np.flatnonzero(np.diff(at_end[lead].astype(int), prepend=0, append=0)))[::2]
        found[lead] = (runs >= length).sum() >= times
    return found


def _named(mask: np.ndarray) -> str:
    return " ".join(np.asarray(LEADS)[mask])


def _missing(path: Path) -> InputError:
    return InputError(
        "recording missing", where=path, expected="WFDB (.hea and .dat), .csv, .npy or .npz", found="no such file",
        mend="check the path",
    )  # fmt: skip
