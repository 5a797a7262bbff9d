"""Fake quantization: rounding to 8 bits inside a float network, for quantization-aware training.

Values are rounded to 256 levels and stay float, so that the network trains as if it computed in integers;
gradients pass the rounding unchanged (straight-through estimator; Jacob et al. 2018).
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils import parametrize

_MOMENTUM = 0.01  # of the moving average of an activation's range


class FakeQuantizeWeight(nn.Module):
    """Symmetric rounding with one scale per output channel; register it as a parametrization of a weight."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        largest = weight.detach().abs().amax(dim=tuple(range(1, weight.dim())))
        scale = (largest / 127).clamp(min=1e-8).float()
        zero = torch.zeros(len(scale), dtype=torch.int32, device=weight.device)
        return torch.fake_quantize_per_channel_affine(weight.float(), scale, zero, 0, -127, 127)


class FakeQuantize(nn.Module):
    """Rounding of activations with one scale and zero point, from moving averages of their minimum and maximum."""

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
    """A plain float copy for export: weights are rounded permanently, activations are not rounded."""
    plain = copy.deepcopy(network)
    for parent in list(plain.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, FakeQuantize):
                setattr(parent, name, nn.Identity())
            elif parametrize.is_parametrized(layer):
                setattr(parent, name, _rounded(layer))
    return plain


def _rounded(layer: nn.Module) -> nn.Module:
    """A plain layer with the rounded weights of a parametrized one."""
    # removing the parametrization would also remove it from the original layer, which shares its class with the copy
    if isinstance(layer, nn.Conv1d):
        plain = nn.Conv1d(layer.in_channels, layer.out_channels, layer.kernel_size)
    else:
        plain = nn.Linear(layer.in_features, layer.out_features)
    plain.load_state_dict({"weight": layer.weight.detach(), "bias": layer.bias.detach()})
    return plain
