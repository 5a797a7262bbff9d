"""Torch networks by the name and shape in a training's settings: freshly initialized, or with the weights of a file."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ecglib.networks import compact, convnet, reference, weights
from ecglib.networks.architectures import COMPACT_NETWORK, REFERENCE_NETWORKS, CompactShape


def build(
    name: str, dropout: float | None = None, shape: CompactShape | None = None, padding: bool = True
) -> nn.Module:
    """A freshly initialized torch network; dropout is the network's own by default."""
    if name == COMPACT_NETWORK:
        return compact.CompactNet(shape, dropout or 0.0, padding)
    if name in REFERENCE_NETWORKS:
        return reference.build(name, dropout)
    return convnet.build(name, dropout)


def load(
    path: Path, name: str, shape: CompactShape | None = None, dropout: float | None = None, padding: bool = True
) -> nn.Module:
    """The network of a weights file that was trained under this name.

    A stack of convolution blocks gets the number of channels in the file, which pruning may have changed.
    """
    if name == COMPACT_NETWORK or name in REFERENCE_NETWORKS:
        return weights.fill(build(name, dropout, shape, padding), path)
    if name == "quantization_aware":
        return weights.fill(convnet.build(name, dropout), path)
    return convnet.from_weights(path, dropout)
