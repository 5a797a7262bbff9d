"""WFDB records of twelve leads, read and checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS

if TYPE_CHECKING:
    from wfdb import Record

_MISSING = -32768  # how WFDB format 16 writes a missing sample


def read(path: Path, rate: int, samples: int, hint: str) -> Record:
    """The record of a path without suffix, `d_signal` int16 (samples, 12); `rate` in Hz, `hint` for the errors.

    Raises
    ------
    InputError : header or signal file missing or unreadable; wrong checksum, sampling rate, length or lead order;
        missing samples
    """
    import wfdb

    header, data = path.with_name(path.name + ".hea"), path.with_name(path.name + ".dat")

    def fault(problem: str, where: Path, expected: object, found: object) -> InputError:
        return InputError(problem, where=where, expected=expected, found=found, hint=hint)

    for file in (header, data):
        if not file.is_file():
            raise fault("record missing", file, "a WFDB file", "no such file")
    try:
        record = wfdb.rdrecord(str(path), physical=False, return_res=16)
    except Exception as error:  # wfdb does not catch the errors of its parser
        raise fault("record unreadable", header, "a WFDB record", f"{type(error).__name__}: {error}") from error
    for what, expected, found in (
        ("sampling rate in Hz", rate, record.fs),
        ("number of samples", samples, record.sig_len),
        ("lead order", " ".join(LEADS).upper(), " ".join(record.sig_name).upper()),
    ):
        if found != expected:
            raise fault(f"wrong {what}", header, expected, found)
    missing = record.d_signal == _MISSING
    if missing.any():
        leads = " ".join(LEADS[i] for i in np.flatnonzero(missing.any(axis=0)))
        raise fault("missing samples", data, "none", f"{missing.sum()} in {leads}")
    # the header's checksum is the 16-bit sum of each lead's samples
    sums = (record.d_signal.sum(axis=0, dtype=np.int64) % 65536).tolist()
    if sums != [value % 65536 for value in record.checksum]:
        raise fault("wrong checksum", data, record.checksum, sums)
    return record
