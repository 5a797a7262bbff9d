"""The study's torch networks and the tables that describe them.

The networks are stacks of blocks, each Conv1d(kernel 10, no padding) - BatchNorm1d - ReLU - MaxPool1d(2) - Dropout,
followed by global average pooling, dropout, one linear layer and a sigmoid, as in the original study. They take float32
(b, 12, 1000) and return probabilities (b, 5).
"""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pandas as pd
import torch
from torch import nn
from torch.nn.utils import parametrize

from ecglib.networks import weights
from ecglib.networks.architectures import CHANNELS
from ecglib.networks.compact import CompactBlock, CompactNet
from ecglib.networks.fake_quantization import FakeQuantize, FakeQuantizeWeight
from ecglib.networks.pooled import PooledNet
from ecglib.networks.tiled_convolution import TiledConv2d
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES

KERNEL = 10
_MB = 1024**2  # the original's tables count a MB as 2**20 bytes


class ECGNet(PooledNet):
    """A stack of convolution blocks for 12-lead ECGs.

    Parameters
    ----------
    channels : output channels of each block
    dropout : fraction of activations dropped, in each block but the last and before the linear layer
    quantization_aware : the original's variant for quantization-aware training: without batch normalization, and
        with weights and activations rounded to 8 bits in every forward pass
    """

    def __init__(self, channels: tuple[int, ...], dropout: float = 0.5, *, quantization_aware: bool = False):
        super().__init__()
        blocks: list[nn.Module] = [FakeQuantize()] if quantization_aware else []
        for before, after in zip((len(LEADS), *channels), channels):
            convolution = nn.Conv1d(before, after, KERNEL)
            if quantization_aware:
                parametrize.register_parametrization(convolution, "weight", FakeQuantizeWeight())
                blocks += [convolution, nn.ReLU(), FakeQuantize(), nn.MaxPool1d(2)]
            else:
                blocks += [convolution, nn.BatchNorm1d(after), nn.ReLU(), nn.MaxPool1d(2)]
            blocks += [nn.Dropout(dropout)]
        blocks[-1] = nn.AdaptiveAvgPool1d(1)
        self.features = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(channels[-1], len(CLASSES))
        if quantization_aware:
            parametrize.register_parametrization(self.linear, "weight", FakeQuantizeWeight())
        self.sigmoid = nn.Sigmoid()

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """(b, 12, samples) -> (b, channels), the input of the linear layer."""
        return self.dropout(self.features(x).flatten(1))


def build(name: str, dropout: float | None = None) -> ECGNet:
    """A freshly initialized network by its name in :data:`CHANNELS`; dropout is the original's 0.5 by default."""
    return ECGNet(CHANNELS[name], 0.5 if dropout is None else dropout, quantization_aware=name == "quantization_aware")


def from_weights(path: Path, dropout: float | None = None) -> ECGNet:
    """The network of a weights file, with the same number of channels as the file's convolutions."""
    state = weights.read(path)
    convolutions = sorted((int(name.split(".")[1]), len(value)) for name, value in state.items() if value.ndim == 3)
    network = ECGNet(tuple(channels for _, channels in convolutions), 0.5 if dropout is None else dropout)
    return weights.fill(network, path, state)


def channels_last(network: ECGNet | CompactNet) -> ECGNet | CompactNet:
    """A copy that computes the same function on (b, 12, 1, samples) in channels-last order.

    oneDNN's bfloat16 kernels and :class:`TiledConv2d` need the channels of a sample next to each other in memory, an
    order that torch has for two-dimensional layers only. :func:`channels_first` copies the weights back.
    """
    copied = copy.deepcopy(network)
    copied.features = nn.Sequential(*(_two_dimensional(layer) for layer in network.features))
    return copied.to(memory_format=torch.channels_last)


def channels_first(channels_last_net: nn.Module, network: nn.Module) -> nn.Module:
    """Load the weights of a :func:`channels_last` copy into `network`, in place, and return it."""
    state = {name: v.squeeze(2) if v.dim() == 4 else v for name, v in channels_last_net.state_dict().items()}
    network.load_state_dict({name: v.contiguous() for name, v in state.items()})
    return network


def _two_dimensional(layer: nn.Module) -> nn.Module:
    match layer:
        case nn.Conv1d():
            channels, bias = (layer.in_channels, layer.out_channels), layer.bias is not None
            kernel, stride, padding = (1, *layer.kernel_size), (1, *layer.stride), (0, *layer.padding)
            wide = TiledConv2d(*channels, kernel, stride, padding, groups=layer.groups, bias=bias)
            if parametrize.is_parametrized(layer):
                parametrize.register_parametrization(wide, "weight", FakeQuantizeWeight())
            wide.load_state_dict({k: v.unsqueeze(2) if v.dim() == 3 else v for k, v in layer.state_dict().items()})
        case nn.BatchNorm1d():
            wide = nn.BatchNorm2d(layer.num_features)
            wide.load_state_dict(layer.state_dict())
        case nn.MaxPool1d():
            wide = nn.MaxPool2d((1, layer.kernel_size))
        case nn.AdaptiveAvgPool1d():
            wide = nn.AdaptiveAvgPool2d(1)
        case CompactBlock():
            wide = copy.deepcopy(layer)
            wide.layers = nn.Sequential(*map(_two_dimensional, layer.layers))
        case nn.Dropout() | nn.ReLU() | FakeQuantize():
            wide = copy.deepcopy(layer)
        case _:
            raise TypeError(f"no two-dimensional counterpart for {type(layer).__name__}")
    return wide


def layer_table(network: nn.Module, samples: int = N_SAMPLES) -> pd.DataFrame:
    """One row per layer in the order of execution, as in the original study's tables.

    Returns
    -------
    DataFrame with layer ("Conv1d-1"), output_shape ((-1, channels, samples)), params (int)
    """
    rows: list[tuple] = []

    def record(module: nn.Module, _inputs, output: torch.Tensor) -> None:
        shape = (-1, *output.shape[1:])
        params = sum(p.numel() for p in module.parameters())
        rows.append((f"{type(module).__name__}-{len(rows) + 1}", shape, params))

    leaves = [m for m in network.modules() if not list(m.children())]
    hooks = [leaf.register_forward_hook(record) for leaf in leaves]
    training = network.training
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, len(LEADS), samples))
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return pd.DataFrame(rows, columns=["layer", "output_shape", "params"])


def size_table(network: nn.Module) -> pd.Series:
    """Parameters and the original's four sizes in MB (2**20 bytes, 4 bytes per number).

    The forward/backward size counts every layer's output twice (activation and gradient): it estimates
    the memory for training on one record, not the size of a file.
    """
    table = layer_table(network)
    outputs = sum(math.prod(shape[1:]) for shape in table["output_shape"])
    params = int(table["params"].sum())
    sizes = {
        "params": params,
        "input_mb": len(LEADS) * N_SAMPLES * 4 / _MB,
        "forward_backward_mb": 2 * outputs * 4 / _MB,
        "params_mb": params * 4 / _MB,
    }
    sizes["total_mb"] = sizes["input_mb"] + sizes["forward_backward_mb"] + sizes["params_mb"]
    return pd.Series(sizes)


def counts(network: nn.Module) -> dict[str, int]:
    """Number of parameters of a network, and of those that are not zero: params, nonzero_params."""
    parameters = list(network.parameters())
    return {
        "params": sum(p.numel() for p in parameters),
        "nonzero_params": int(sum(torch.count_nonzero(p) for p in parameters)),
    }
