"""Headers of WFDB records: what they say, and as the wfdb library understands them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import MAX_VALUES, check_size, unreadable

SUFFIXES = (".hea", ".dat", ".mat")  # .mat: signal files of PhysioNet's challenges, which MATLAB opens too
HINT = "download or export the record again"
_MAX_BYTES = 1_000_000
_MAX_DIGITS = 18  # of a number; Python refuses to convert thousands of digits
# name/segments, signals, rate/counter, samples; then a clock time and a date
_RECORD_LINE = re.compile(r"(\S+?)(?:/(\d+))?\s+(\d+)(?:\s+(\d+\.?\d*|\.\d+)(?:/\S*)?(?:\s+(\d+)(?=\s|$))?)?(?:\s|$)")
# file, format x frame : skew + offset, gain (baseline) / unit, and the rest
_SIGNAL_LINE = re.compile(r"(\S+)\s+(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?(?:\s+(\S+)(.*))?$")
_GAIN = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:\((-?\d+)\))?(?:/(\S+))?", re.IGNORECASE)
# resolution, ADC zero, first value, checksum, block size, description
_REST = re.compile(5 * r"(?:\s+(-?\d+)(?=\s|$))?" + r"\s*(.*)")


@dataclass(frozen=True)
class Signal:
    """A signal line; `tail` is what follows its unit, in ASCII."""

    file: str
    format: str
    frame: int
    skew: int
    offset: int
    gain: str
    baseline: str | None
    unit: str
    checksum: int | None
    name: str
    tail: str


@dataclass(frozen=True)
class Header:
    """A header: signals, or segments as (name, length); rate and length are None where it does not state them."""

    path: Path
    count: int
    rate: float | None
    length: int | None
    signals: list[Signal] = field(default_factory=list)
    segments: list[tuple[str, int]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [signal.name for signal in self.signals]

    @property
    def units(self) -> list[str]:
        return [signal.unit for signal in self.signals]

    def text(self, name: str, files: dict[str, str], segments: dict[str, str]) -> str:
        """The header for wfdb, with other names for the record, its signal files and its segments."""
        parts = f"/{len(self.segments)}" if self.segments else ""
        lines = [f"{name}{parts} {self.count} {self.rate or 250:.10g} {'' if self.length is None else self.length}"]
        for one in self.signals:
            how = f"{one.format}x{one.frame}:{one.skew}+{one.offset}"
            baseline = "" if one.baseline is None else f"({one.baseline})"
            lines.append(f"{files[one.file]} {how} {one.gain}{baseline}/mV{one.tail}")
        lines += [f"{segments.get(segment, '~')} {length}" for segment, length in self.segments]
        return "\n".join(lines) + "\n"


def header_of(path: Path) -> Path:
    """Where the header of a record is: of its name, of its signal file, or the file itself."""
    if path.suffix.lower() == ".hea" and path.is_file():
        return path
    base = path.stem if path.suffix.lower() in SUFFIXES else path.name
    return where_is(path, f"{base}.hea")


def where_is(beside: Path, name: str) -> Path:
    """The file of this name in the folder of another; of another case where the name itself is missing (REC.HEA)."""
    path = beside.with_name(name)
    if not path.exists() and beside.parent.is_dir():
        path = next((one for one in beside.parent.iterdir() if one.name.lower() == name.lower()), path)
    return path


def sibling(header: Path, file: str) -> Path:
    """A header's signal file, which lies in its folder; an InputError for a name that leads elsewhere."""
    if file in (".", "..") or re.search(r"[/\\:\0]", file):
        raise not_wfdb(header, file, "signal files next to the header")
    return where_is(header, file)


def parse(path: Path) -> Header:
    """Read a header.

    Raises
    ------
    InputError : not such a file; fewer lines than it announces; a signal without a gain
    """
    if (size := path.stat().st_size) > _MAX_BYTES:
        raise not_wfdb(path, f"{size:,} bytes", f"at most {_MAX_BYTES:,} bytes")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    match = _RECORD_LINE.match(lines[0]) if lines else None
    if match is None:
        found = ascii(lines[0]) if lines else "none"
        raise not_wfdb(path, found, "a record line: name, signals, rate, samples")
    _, segments, count, rate, length = match.groups()
    count, length = _whole(count), None if length is None else _whole(length)
    check_size(path, count * max(1, length or 0))
    rate = None if rate is None else float(rate)
    announced = count if segments is None else _whole(segments)
    kind = "signal" if segments is None else "segment"
    if len(lines) - 1 < announced:
        raise not_wfdb(path, f"{len(lines) - 1}", f"{announced:,} {kind} lines")
    if not announced:
        raise not_wfdb(path, "no signals", "leads")
    lines = lines[1 : 1 + announced]
    if segments is None:
        return Header(path, count, rate, length, signals=[_signal(line, path) for line in lines])
    parts = [re.fullmatch(r"(\S+)\s+(\d+).*", line) for line in lines]
    if None in parts:
        raise not_wfdb(path, lines[parts.index(None)], "segment lines: a name and a length")
    return Header(path, count, rate, length, segments=[(part[1], _whole(part[2])) for part in parts])


def _signal(line: str, path: Path) -> Signal:
    match = _SIGNAL_LINE.match(line)
    if match is None:
        raise not_wfdb(path, ascii(line), "signal lines: file, format, gain")
    file, form, frame, skew, offset, gain_field, rest = match.groups()
    gain = _GAIN.fullmatch(gain_field or "")
    if gain is None or not 0 < abs(float(gain[1])) < float("inf"):
        expected = "a gain other than 0, e.g. 1000(0)/mV"
        hint = "write the gain, its baseline in brackets and its unit into the header"
        raise InputError("no gain", where=f"{path}, {file}", expected=expected, found=gain_field or "none", hint=hint)
    # a minus of another kind is a minus; other characters that are not ASCII are dropped, as wfdb does
    rest = re.sub("[−–]", "-", rest).encode("ascii", "ignore").decode()
    *_, checksum, _, name = _REST.match(rest).groups()
    numbers = [_whole(one) for one in (frame or "1", skew, offset)]
    if max(numbers) > MAX_VALUES or numbers[0] == 0:
        check_size(path, max(numbers))
        raise not_wfdb(path, ascii(line), "samples in each frame")
    checksum = None if checksum is None else _whole(checksum)
    return Signal(file, form, *numbers, gain[1], gain[2], gain[3] or "mV", checksum, name.strip(), rest)


def _whole(digits: str | None) -> int:
    return int((digits or "0")[:_MAX_DIGITS])


def not_wfdb(path: Path, found: object, expected: str) -> InputError:
    """The error of a record that cannot be read."""
    return unreadable("WFDB record", path, expected=expected, found=found, hint=HINT)
