"""WFDB records: a header (.hea) and its signal files, read by the wfdb library.

Format: https://physionet.org/physiotools/wag/header-5.htm
"""

from __future__ import annotations

import re
from pathlib import Path

from ecglib.deployment.recordings.raw import MAX_FILE_BYTES, RawRecording, check_size, unreadable
from ecglib.errors import InputError

SUFFIXES = (".hea", ".dat")
_MAX_HEADER_BYTES = 1_000_000
# FILE FORMATxFRAME:SKEW+OFFSET, the start of a signal line
_SIGNAL_LINE = re.compile(rb"\s*(\S*)\s+\d+(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")
_HINT = "download or export the record again"


def read(path: Path) -> RawRecording:
    """Read a WFDB record by the path of its header, of its signal file, or without suffix.

    Raises
    ------
    InputError : header or signal file missing, or not readable
    """
    import wfdb

    base = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    header = base.with_name(base.name + ".hea")
    if not header.is_file():
        if path.is_file():
            raise unreadable("WFDB record", path, expected=f"{header.name} next to it", found="no such file",
                             hint="put the header next to the signal file")  # fmt: skip
        raise missing(path)
    lines = _header_lines(header)
    _check_announced_size(header, lines)
    try:
        record = wfdb.rdrecord(str(base))
    except Exception as error:  # wfdb lets through whatever its parsing meets
        expected = "a WFDB header and its signal file"
        raise unreadable("WFDB record", header, expected=expected, found=error, hint=_HINT) from error
    if record.p_signal is None or not record.sig_name:
        raise InputError(
            "no signals in a WFDB record", where=header, expected="twelve leads", found="none",
            hint="choose another record",
        )  # fmt: skip
    # wfdb drops characters that are not ASCII and so reads µV as V; signal lines follow the record line, in order
    units = ["µV" if re.search(rb"[\xb5\xbc]V", line) else unit for line, unit in zip(lines[1:], record.units)]
    if b"/" in lines[0].split()[0]:  # the segments' own headers have the signal lines: V may have been µV
        units = [None if unit == "V" else unit for unit in record.units]
    return RawRecording(record.p_signal, [name or "" for name in record.sig_name], float(record.fs), units)


def missing(path: Path) -> InputError:
    """The error of a path where no recording is."""
    return InputError(
        "recording missing", where=path, expected="a recording, or a WFDB record's name", found="no such file",
        hint="check the path",
    )  # fmt: skip


def _header_lines(header: Path) -> list[bytes]:
    """The header's lines without comments: the record line, then a line per signal or segment."""
    if (size := header.stat().st_size) > _MAX_HEADER_BYTES:
        raise unreadable(
            "WFDB record", header, expected=f"at most {_MAX_HEADER_BYTES:,} bytes", found=f"{size:,} bytes", hint=_HINT
        )
    lines = [line.strip() for line in header.read_bytes().splitlines()]
    return [line for line in lines if line and not line.startswith(b"#")]


def _check_announced_size(header: Path, lines: list[bytes]) -> None:
    """Refuse a header that would make wfdb allocate far more than its signal files hold, or read what is no file."""
    name, *fields = lines[0].split() if lines else [b""]
    numbers = [int(number) for number in re.findall(rb"\d+", re.sub(rb"/\S*", b"", b" ".join(fields)))]
    signals, length = (int(fields[i]) if len(fields) > i and fields[i].isdigit() else 1 for i in (0, 2))
    if b"/" in name:  # the other lines are segments: a name and a length each
        length = max(length, sum(int(number) for line in lines[1:] for number in re.findall(rb"\s(\d+)", line)[:1]))
        check_size(header, max([length * signals, *numbers]))
        return
    matches = [match for line in lines[1:] if (match := _SIGNAL_LINE.match(line))]
    frame = max(signals, sum(int(match[2] or 1) for match in matches))
    skew = max((int(match[3] or 0) for match in matches), default=0)
    check_size(header, max([(length + skew) * frame, *numbers]))
    for file in {header.parent / match[1].decode("ascii", "ignore") for match in matches}:
        if file.exists() and (not file.is_file() or file.stat().st_size > MAX_FILE_BYTES):
            raise unreadable(
                "WFDB record", file, expected="a signal file of at most 1 GB", found="something else", hint=_HINT
            )
