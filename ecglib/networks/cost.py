"""The arithmetic that a torch network does for one record."""

from __future__ import annotations

import torch
from torch import nn

from ecglib.networks.pooled import leads_of
from ecgpredict.spec import N_SAMPLES


def multiply_accumulates(network: nn.Module, samples: int = N_SAMPLES) -> int:
    """Multiplications, each with an addition, of the convolutions and linear layers for one record."""
    counted = []

    def count(layer: nn.Module, _inputs, output: torch.Tensor) -> None:
        positions = output.shape[2] if isinstance(layer, nn.Conv1d) else 1
        counted.append(positions * layer.weight.numel())

    hooks = [
        layer.register_forward_hook(count) for layer in network.modules() if isinstance(layer, nn.Conv1d | nn.Linear)
    ]
    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, leads_of(network), samples))
    finally:
        for hook in hooks:
            hook.remove()
    return sum(counted)
