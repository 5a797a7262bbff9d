"""Arrays of .npz files from anywhere: what a file announces is checked before memory is taken for it."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npz(path: Path | BinaryIO, limits: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The arrays of an .npz file that `limits` names and the file holds.

    Parameters
    ----------
    limits : {name: the most bytes that it may take}

    Raises
    ------
    ValueError : an array that is larger, or that the file does not hold as announced
    Exception : of a damaged file, whatever zipfile, zlib, tokenize, ast and NumPy raise; callers turn it into one error
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
