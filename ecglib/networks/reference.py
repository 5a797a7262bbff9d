"""Networks that are teachers only: two residual ones and a convolutional recurrent one.

resnet1d_wang (Wang et al. 2017) is that of the benchmark of PTB-XL (Strodthoff et al. 2020). xresnet1d18 has 18 layers
and, as the benchmark's xresnet1d101, the stem, the shortcuts and the initialization of He et al. (2019). They take
float32 (b, 12, samples) and return probabilities (b, 5).
"""

from __future__ import annotations

import torch
from torch import nn

from ecglib.networks.architectures import REFERENCE_NETWORKS
from ecglib.networks.pooled import PooledNet
from ecgpredict.spec import CLASSES, LEADS


class ReferenceNet(PooledNet):
    """A trunk (b, 12, samples) -> (b, channels, length), average and maximum pooling, and two linear layers.

    `dropout` is that before the last linear layer, half of it before the first one, of width `hidden`.
    """

    def __init__(self, trunk: nn.Module, channels: int, dropout: float, hidden: int = 128):
        super().__init__()
        self.trunk = trunk
        self.head = nn.Sequential(
            nn.BatchNorm1d(2 * channels),
            nn.Dropout(dropout / 2),
            nn.Linear(2 * channels, hidden),
            nn.ReLU(),
            nn.BatchNorm1d(hidden),
            nn.Dropout(dropout),
        )
        self.linear = nn.Linear(hidden, len(CLASSES))
        self.sigmoid = nn.Sigmoid()

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """(b, 12, samples) -> (b, hidden), the input of the last linear layer."""
        features = self.trunk(x)
        return self.head(torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1))


def build(name: str, dropout: float | None = None) -> ReferenceNet:
    """A freshly initialized network by its name in REFERENCE_NETWORKS; dropout is the benchmark's 0.5 by default."""
    trunks = dict(zip(REFERENCE_NETWORKS, (_wang, _conv_gru, _xresnet)))
    trunk, channels = trunks[name]()
    return ReferenceNet(trunk, channels, 0.5 if dropout is None else dropout)


def _convolution(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv1d(before, after, kernel, stride=stride, padding=(kernel - 1) // 2, bias=False)
    return [convolution, nn.BatchNorm1d(after)]


class _Residual(nn.Module):
    """Two convolutions, and a shortcut with a convolution of length 1 where they halve the length."""

    def __init__(self, channels: int, kernels: tuple[int, int], stride: int):
        super().__init__()
        first, second = kernels
        self.path = nn.Sequential(
            *_convolution(channels, channels, first, stride), nn.ReLU(), *_convolution(channels, channels, second)
        )
        self.shortcut = nn.Sequential(*(_convolution(channels, channels, 1, stride) if stride > 1 else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.path(x) + self.shortcut(x))


def _wang() -> tuple[nn.Module, int]:
    blocks = [_Residual(128, (5, 3), stride) for stride in (1, 2, 2)]
    return nn.Sequential(*_convolution(len(LEADS), 128, 7), nn.ReLU(), *blocks), 128


class _Recurrent(nn.Module):
    """A bidirectional gated recurrent unit over time: (b, channels, length) -> (b, 2 width, length)."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.unit = nn.GRU(channels, width, num_layers=2, batch_first=True, bidirectional=True, dropout=0.2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.unit(x.transpose(1, 2))[0].transpose(1, 2)


def _conv_gru() -> tuple[nn.Module, int]:
    layers: list[nn.Module] = []
    for before, after, kernel, stride in ((len(LEADS), 64, 9, 1), (64, 128, 7, 2), (128, 192, 5, 2)):
        layers += [*_convolution(before, after, kernel, stride), nn.ReLU(), nn.Dropout(0.1)]
    return nn.Sequential(*layers, _Recurrent(192, 128)), 256


class _XResidual(nn.Module):
    """Two convolutions, and a shortcut that averages pairs of samples before a convolution of length 1.

    The block begins as the identity, because the last normalization's weights begin at zero.
    """

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.path = nn.Sequential(*_convolution(before, after, 5, stride), nn.ReLU(), *_convolution(after, after, 5))
        nn.init.zeros_(self.path[-1].weight)
        halved = [nn.AvgPool1d(stride, ceil_mode=True)] if stride > 1 else []
        self.shortcut = nn.Sequential(*halved, *(_convolution(before, after, 1) if before != after else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.path(x) + self.shortcut(x))


def _xresnet() -> tuple[nn.Module, int]:
    layers: list[nn.Module] = []
    for before, after, stride in ((len(LEADS), 32, 2), (32, 32, 1), (32, 64, 1)):
        layers += [*_convolution(before, after, 5, stride), nn.ReLU()]
    layers.append(nn.MaxPool1d(3, 2, padding=1))
    for before, after, stride in ((64, 64, 1), (64, 96, 2), (96, 128, 2), (128, 192, 2)):
        layers += [_XResidual(before, after, stride), _XResidual(after, after, 1)]
    return nn.Sequential(*layers), 192
