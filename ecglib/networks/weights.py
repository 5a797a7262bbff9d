"""Weights files in safetensors format, read the same way for both frameworks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ecglib.errors import InputError

NAME = "weights.safetensors"  # the weights file of a run


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a weights file by name, in their stored precision.

    Raises
    ------
    InputError : the file is missing or unreadable
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(
            "weights unreadable", where=path, expected="a safetensors file", found=error, hint="train the model again"
        ) from error
