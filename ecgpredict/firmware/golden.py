"""Golden test vectors: recordings and their expected outputs, part of each firmware folder.

The recordings are synthetic, so that the folder contains no patient data.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecgpredict import examples


def recordings() -> np.ndarray:
    """int16 (3, 1000, 12) in µV: the examples of :mod:`ecgpredict.examples`."""
    return np.stack([np.round(signal * 1000).astype(np.int16) for signal in examples.signals().values()])


def write(path: Path, recordings: np.ndarray) -> None:
    """Write recordings one after the other as int16 little-endian, the format that the folder's programs read."""
    path.write_bytes(np.ascontiguousarray(recordings, "<i2").tobytes())
