"""Pruning of the torch networks: single weights, or whole channels.

Weights are set to zero with torch's own masks; a dense file still stores the zeros. Channels are removed from the
network with Torch-Pruning, which finds every layer that has to shrink with them.
"""

from __future__ import annotations

import copy
import warnings
import zlib
from pathlib import Path

import pandas as pd
import torch
from torch import nn
from torch.nn.utils import prune

from ecglib.networks.convnet import ECGNet
from ecgpredict.spec import LEADS, N_SAMPLES


def pruned(network: ECGNet, method: str, amount: float) -> ECGNet:
    """A pruned copy, by the method's name in a profile: "magnitude" or "channels"."""
    return {"magnitude": prune_globally, "channels": prune_channels}[method](network, amount)


def l1_per_layer(network: ECGNet, sparsity: float, *, permanent: bool = True) -> ECGNet:
    """A copy with the smallest weights of each convolution and linear layer set to zero, the same fraction in each.

    With permanent=False, the copy keeps every weight, together with a mask of the same size.
    """
    copied = copy.deepcopy(network)
    for layer in prunable_layers(copied).values():
        prune.l1_unstructured(layer, "weight", amount=sparsity)
    return remove_masks(copied) if permanent else copied


def prune_globally(network: ECGNet, sparsity: float) -> ECGNet:
    """A copy with the smallest weights of all layers together set to zero (Han et al. 2015)."""
    copied = copy.deepcopy(network)
    weights = [(layer, "weight") for layer in prunable_layers(copied).values()]
    prune.global_unstructured(weights, prune.L1Unstructured, amount=sparsity)
    return remove_masks(copied)


def prune_layer(network: ECGNet, name: str, sparsity: float) -> ECGNet:
    """A copy with the smallest weights of one layer set to zero, to measure the layer's sensitivity."""
    copied = copy.deepcopy(network)
    prune.l1_unstructured(prunable_layers(copied)[name], "weight", amount=sparsity)
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


def quantize_linear_layers(network: ECGNet) -> nn.Module:
    """A copy after torch's dynamic quantization, which supports linear layers only and leaves convolutions unchanged.

    Convolutions may have pruning masks. The linear layer's mask is applied first: quantization replaces the layer, and
    without the mask, the hook that applies it would fail in every forward pass.
    """
    with torch.no_grad(), warnings.catch_warnings(action="ignore"):  # torch deprecates it; the original used it
        network.eval()(torch.zeros(1, len(LEADS), N_SAMPLES))  # masks weights anew, without gradients: they are copied
        copied = copy.deepcopy(network)
        if prune.is_pruned(copied.linear):
            prune.remove(copied.linear, "weight")
        return torch.ao.quantization.quantize_dynamic(copied, {nn.Linear, nn.Conv1d}, dtype=torch.qint8)


def weight_formats(network: nn.Module) -> pd.DataFrame:
    """The number format of each convolution and linear layer.

    Returns
    -------
    DataFrame with layer, format ("float32", "int8", …), weights (count)
    """
    rows = []
    for name, layer in network.named_modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            weight = layer.weight
        elif hasattr(layer, "weight") and callable(layer.weight):  # a quantized layer
            weight = layer.weight()
        else:
            continue
        rows.append((name, str(weight.dtype).removeprefix("torch.").replace("qint", "int"), weight.numel()))
    return pd.DataFrame(rows, columns=["layer", "format", "weights"])


def compressed_bytes(path: Path) -> int:
    """Size of a file after general-purpose compression (DEFLATE, as in zip and gzip), which exploits the zeros."""
    return len(zlib.compress(Path(path).read_bytes()))
