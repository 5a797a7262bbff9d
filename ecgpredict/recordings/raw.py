"""What a reader returns, what reading returns, and the names, limits and errors that all readers share."""

import importlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS

MAX_DURATION_S, MAX_RATE_HZ = 3600.0, 1000.0
MAX_VALUES = 50_000_000  # an hour of twelve leads at 1000 Hz is 43 million
MAX_FILE_BYTES = 1_000_000_000
MAX_CHANNELS = 256
_LEAD_PREFIX = re.compile(r"^((MDC_ECG_LEAD_|LEAD|E[CK]G(?=[ _-]))([ _]|(?<=[A-Z])-|-(?=\s))*)+")
_INVERTED = re.compile(r"[ _(-]*(INVERTED|INV|NEGATIVE|NEG)(?![A-Z])[ _)-]*")
_STANDARD = {lead.upper() for lead in LEADS}


@dataclass(frozen=True)
class RawRecording:
    """The content of a file, before leads and units are standardized.

    Attributes
    ----------
    signal : numbers (samples, channels), NaN where samples are missing
    leads : the name of each channel
    rate : samples per second, or None where the file does not state it
    units : the unit of each channel, empty or None where the file does not state it; None where it states none at all
    notes : what to tell about the file, e.g. that a checksum disagrees
    """

    signal: np.ndarray
    leads: Sequence[str]
    rate: float | None = None
    units: Sequence[str | None] | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Recording:
    """A recording with its leads in order; all twelve, or those of a model that takes fewer.

    Attributes
    ----------
    name : the file name without suffix
    signal : float32 (samples, 12) in mV, leads in the order of LEADS; NaN where samples are missing, and throughout
        for a lead that the recording does not have
    rate : samples per second
    notes : what was computed or is doubtful; the first of the recording's quality warnings
    """

    name: str
    signal: np.ndarray
    rate: float
    notes: tuple[str, ...] = ()

    @cached_property
    def absent(self) -> np.ndarray:
        """bool (12,): the leads that the recording does not have."""
        return np.isnan(self.signal).all(axis=0)


def unreadable(kind: str, path: Path, *, expected: str, found: object, hint: str) -> InputError:
    """The error of a file that a reader could not parse; `found` is cut to one line of 200 characters."""
    if isinstance(found, Exception):
        found = f"{type(found).__name__}: {found}"
    line = (str(found).strip().split("\n") or [""])[0][:200]
    return InputError(f"unreadable {kind}", where=path, expected=expected, found=line, hint=hint)


@contextmanager
def parsing(kind: str, path: Path, *, expected: str, hint: str) -> Iterator[None]:
    """That error for whatever is raised inside: a damaged file can cause any in a parser, even MemoryError."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise unreadable(kind, path, expected=expected, found=error, hint=hint) from error


def check_size(path: Path, values: int) -> None:
    """An InputError, before memory is allocated, for a file whose header announces more than MAX_VALUES."""
    if not 0 <= values <= MAX_VALUES:
        expected, hint = f"at most {MAX_VALUES:,} values", "split the recording, or correct its header"
        raise InputError("recording too large", where=path, expected=expected, found=f"{values:,} announced", hint=hint)


def plain_lead(name: str) -> str:
    """A lead's name in upper case without prefix, and with a minus where it is inverted.

    "ECG Lead aVR" and "MDC_ECG_LEAD_AVR" are "AVR"; "-aVR", "MDC_ECG_LEAD_AVRNEG" and "aVR (inverted)" are "-AVR".
    """
    text = _LEAD_PREFIX.sub("", re.sub("[−–]", "-", name).strip().upper())
    lead = re.sub(r"NEG$", "", _INVERTED.sub("", text))
    inverted = lead != text or lead.startswith("-")
    return "-" * inverted + lead.lstrip("-_ ").rstrip("_ ")


def is_standard_lead(name: str) -> bool:
    """Whether a channel is one of the twelve leads, possibly inverted."""
    return plain_lead(name).removeprefix("-") in _STANDARD


def optional(module: str, path: Path) -> ModuleType:
    """A module of the extra `clinic`, which reads this file's format; an InputError if it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".")[0]
        expected = f"the package {package}, which reads this format"
        hint = f"pip install {package}, or all readers: pip install '.[clinic]'"
        raise InputError("package missing", where=path, expected=expected, found="not installed", hint=hint) from error
