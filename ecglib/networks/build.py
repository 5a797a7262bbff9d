"""Torch networks by the name and shape in a training's settings: freshly initialized, or with the weights of a file."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ecglib.networks import compact, convnet, reference, weights
from ecglib.networks.architectures import COMPACT_NETWORK, REFERENCE_NETWORKS, CompactShape
from ecgpredict.spec import CLASSES, LEADS


def build(
    name: str,
    dropout: float | None = None,
    shape: CompactShape | None = None,
    padding: bool = True,
    outputs: int = len(CLASSES),
    leads: int = len(LEADS),
) -> nn.Module:
    """A freshly initialized torch network; dropout is the network's own by default."""
    if name == COMPACT_NETWORK:
        network = compact.CompactNet(shape, dropout or 0.0, padding, leads)
    elif name in REFERENCE_NETWORKS:
        network = reference.build(name, dropout)
    else:
        network = convnet.build(name, dropout)
    if outputs != len(CLASSES):
        network.linear = nn.Linear(network.linear.in_features, outputs)
    return network


def load(
    path: Path,
    name: str,
    shape: CompactShape | None = None,
    dropout: float | None = None,
    padding: bool = True,
    leads: int = len(LEADS),
) -> nn.Module:
    """The network of a weights file that was trained under this name.

    A stack of convolution blocks gets the number of channels in the file, which pruning may have changed.
    """
    if name == COMPACT_NETWORK or name in REFERENCE_NETWORKS:
        state = weights.read(path)
        return weights.fill(build(name, dropout, shape, padding, len(state["linear.bias"]), leads), path, state)
    if name == "quantization_aware":
        return weights.fill(convnet.build(name, dropout), path)
    return convnet.from_weights(path, dropout)
