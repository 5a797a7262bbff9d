"""Pruning of the torch networks: single weights, or whole channels.

Weights are set to zero with torch's own masks; a dense file still stores the zeros. Channels are removed from the
network with Torch-Pruning, which finds every layer that has to shrink with them.
"""

from __future__ import annotations

import copy
import zlib
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils import prune

from ecglib.networks.convnet import ECGNet
from ecgpredict.spec import LEADS, N_SAMPLES


def pruned(network: ECGNet, method: str, amount: float) -> ECGNet:
    """A pruned copy, by the method's name in a profile: "magnitude" or "channels"."""
    return {"magnitude": prune_globally, "channels": prune_channels}[method](network, amount)


def prune_globally(network: ECGNet, sparsity: float) -> ECGNet:
    """A copy with the smallest weights of all layers together set to zero (Han et al. 2015)."""
    copied = copy.deepcopy(network)
    weights = [(layer, "weight") for layer in prunable_layers(copied).values()]
    prune.global_unstructured(weights, prune.L1Unstructured, amount=sparsity)
    return remove_masks(copied)


def prune_channels(network: ECGNet, share: float) -> ECGNet:
    """A copy without the channels of smallest norm, the same fraction from each convolution (Fang et al. 2023).

    The norm is taken over all weights that belong to a channel, in every layer that it passes through. Removing
    channels reduces parameters, bytes and multiplications.
    """
    import torch_pruning

    copied = copy.deepcopy(network).eval()
    pruner = torch_pruning.pruner.BasePruner(
        copied,
        torch.zeros(1, len(LEADS), N_SAMPLES),
        importance=torch_pruning.importance.GroupMagnitudeImportance(p=2),
        pruning_ratio=share,
        ignored_layers=[copied.linear],
    )
    pruner.step()
    return copied


def prunable_layers(network: nn.Module) -> dict[str, nn.Module]:
    """The layers with prunable weights, by name, in forward order."""
    kinds = (nn.Conv1d, nn.Conv2d, nn.Linear)
    return {name: layer for name, layer in network.named_modules() if isinstance(layer, kinds)}


def mask_zeros(network: nn.Module) -> nn.Module:
    """Mask the weights that are zero, so that they stay zero in training; in place."""
    for layer in prunable_layers(network).values():
        prune.custom_from_mask(layer, "weight", (layer.weight != 0).to(layer.weight.dtype))
    return network


def remove_masks(network: nn.Module) -> nn.Module:
    """Multiply masks into their weights and remove them; in place."""
    for layer in prunable_layers(network).values():
        if prune.is_pruned(layer) and hasattr(layer, "weight_mask"):
            prune.remove(layer, "weight")
    return network


def compressed_bytes(path: Path) -> int:
    """Size of a file after general-purpose compression (DEFLATE, as in zip and gzip), which exploits the zeros."""
    return len(zlib.compress(Path(path).read_bytes()))
