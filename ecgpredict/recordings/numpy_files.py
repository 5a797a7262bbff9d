"""NumPy files: .npy with an array in the order of LEADS, or .npz that also states leads, rate and unit."""

import math
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import MAX_VALUES, RawRecording, check_size, parsing
from ecgpredict.spec import LEADS

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
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
    with parsing("NumPy file", path, expected=".npy, or .npz with an array of numbers named signal", hint=_HINT):
        source = path if isinstance(path, Path) else BytesIO(path.read_bytes())  # in an archive
        found = {"signal": _array(source, path)} if path.suffix.lower() == ".npy" else _read_npz(source, _LIMITS)
        signal = found["signal"]
        if signal.dtype.kind not in "iuf":
            raise TypeError(f"signal of type {signal.dtype}")
        leads = [_text(name) for name in np.atleast_1d(found["leads"])] if "leads" in found else list(LEADS)
        rate = float(found["rate"].item()) if "rate" in found else None  # of shape () or (1,)
        units = [_text(found["units"][()])] * len(leads) if "units" in found else None
    if signal.ndim == 2 and signal.shape[0] == len(leads) != signal.shape[1]:
        signal = signal.T
    if signal.ndim != 2 or signal.shape[1] != len(leads):
        expected, hint = f"(samples, {len(leads)}) or ({len(leads)}, samples)", "give one column per lead"
        raise InputError("wrong signal shape", where=path, expected=expected, found=signal.shape, hint=hint)
    return RawRecording(signal, leads, rate, units)


def _array(source: Path | BytesIO, path: Path) -> np.ndarray:
    """The array of a .npy file, mapped: a header that announces more than the file holds is an error at once."""
    array = np.load(source, mmap_mode="r" if source is path else None, allow_pickle=False)
    check_size(path, array.size)
    return array


def _read_npz(path: Path | BytesIO, limits: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The arrays of an .npz file that `limits` names and the file holds; what it announces is checked before.

    ValueError for an array of more bytes than its limit, or than the file holds.
    """
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in archive.infolist()}
        names = [name for name in limits if name in sizes]
        for name in names:
            with archive.open(f"{name}.npy") as member:
                shape, _, dtype = _HEADERS[np.lib.format.read_magic(member)](member)
            announced = math.prod(shape) * max(1, dtype.itemsize)  # a type without bytes would hold any number
            if announced > limits[name]:
                raise ValueError(f"{name} of shape {shape}: {announced:,} bytes, at most {limits[name]:,} expected")
            if announced > sizes[name]:
                raise ValueError(f"{name} of shape {shape} in {sizes[name]:,} bytes")
    if not isinstance(path, Path):
        path.seek(0)
    with np.load(path, allow_pickle=False) as content:
        return {name: content[name] for name in names}


def _text(value: object) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
