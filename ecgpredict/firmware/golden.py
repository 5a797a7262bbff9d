"""Golden test vectors: recordings and their expected outputs, part of each firmware folder.

The recordings are synthetic, so that the folder contains no patient data.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecgpredict import examples
from ecgpredict.spec import LEADS, positions


def recordings(leads: Sequence[str] = LEADS) -> np.ndarray:
    """int16 (3, 1000, leads) in µV: the examples of :mod:`ecgpredict.examples`."""
    signals = np.stack(list(examples.signals().values()))[:, :, positions(leads)]
    return np.round(signals * 1000).astype(np.int16)


def write(path: Path, recordings: np.ndarray) -> None:
    """Write recordings one after the other as int16 little-endian, the format that the folder's programs read."""
    path.write_bytes(np.ascontiguousarray(recordings, "<i2").tobytes())
