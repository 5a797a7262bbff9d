"""Rounding to 8 bits inside a float network, as quantization-aware training does it.

Values are rounded to 256 levels and stay float, so that the network trains as if it were an integer one;
gradients pass the rounding unchanged (Jacob et al. 2018).
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils import parametrize

_MOMENTUM = 0.01  # of the moving average of an activation's range


class FakeQuantizeWeight(nn.Module):
    """Symmetric, one scale for each output channel; to be registered as a parametrization of a weight."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        largest = weight.detach().abs().amax(dim=tuple(range(1, weight.dim())))
        scale = (largest / 127).clamp(min=1e-8).float()
        zero = torch.zeros(len(scale), dtype=torch.int32, device=weight.device)
        return torch.fake_quantize_per_channel_affine(weight.float(), scale, zero, 0, -127, 127)


class FakeQuantize(nn.Module):
    """One scale and zero point for all of an activation, from a moving average of its smallest and largest value."""

    def __init__(self):
        super().__init__()
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = x.float()
        if self.training:
            with torch.no_grad():
                share = _MOMENTUM if self.high > self.low else 1.0
                self.low.lerp_(wide.amin().clamp(max=0), share)
                self.high.lerp_(wide.amax().clamp(min=0), share)
        scale = ((self.high - self.low) / 255).clamp(min=1e-8).float()
        zero = (-self.low / scale).round().clamp(0, 255).int()
        return torch.fake_quantize_per_tensor_affine(wide, scale, zero, 0, 255).to(x.dtype)


def strip_fake_quant(network: nn.Module) -> nn.Module:
    """A plain float copy, as a file keeps it: weights rounded once and for all, activations not at all."""
    plain = copy.deepcopy(network)
    for parent in list(plain.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, FakeQuantize):
                setattr(parent, name, nn.Identity())
            elif parametrize.is_parametrized(layer):
                setattr(parent, name, _rounded(layer))
    return plain


def _rounded(layer: nn.Module) -> nn.Module:
    """A layer of its own class with the weights that the parametrized one computes with."""
    # removing the parametrization would take it from the layer that this is a copy of as well: they share a class
    if isinstance(layer, nn.Conv1d):
        plain = nn.Conv1d(layer.in_channels, layer.out_channels, layer.kernel_size)
    else:
        plain = nn.Linear(layer.in_features, layer.out_features)
    plain.load_state_dict({"weight": layer.weight.detach(), "bias": layer.bias.detach()})
    return plain
