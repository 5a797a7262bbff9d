"""EDF, EDF+ and BDF files, read by the edfio library.

Formats: https://www.edfplus.info/specs/edf.html, https://www.biosemi.com/faq/file_format.htm
"""

from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import (
    MAX_CHANNELS,
    RawRecording,
    check_size,
    is_standard_lead,
    optional,
    parsing,
    unreadable,
)

SUFFIXES = (".edf", ".bdf")
_BYTES = {".edf": 2, ".bdf": 3}  # per sample
_HEADER_BYTES = 256  # and as many for each signal
_HINT = "export it again, as EDF+C"


def read(path: Path) -> RawRecording:
    """Read an EDF or BDF file: its leads, which need a common sampling rate; other signals are ignored.

    Raises
    ------
    InputError : not such a file; shorter than its header announces; recorded with interruptions (EDF+D); leads
        with different sampling rates or without a gain
    """
    edfio = optional("edfio", path)
    with parsing("EDF file", path, expected="an EDF, EDF+ or BDF header and its signals", hint=_HINT):
        _check_header(path)
        source = path if isinstance(path, Path) else path.read_bytes()  # in an archive
        file = (edfio.read_bdf if path.suffix.lower() == ".bdf" else edfio.read_edf)(source, header_encoding="latin-1")
        if file.reserved[:5] in ("EDF+D", "BDF+D") and not file.is_continuous:
            raise _unreadable(path, f"{file.reserved[:5]}, with interruptions", "one recording without interruptions")
        signals = [signal for signal in file.signals if is_standard_lead(signal.label)] or list(file.signals)
        rates = {signal.samples_per_data_record / file.data_record_duration for signal in signals}
        ranges = [(*signal.physical_range, *signal.digital_range) for signal in signals]
    if len(rates) != 1:
        found, hint = ", ".join(f"{rate:g} Hz" for rate in sorted(rates)) or "no signals", "resample the leads first"
        raise InputError("leads with different sampling rates", where=path, expected="one rate", found=found, hint=hint)
    for signal, (low, high, first, last) in zip(signals, ranges):
        if not (np.isfinite([low, high]).all() and low != high and first < last):
            where, found = f"{path}, {signal.label}", f"{low:g} to {high:g} for {first} to {last}"
            expected = "different physical and digital limits"
            raise InputError("no gain", where=where, expected=expected, found=found, hint=_HINT)
    signal = np.stack([one.data.astype(np.float32) for one in signals], axis=1)
    return RawRecording(signal, [one.label for one in signals], rates.pop(), [_unit(one) for one in signals])


def _unit(signal) -> str:
    """A signal's dimension; µV in UTF-8, as some devices write it, has two bytes for its first letter."""
    return signal.physical_dimension.encode("latin-1").decode("utf-8", "replace").replace("\ufffdV", "µV")


def _check_header(path: Path) -> None:
    """Reject what edfio would read otherwise than its header announces, or would need much memory for."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES).decode("latin-1")
        signals = int(header[252:256])
        if not 0 < signals <= MAX_CHANNELS:
            raise _unreadable(path, f"{signals} signals", f"1 to {MAX_CHANNELS} signals")
        fields = file.read(_HEADER_BYTES * signals).decode("latin-1")
    samples = fields[216 * signals : 224 * signals]
    per_record = sum(int(samples[8 * i : 8 * i + 8]) for i in range(signals))
    records, start = int(header[236:244]), _HEADER_BYTES * (signals + 1)
    if int(header[184:192]) != start:
        raise _unreadable(path, f"a header of {header[184:192].strip()} bytes", f"a header of {start} bytes")
    if not float(header[244:252]) > 0:
        raise _unreadable(path, f"records of {header[244:252].strip()} s", "a duration of each data record")
    size, sample = path.stat().st_size - start, _BYTES[path.suffix.lower()]
    check_size(path, size // sample)
    needed = max(records, 1) * per_record * sample  # -1 records: the device did not know yet
    if per_record <= 0 or size < needed:
        raise _unreadable(path, f"{size:,} bytes of signal", f"{needed:,} bytes of signal, as its header announces")


def _unreadable(path: Path, found: object, expected: str) -> InputError:
    return unreadable("EDF file", path, expected=expected, found=found, hint=_HINT)
