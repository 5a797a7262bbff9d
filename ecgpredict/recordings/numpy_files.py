"""NumPy files: .npy with an array in the order of LEADS, or .npz that also states leads, rate and unit."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np

from ecgpredict import arrays
from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import MAX_VALUES, RawRecording, check_size, unreadable
from ecgpredict.spec import LEADS

SUFFIXES = (".npy", ".npz")
# maximum bytes of each array: the largest recording in double precision, a few names, one number, one unit
_LIMITS = {"signal": 8 * MAX_VALUES, "leads": 100_000, "rate": 16, "units": 100}
_HINT = "save it with numpy.save or numpy.savez, and the leads as text: numpy.array(names, dtype=str)"


def read(path: Path) -> RawRecording:
    """Read a .npy or .npz file.

    The signal is (samples, 12) or (12, samples) in the order of LEADS; an .npz file has it as "signal", and may have
    "leads", "rate" in Hz and "units" (one for all leads).

    Raises
    ------
    InputError : not such a file, or an array of another shape or type
    """
    try:
        source = path if isinstance(path, Path) else BytesIO(path.read_bytes())  # in an archive
        found = {"signal": _array(source, path)} if path.suffix.lower() == ".npy" else arrays.read_npz(source, _LIMITS)
        signal = found["signal"]
        if signal.dtype.kind not in "iuf":
            raise TypeError(f"signal of type {signal.dtype}")
        leads = [_text(name) for name in np.atleast_1d(found["leads"])] if "leads" in found else list(LEADS)
        rate = float(found["rate"].item()) if "rate" in found else None  # of shape () or (1,)
        units = [_text(found["units"][()])] * len(leads) if "units" in found else None
    except InputError:
        raise
    except Exception as error:  # zipfile, tokenize, ast and NumPy itself fail in many ways
        expected = ".npy, or .npz with an array of numbers named signal"
        raise unreadable("NumPy file", path, expected=expected, found=error, hint=_HINT) from error
    if signal.ndim == 2 and signal.shape[0] == len(leads) != signal.shape[1]:
        signal = signal.T
    if signal.ndim != 2 or signal.shape[1] != len(leads):
        raise InputError(
            "wrong signal shape",
            where=path,
            expected=f"(samples, {len(leads)}) or ({len(leads)}, samples)",
            found=signal.shape,
            hint="give one column per lead",
        )
    return RawRecording(signal, leads, rate, units)


def _array(source: Path | BytesIO, path: Path) -> np.ndarray:
    """The array of a .npy file, mapped: a header that announces more than the file holds is an error at once."""
    array = np.load(source, mmap_mode="r" if source is path else None, allow_pickle=False)
    check_size(path, array.size)
    return array


def _text(value: object) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
