"""WFDB records: a header (.hea) and its signal files, read by the wfdb library.

Format: https://physionet.org/physiotools/wag/header-5.htm. The library is given what it needs of a header, in memory,
and the signal files with it: dates, file suffixes in names and characters that are not ASCII mislead its parser.
"""

from itertools import count
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import MAX_FILE_BYTES, RawRecording, check_size, parsing
from ecgpredict.recordings.wfdb_headers import (
    HINT,
    SUFFIXES,
    Header,
    Signal,
    header_of,
    not_wfdb,
    parse,
    sibling,
    where_is,
)

__all__ = ["SUFFIXES", "header_of", "missing", "read"]
# bytes per sample of each format; FLAC files (508, 516, 524) are compressed
_BYTES = {"8": 1, "16": 2, "24": 3, "32": 4, "61": 2, "80": 1, "160": 2, "212": 1.5, "310": 4 / 3, "311": 4 / 3}
_MEMORY = "memory://"
_numbers = count()


def read(path: Path) -> RawRecording:
    """Read a WFDB record by the path of its header, of its signal file (.dat or .mat), or without suffix.

    Raises
    ------
    InputError : header or signal file missing, or not readable; signals without a gain; segments of different units
    """
    path_of_header = header_of(path)
    if not path_of_header.is_file():
        if path.is_file():
            raise not_wfdb(path, "no such file", f"{path_of_header.name} next to it")
        raise missing(path)
    with parsing("WFDB record", path_of_header, expected="a WFDB header and its signal file", hint=HINT):
        header = parse(path_of_header)
        segments = {
            name: parse(place)
            for name, _ in header.segments
            if name != "~" and (place := where_is(path_of_header, f"{name}.hea")).is_file()
        }
        return _read(header, segments)


def missing(path: Path) -> InputError:
    """The error for a path without a recording."""
    expected = "a recording, or a WFDB record's name"
    return InputError("recording missing", where=path, expected=expected, found="no such file", hint="check the path")


def _read(header: Header, segments: dict[str, Header]) -> RawRecording:
    import fsspec
    import wfdb
    from wfdb.io._coreio import CLOUD_PROTOCOLS  # what wfdb opens by fsspec, to which memory is added

    if _MEMORY not in CLOUD_PROTOCOLS:
        CLOUD_PROTOCOLS.append(_MEMORY)
    _check_sizes(header, segments)
    memory, folder = fsspec.filesystem("memory"), f"{_MEMORY}ecgpredict{next(_numbers)}"
    try:
        names = {name: f"s{number}" for number, name in enumerate(segments)}
        for one, target in [(header, "record"), *((segments[name], names[name]) for name in segments)]:
            files = {signal.file: f"{target}f{number}" for number, signal in enumerate(one.signals)} | {"~": "~"}
            memory.pipe_file(f"{folder}/{target}.hea", one.text(target, files, names).encode())
            for file, copy in files.items():
                if file != "~":
                    memory.pipe_file(f"{folder}/{copy}", sibling(one.path, file).read_bytes())
        frames = {signal.frame for signal in header.signals}
        if not segments:
            notes, record = _checked(wfdb, folder, "record", header)
            if frames == {1}:
                signal, rate = record.dac(), header.rate
            else:  # several samples a frame, or wfdb averages those of signals that have more than others
                even = len(frames) == 1
                record = wfdb.rdrecord(f"{folder}/record", smooth_frames=not even)
                signal = np.stack(record.e_p_signal, axis=1) if even else record.p_signal
                rate = header.rate and header.rate * (max(frames) if even else 1)
            return RawRecording(signal, header.names, rate, header.units, notes)
        notes = [note for name, target in names.items() for note in _checked(wfdb, folder, target, segments[name])[0]]
        record = wfdb.rdrecord(f"{folder}/record")
        units: dict[str, str] = {}
        for one in segments.values():
            for name, unit in zip(one.names, one.units):
                if units.setdefault(name, unit) != unit:
                    where, found = f"{header.path}, {name}", f"{units[name]} and {unit}"
                    problem, hint = "segments with different units", "convert the segments to one unit"
                    raise InputError(problem, where=where, expected="one unit", found=found, hint=hint)
        leads = [name or "" for name in record.sig_name]
        return RawRecording(record.p_signal, leads, header.rate, [units.get(name) for name in leads], notes[:1])
    finally:
        if memory.exists(folder):
            memory.rm(folder, recursive=True)


def _checked(wfdb, folder: str, target: str, header: Header) -> tuple[list[str], object]:
    """A note if a signal file disagrees with its header's checksums; and the record, in digits."""
    if not header.signals or any(one.format == "0" for one in header.signals):
        return [], None
    record = wfdb.rdrecord(f"{folder}/{target}", physical=False)
    plain = all(one.frame == 1 and one.skew == 0 for one in header.signals)
    stated = [one.checksum for one in header.signals]
    if not plain or not any(stated):  # all 0: a converter that did not compute them
        return [], record
    wrong = [
        one.name
        for one, found in zip(header.signals, record.calc_checksum())
        if one.checksum is not None and (one.checksum - found) % 65536
    ]
    return [f"signal file disagrees with its header's checksum, damaged? {' '.join(wrong)}"] if wrong else [], record


def _check_sizes(header: Header, segments: dict[str, Header]) -> None:
    """Reject a header that would make wfdb allocate far more than its signal files hold, or read something else."""
    if header.segments:
        total = max(header.length or 0, sum(length for _, length in header.segments))
        check_size(header.path, total * header.count)
        for one in segments.values():
            if one.segments:
                raise not_wfdb(one.path, "segments within a segment", "signals")
            _check_sizes(one, {})
        return
    frame = sum(one.frame for one in header.signals)
    skew = max(one.skew for one in header.signals)
    check_size(header.path, max(((header.length or 0) + skew) * frame, *(one.offset for one in header.signals)))
    for file in {one.file for one in header.signals} - {"~"}:
        _check_signal_file(
            sibling(header.path, file), [one for one in header.signals if one.file == file], header.length or 0
        )


def _check_signal_file(file: Path, signals: list[Signal], length: int) -> None:
    """Reject what is not a file, or a file shorter than `length` frames of its signals."""
    if not file.exists():
        raise not_wfdb(file, "no such file", "the signal file of its header")
    if not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
        raise not_wfdb(file, "something else", "a signal file of at most 1 GB")
    needed = length * sum(_BYTES.get(one.format, 0) * one.frame for one in signals)
    needed += max(one.offset for one in signals)
    if (size := file.stat().st_size) < needed - 4:  # the last bytes of packed formats may be left out
        raise not_wfdb(file, f"{size:,} bytes", f"{needed:,.0f} bytes, as its header announces")
