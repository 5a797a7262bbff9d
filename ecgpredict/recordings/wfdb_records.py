"""WFDB records: a header (.hea) and its signal files, read by the wfdb library.

Format: https://physionet.org/physiotools/wag/header-5.htm
"""

from __future__ import annotations

import re
from pathlib import Path

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import MAX_FILE_BYTES, RawRecording, check_size, unreadable

SUFFIXES = (".hea", ".dat", ".mat")  # .mat: signal files of PhysioNet's challenges, which MATLAB opens too
_MAX_HEADER_BYTES = 1_000_000
# FILE FORMATxFRAME:SKEW+OFFSET, the start of a signal line
_SIGNAL_LINE = re.compile(rb"\s*(\S*)\s+(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")
_MAX_DIGITS = 18  # of a number; Python refuses to convert thousands of digits
# bytes per sample of each format; FLAC files (508, 516, 524) are compressed
_BYTES = {
    b"8": 1,
    b"16": 2,
    b"24": 3,
    b"32": 4,
    b"61": 2,
    b"80": 1,
    b"160": 2,
    b"212": 1.5,
    b"310": 4 / 3,
    b"311": 4 / 3,
}
_HINT = "download or export the record again"


def read(path: Path) -> RawRecording:
    """Read a WFDB record by the path of its header, of its signal file (.dat or .mat), or without suffix.

    Raises
    ------
    InputError : header or signal file missing, or not readable
    """
    import wfdb

    base = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    header = base.with_name(base.name + ".hea")
    if not header.is_file():
        if path.is_file():
            raise unreadable(
                "WFDB record",
                path,
                expected=f"{header.name} next to it",
                found="no such file",
                hint="put the header next to the signal file",
            )
        raise missing(path)
    try:
        lines = _header_lines(header)
        _check_announced_size(header, lines)
        record = wfdb.rdrecord(str(base))
    except InputError:
        raise
    except Exception as error:  # wfdb does not catch the errors of its parser
        expected = "a WFDB header and its signal file"
        raise unreadable("WFDB record", header, expected=expected, found=error, hint=_HINT) from error
    if record.p_signal is None or not record.sig_name:
        raise InputError(
            "no signals in a WFDB record",
            where=header,
            expected="twelve leads",
            found="none",
            hint="choose another record",
        )
    # wfdb drops characters that are not ASCII and so reads µV as V; signal lines follow the record line, in order
    units = ["µV" if re.search(rb"[\xb5\xbc]V", line) else unit for line, unit in zip(lines[1:], record.units)]
    if b"/" in lines[0].split()[0]:  # the segments' own headers have the signal lines: V may have been µV
        units = [None if unit == "V" else unit for unit in record.units]
    return RawRecording(record.p_signal, [name or "" for name in record.sig_name], float(record.fs), units)


def missing(path: Path) -> InputError:
    """The error for a path without a recording."""
    return InputError(
        "recording missing",
        where=path,
        expected="a recording, or a WFDB record's name",
        found="no such file",
        hint="check the path",
    )


def _header_lines(header: Path) -> list[bytes]:
    """The header's lines without comments: the record line, then a line per signal or segment."""
    if (size := header.stat().st_size) > _MAX_HEADER_BYTES:
        raise unreadable(
            "WFDB record", header, expected=f"at most {_MAX_HEADER_BYTES:,} bytes", found=f"{size:,} bytes", hint=_HINT
        )
    lines = [line.strip() for line in header.read_bytes().splitlines()]
    lines = [line for line in lines if line and not line.startswith(b"#")]
    if not lines or not re.search(rb"[!-~]", lines[0]):
        raise unreadable(
            "WFDB record", header, expected="a record line: name, signals, rate, samples", found="none", hint=_HINT
        )
    return lines


def _check_announced_size(header: Path, lines: list[bytes]) -> None:
    """Reject a header that would make wfdb allocate far more than its signal files hold, or read something else."""
    name, *fields = lines[0].split()
    numbers = [_whole(number) for number in re.findall(rb"\d+", re.sub(rb"/\S*", b"", b" ".join(fields)))]
    signals, length = (_whole(fields[i]) if len(fields) > i and fields[i].isdigit() else 1 for i in (0, 2))
    if b"/" in name:  # the other lines are segments: a name and a length each
        lengths = [_whole(number) for line in lines[1:] for number in re.findall(rb"\s(\d+)", line)[:1]]
        check_size(header, max([max(length, sum(lengths)) * signals, *numbers]))
        segments = _whole(re.match(rb"\d*", name.split(b"/", 1)[1])[0] or b"0")
        if len(lines) - 1 < segments:
            raise unreadable(
                "WFDB record", header, expected=f"{segments:,} segment lines", found=f"{len(lines) - 1}", hint=_HINT
            )
        for segment in {line.split()[0] for line in lines[1:]}:
            _check_segment(header.parent / f"{segment.decode('ascii', 'ignore')}.hea")
        return
    matches = [match for line in lines[1:] if (match := _SIGNAL_LINE.match(line))]
    frame = max(signals, sum(_whole(match[3] or b"1") for match in matches))
    skew = max((_whole(match[4] or b"0") for match in matches), default=0)
    check_size(header, max([(length + skew) * frame, *numbers]))
    if len(lines) - 1 < signals:
        raise unreadable(
            "WFDB record", header, expected=f"{signals} signal lines", found=f"{len(lines) - 1}", hint=_HINT
        )
    for file in {match[1] for match in matches}:
        _check_signal_file(
            header.parent / file.decode("ascii", "ignore"), [one for one in matches if one[1] == file], length
        )


def _check_segment(header: Path) -> None:
    if not header.is_file():
        return  # a gap, or wfdb raises the error
    lines = _header_lines(header)
    if b"/" in lines[0].split()[0]:
        raise unreadable("WFDB record", header, expected="signals", found="segments within a segment", hint=_HINT)
    _check_announced_size(header, lines)


def _check_signal_file(file: Path, signals: list[re.Match], length: int) -> None:
    """Reject what is not a file, or a file shorter than `length` frames of its signals."""
    if not file.exists():
        return  # wfdb raises the error
    if not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
        raise unreadable(
            "WFDB record", file, expected="a signal file of at most 1 GB", found="something else", hint=_HINT
        )
    needed = length * sum(_BYTES.get(one[2], 0) * _whole(one[3] or b"1") for one in signals)
    needed += max(_whole(one[5] or b"0") for one in signals)
    if (size := file.stat().st_size) < needed - 4:  # the last bytes of packed formats may be left out
        raise unreadable(
            "WFDB record",
            file,
            expected=f"{needed:,.0f} bytes, as its header announces",
            found=f"{size:,} bytes",
            hint=_HINT,
        )


def _whole(digits: bytes) -> int:
    return int(digits[:_MAX_DIGITS])
