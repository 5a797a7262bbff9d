"""Reading one recording: its format's reader, then leads in order, in mV, and the checks that all formats share."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings import csv_tables, device_files, dicom, edf, numpy_files, wfdb_records, zips
from ecgpredict.recordings.raw import (
    MAX_DURATION_S,
    MAX_FILE_BYTES,
    MAX_RATE_HZ,
    RawRecording,
    Recording,
    check_size,
    parsing,
    plain_lead,
)
from ecgpredict.recordings.resampling import WINDOW_S
from ecgpredict.spec import LEADS, SAMPLING_RATE, positions

# suffix -> reader; any other path is a WFDB record's name
READERS: dict[str, Callable[[Path], RawRecording]] = {
    suffix: module.read for module in (csv_tables, numpy_files, dicom, edf, device_files) for suffix in module.SUFFIXES
}
FILE_SUFFIXES = (".hea", *READERS)  # each stands for one recording of a folder
_PICTURE = "a picture or a printed page", "export the recording itself, as DICOM, HL7 aECG or the device's XML"
_TABLE = "another kind of table", "save it as .csv: lead names, then a row a sample, with commas and decimal points"
_PACKED = "a compressed file", "unpack it, or make it a .zip file"
# suffix -> what such a file is, and what to give instead
OTHER_FORMATS = {
    **dict.fromkeys((".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".svg"), _PICTURE),
    **dict.fromkeys((".txt", ".tsv", ".xls", ".xlsx", ".ods", ".parquet"), _TABLE),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz"), _PACKED),
    **dict.fromkeys((".h5", ".hdf5"), ("HDF5", "save each recording as .npz, with signal, leads, rate and units")),
    ".rec": ("EDF under another name, or a device's own format", "rename EDF to .edf; export another as DICOM or XML"),
    ".ecg": ("a device's own format", "rename SCP-ECG to .scp, EDF to .edf; export another as DICOM or XML"),
    ".json": ("JSON", "save each recording as .npz or .csv"),
}
MIN_RATE_HZ = 100.0
# two characters look like a Greek mu
MV_PER_UNIT = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3, "nv": 1e-6}
# the limb leads as sums of I and II: any two of them give the other four
_LIMB = dict(zip(LEADS, ((1, 0), (0, 1), (-1, 1), (-0.5, -0.5), (1, -0.5), (-0.5, 1))))
_MAX_MISSING_FRACTION = 0.1  # of a lead's samples
_MAX_AMPLITUDE_MV = 10_000.0  # no electrode gives 10 V: the unit or the gain is wrong


def read(
    path: Path, *, rate: float | None = None, units: str | None = None, taken: Sequence[Sequence[str]] = (LEADS,)
) -> Recording:
    """Read one recording.

    Parameters
    ----------
    path : a WFDB record (.hea, .dat, .mat or the name without suffix), a file with a suffix of FILE_SUFFIXES, a
        DICOM file of any name, or any of these in a zip archive, as "a.zip/record.hea"
    rate : in Hz, for files that do not state it
    units : mV, µV (or uV) or V, for files that do not state it
    taken : the sets of leads of which it needs one; limb leads are computed from any two of them

    Raises
    ------
    InputError : the file is missing, empty or unreadable for any reason; leads are missing or duplicated;
        the sampling rate is unknown or not between 100 and 1000 Hz; the unit is unknown; the recording is shorter than
        ten seconds or longer than an hour; too many samples are missing; amplitudes are impossible
    """
    path = Path(path)
    known = parsing("recording", path, expected="a recording of a known format", hint="export it again")
    with known, np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a library's warning about a header that is read nevertheless
        return _standardize(_read_raw(zips.member(path)), path, rate, units, taken)


def _read_raw(path: Path | zips.Member) -> RawRecording:
    suffix = path.suffix.lower()
    reader = READERS.get(suffix)
    if reader is None and suffix not in wfdb_records.SUFFIXES and path.is_file():
        if dicom.recognizes(path):
            reader = dicom.read
        elif not wfdb_records.header_of(path).is_file() and (suffix in OTHER_FORMATS or suffix == zips.SUFFIX):
            raise _not_read(path, suffix)
    if reader is None:
        return wfdb_records.read(path)
    if not path.is_file():
        raise wfdb_records.missing(path)
    size = path.stat().st_size
    if size == 0:
        hint = "download or export it again"
        raise InputError("empty file", where=path, expected="a recording", found="0 bytes", hint=hint)
    if size > MAX_FILE_BYTES:
        check_size(path, size)
    return reader(path)


def _not_read(path: Path, suffix: str) -> InputError:
    what, hint = OTHER_FORMATS.get(suffix, ("an archive without recordings", "give one that holds recordings"))
    if suffix == zips.SUFFIX:
        zips.members(path)  # of a damaged archive this raises the error
    expected = f"a WFDB record, {', '.join(READERS)}, or a zip file of these"
    return InputError("a format that is not read", where=path, expected=expected, found=f"{suffix}, {what}", hint=hint)


def _standardize(
    raw: RawRecording, path: Path, rate: float | None, units: str | None, taken: Sequence[Sequence[str]]
) -> Recording:
    rate = rate if raw.rate is None else raw.rate
    if rate is None:
        expected, hint = "a rate in the file, or given", "give it, e.g. --rate 500"
        raise InputError("unknown sampling rate", where=path, expected=expected, found="neither", hint=hint)
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        expected = f"{MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz"
        hint = "resample the recording first, or correct its header; times are in seconds"
        raise InputError("sampling rate out of range", where=path, expected=expected, found=f"{rate:g} Hz", hint=hint)
    _check_duration(path, len(raw.signal), rate)
    notes = list(raw.notes)
    signal = np.full((len(raw.signal), len(LEADS)), np.nan, np.float32)
    stored = _lead_positions(raw.leads, path, taken)
    for lead, (position, sign) in stored.items():  # one by one: an hour takes hundreds of MB
        factor = sign * _mv_per_unit((raw.units or [None] * len(raw.leads))[position], units, path)
        signal[:, LEADS.index(lead)] = raw.signal[:, position].astype(float) * factor
        if sign < 0:
            notes.append(f"{lead} computed from the inverted lead that the file stores")
    pair, derived = [lead for lead in stored if lead in _LIMB][:2], [lead for lead in _LIMB if lead not in stored]
    if len(pair) == 2 and derived:
        weights = np.array([_LIMB[lead] for lead in derived]) @ np.linalg.inv([_LIMB[lead] for lead in pair])
        signal[:, positions(derived)] = signal[:, positions(pair)] @ weights.T.astype(np.float32)
        notes.append(f"{' '.join(derived)} computed from {' and '.join(pair)}")
    signal[~np.isfinite(signal)] = np.nan
    missing = np.isnan(signal).mean(axis=0) * [lead in stored for lead in LEADS]
    if missing.max() > _MAX_MISSING_FRACTION:
        where, hint = f"{path}, lead {LEADS[missing.argmax()]}", "give a recording without the gap"
        expected, found = f"at most {_MAX_MISSING_FRACTION:.0%}", f"{missing.max():.0%}"
        raise InputError("too many samples missing", where=where, expected=expected, found=found, hint=hint)
    if (largest := float(np.nanmax(np.abs(signal)))) > _MAX_AMPLITUDE_MV:
        expected, hint = f"at most {_MAX_AMPLITUDE_MV:,.0f} mV", "correct the unit or the gain"
        raise InputError("impossible amplitude", where=path, expected=expected, found=f"{largest:.3g} mV", hint=hint)
    stem = path.suffix.lower() in (*READERS, *wfdb_records.SUFFIXES)
    return Recording(path.stem if stem else path.name, signal, float(rate), tuple(notes))


def _lead_positions(names: Sequence[str], path: Path, taken: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    """{lead: (position among the channels, 1 or, where only the inverted lead is stored, -1)}.

    Other channels are ignored. An InputError where no set of leads is whole, after computing limb leads.
    """
    plain, found = [plain_lead(name) for name in names], " ".join(names)[:200] or "none"
    stored: dict[str, tuple[int, int]] = {}
    for lead in LEADS:
        for name, sign in ((lead.upper(), 1), (f"-{lead.upper()}", -1)):
            if plain.count(name) > 1:
                expected, hint = "each lead once", f"keep one {lead}"
                raise InputError("duplicate lead", where=path, expected=expected, found=found, hint=hint)
            if name in plain:
                stored.setdefault(lead, (plain.index(name), sign))
    limb = _LIMB.keys() & stored.keys()
    present = stored.keys() | (_LIMB if len(limb) > 1 else ())
    missing = min(([lead for lead in leads if lead not in present] for leads in taken), key=len)
    if missing:
        expected, hint = "; or ".join(dict.fromkeys(map(_in_words, taken))), f"add {_in_words(missing)}"
        raise InputError("leads missing", where=path, expected=expected, found=found, hint=hint)
    return stored


def _in_words(leads: Sequence[str]) -> str:
    others = [lead for lead in leads if lead not in _LIMB]
    return " ".join(["any two limb leads", *others] if len(leads) - len(others) > 1 else leads)


def _mv_per_unit(stated: str | None, given: str | None, path: Path) -> float:
    """Millivolts per unit, of what the file states or, where it states none, of what is given."""
    unit = (stated or "").strip() or (given or "").strip()
    if unit.lower() not in MV_PER_UNIT:
        hint = f"convert the recording: its file states {unit}" if stated else "give it, e.g. --units mV"
        raise InputError("unknown unit", where=path, expected="mV, µV or V", found=unit or "none", hint=hint)
    return MV_PER_UNIT[unit.lower()]


def _check_duration(path: Path, n_samples: int, rate: float) -> None:
    seconds = n_samples / rate
    too_short = n_samples == 0 or seconds < WINDOW_S - 0.5 / SAMPLING_RATE
    if too_short or seconds > MAX_DURATION_S:
        problem = f"recording too {'short' if too_short else 'long'}"
        hint = "the models were trained on ten seconds; give at least as much" if too_short else "split it"
        expected, found = f"{WINDOW_S:g} to {MAX_DURATION_S:g} seconds", f"{seconds:g} seconds"
        raise InputError(problem, where=path, expected=expected, found=found, hint=hint)
