"""The form in which a torch network is trained: channels-last for a stack of convolutions, else as it is.

Batches are in the order of the records, (b, samples, 12). The module needs no Lightning, whose import takes longer than
scoring the sample.
"""

from __future__ import annotations

import torch
from torch import nn

from ecglib.networks import convnet
from ecglib.networks.compact import CompactNet
from ecglib.networks.convnet import ECGNet

_STACKS = (ECGNet, CompactNet)


def trainable(network: nn.Module) -> nn.Module:
    """The form of a network in which it is trained: channels-last for a stack of convolutions."""
    return convnet.channels_last(network) if isinstance(network, _STACKS) else network


def untrained_form(trained: nn.Module, network: nn.Module) -> nn.Module:
    """`network`, in place, with the weights of its :func:`trainable` form."""
    return convnet.channels_first(trained, network) if isinstance(network, _STACKS) else trained


def logits_of(trained: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """(b, samples, 12) -> float32 logits (b, 5) of a network in its :func:`trainable` form."""
    return trained.logits(_input_of(trained, x)).float()


def pooled_of(trained: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """(b, samples, 12) -> (b, channels), the input of the last linear layer of a network in its trainable form."""
    return trained.pooled(_input_of(trained, x))


def _input_of(trained: nn.Module, x: torch.Tensor) -> torch.Tensor:
    x = x.transpose(1, 2)
    return x.unsqueeze(2) if isinstance(trained, _STACKS) else x
