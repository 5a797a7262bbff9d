"""Recordings whose answers are known: what a firmware folder brings along to prove itself with.

They are synthetic, so that no patient's data is in them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecglib.deployment import examples
from ecglib.deployment.firmware import reference
from ecglib.deployment.firmware.fixed_point import Microvolts
from ecglib.deployment.firmware.graph import Network


def recordings() -> np.ndarray:
    """int16 (3, 1000, 12) in µV: the examples of :mod:`ecglib.deployment.examples`."""
    return np.stack([np.round(signal * 1000).astype(np.int16) for signal in examples.signals().values()])


def answers(network: Network, microvolts: Microvolts, recordings: np.ndarray) -> np.ndarray:
    """int16 (n, samples, leads) in µV -> int8 (n, classes)."""
    return reference.outputs(network, microvolts(recordings[:, : network.samples]))


def write(path: Path, recordings: np.ndarray) -> None:
    """Recordings one after the other, as int16 little-endian: what the programs of the folder read."""
    path.write_bytes(np.ascontiguousarray(recordings, "<i2").tobytes())
