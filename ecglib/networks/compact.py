"""Compact networks for the frontier of AUC against bytes: one family with a width, a depth and a kind of block.

They take float32 (b, leads, samples), twelve leads by default, and return probabilities (b, 5). All layers have a
counterpart in ONNX's and TensorFlow Lite's integer operators: convolutions, additions and maximum pooling.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from ecglib.data import electrodes
from ecglib.networks.architectures import CompactShape
from ecglib.networks.pooled import PooledNet
from ecgpredict.spec import CLASSES, INDEPENDENT_LEADS, LEADS, Normalization, positions


class CompactBlock(nn.Module):
    """A convolution, or a depthwise and a pointwise one, then batch normalization and ReLU; the length stays."""

    def __init__(self, before: int, after: int, kernel: int, kind: str, padding: bool = True):
        super().__init__()
        edge = kernel // 2 if padding else 0
        if kind == "plain":
            layers = [nn.Conv1d(before, after, kernel, padding=edge, bias=False)]
        else:
            layers = [
                nn.Conv1d(before, before, kernel, padding=edge, groups=before, bias=False),
                nn.BatchNorm1d(before),
                nn.Conv1d(before, after, 1, bias=False),
            ]
        self.layers = nn.Sequential(*layers, nn.BatchNorm1d(after))
        self.skip = kind == "residual" and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layers(x)
        return torch.relu(x + y if self.skip else y)


class CompactNet(PooledNet):
    """Stem, stages of :class:`CompactBlock`, global average pooling, one linear layer and a sigmoid.

    Parameters
    ----------
    shape : widths, depth and kind of block
    dropout : fraction of the pooled features dropped before the linear layer
    padding : whether blocks keep the length of their input
    leads : number of leads

    Shapes
    ------
    input float32 (b, leads, samples), output float32 (b, 5) in the order of CLASSES
    """

    def __init__(self, shape: CompactShape, dropout: float = 0.0, padding: bool = True, leads: int = len(LEADS)):
        super().__init__()
        first = shape.widths[0]
        stem = nn.Conv1d(leads, first, shape.stem_kernel, stride=shape.stem_stride, bias=False)
        layers: list[nn.Module] = [stem, nn.BatchNorm1d(first), nn.ReLU()]
        before = first
        for after in shape.widths:
            layers.append(nn.MaxPool1d(2))
            for _ in range(shape.depth):
                layers.append(CompactBlock(before, after, shape.kernel, shape.block, padding))
                before = after
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1))
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(before, len(CLASSES))
        self.sigmoid = nn.Sigmoid()

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """(b, leads, samples) -> (b, channels), the input of the linear layer."""
        return self.dropout(self.features(x).flatten(1))


def fold_limb_leads(network: CompactNet, normalization: Normalization) -> CompactNet:
    """A copy that takes INDEPENDENT_LEADS; equal wherever the limb leads obey the laws of Einthoven and Goldberger.

    With z = (x - mean) / scale of each lead, a sum of c x is the sum of c z plus (sum of c - 1) mean / scale, which
    goes into the first convolution's bias.
    """
    eight = np.eye(len(LEADS), dtype=np.float32)[positions(INDEPENDENT_LEADS)]
    c = torch.from_numpy(electrodes.potentials(eight) @ electrodes.TO_LEADS)  # (8, 12)
    folded = copy.deepcopy(network)
    stem = folded.features[0]
    layer = nn.Conv1d(len(eight), stem.out_channels, stem.kernel_size, stride=stem.stride)
    with torch.no_grad():
        layer.weight.copy_(torch.einsum("olt,kl->okt", stem.weight, c))
        layer.bias.copy_(stem.weight.sum(dim=2) @ (c.sum(dim=0) - 1) * normalization.mean / normalization.scale)
    folded.features[0] = layer
    return folded.eval()
