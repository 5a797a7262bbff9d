"""The 32 KB network with fewer weights and fewer bits, for the page "Shrink it yourself": results/full/shrink.json.

    PTBXL_ROOT=… python tools/shrink_grid.py [STUDENT SEED]

Without arguments, the student that is released for microcontrollers. Batch normalization is folded into the
convolutions; then, in each layer, the smallest weights become zero, and each output channel's weights are rounded to
whole multiples of one step. Nothing is trained afterwards. AUCs are those of fold 9, on which one may choose.
"""

from __future__ import annotations

import base64
import sys
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ecglib.data.folds import VALIDATION_FOLD
from ecglib.evaluation.metrics import macro_auc
from ecglib.study import results
from ecglib.study.study import open_study
from ecgpredict import released

ZEROS = range(0, 100, 5)  # percent of each layer's weights
BITS = (32, 16, 8, 7, 6, 5, 4, 3, 2)  # 32: float32 as trained
BATCH = 256


def folded(network: nn.Module) -> list[nn.Module]:
    """Convolutions with batch normalization folded into them, poolings, and the linear layer, in order."""
    layers: list[nn.Module] = []
    for layer in network.features.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        elif isinstance(layer, nn.Conv1d | nn.MaxPool1d):
            layers.append(layer)
    return [*layers, network.linear]


def arrays(layers: list[nn.Module]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights float32 (outputs, taps x inputs) and biases float32 (outputs,) of each layer that has some."""
    weighted = [layer for layer in layers if not isinstance(layer, nn.MaxPool1d)]
    values = [layer.weight.detach().numpy() for layer in weighted]
    values = [value.transpose(0, 2, 1).reshape(len(value), -1) if value.ndim == 3 else value for value in values]
    return [(value, layer.bias.detach().numpy()) for value, layer in zip(values, weighted)]


def shrink(weights: np.ndarray, zeros: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """A layer's weights (outputs, n) without their smallest `zeros` percent, as whole numbers and each output's step.

    book/browser/float_network.js does the same. At 32 bits the weights stay float32 and the steps are 1.
    """
    flat = weights.astype(float).ravel()
    flat[np.argsort(np.abs(flat), kind="stable")[: (zeros * flat.size + 50) // 100]] = 0
    pruned = flat.reshape(weights.shape)
    if bits == 32:
        return pruned, np.ones(len(weights))
    steps = np.abs(pruned).max(axis=1) / (2 ** (bits - 1) - 1)
    steps[steps == 0] = 1
    return np.floor(pruned / steps[:, None] + 0.5), steps


def sizes(shrunk: list[tuple[np.ndarray, np.ndarray]], bits: int) -> tuple[int, int]:
    """Bytes of the weights, biases and steps as stored, zeros included, and after DEFLATE."""
    kind = np.float32 if bits == 32 else np.int16 if bits > 8 else np.int8
    outputs = sum(len(steps) for _, steps in shrunk)
    beside = 4 * outputs * (1 if bits == 32 else 2)
    stored = sum(-(-values.size * bits // 8) for values, _ in shrunk) + beside
    content = b"".join(values.astype(kind).tobytes() for values, _ in shrunk)
    return stored, len(zlib.compress(content, 9)) + beside


@torch.no_grad()
def probabilities(layers: list[nn.Module], values: list[np.ndarray], x: torch.Tensor) -> np.ndarray:
    """The folded network's probabilities (n, 5) with other weights, of normalized records (n, 12, samples)."""
    left = iter(values)
    for layer in layers:
        if isinstance(layer, nn.MaxPool1d):
            x = layer(x)
            continue
        weights = torch.tensor(next(left), dtype=torch.float32)
        if isinstance(layer, nn.Linear):
            return torch.sigmoid(F.linear(x.mean(2), weights, layer.bias)).numpy()
        taps = layer.kernel_size[0]
        kernel = weights.reshape(len(weights), taps, -1).transpose(1, 2)
        x = torch.relu(F.conv1d(x, kernel, layer.bias, layer.stride, layer.padding))
    raise ValueError("no linear layer")


def described(layers: list[nn.Module]) -> list[dict]:
    """Each layer's shape, as book/browser/float_network.js reads it."""
    rows = []
    for layer in layers:
        match layer:
            case nn.Conv1d():
                row = {"inputs": layer.in_channels, "outputs": layer.out_channels, "taps": layer.kernel_size[0]}
                rows.append({"operator": "convolution", **row, "stride": layer.stride[0], "padding": layer.padding[0]})
            case nn.MaxPool1d():
                rows.append({"operator": "pool"})
            case nn.Linear():
                rows.append({"operator": "linear", "inputs": layer.in_features, "outputs": layer.out_features})
    return rows


def main(student: str, seed: int) -> None:
    study = open_study("full")
    run = study.train(student, seed, progress=False)
    layers = folded(study.network(run).eval())
    records = study.data.in_folds(VALIDATION_FOLD)
    x = torch.tensor(run.normalization(records.millivolts(slice(None))).transpose(0, 2, 1))
    original = arrays(layers)
    auc, stored, compressed = ([[0] * len(BITS) for _ in ZEROS] for _ in range(3))
    for row, zeros in enumerate(ZEROS):
        for column, bits in enumerate(BITS):
            shrunk = [shrink(weights, zeros, bits) for weights, _ in original]
            stored[row][column], compressed[row][column] = sizes(shrunk, bits)
            values = [whole * steps[:, None] for whole, steps in shrunk]
            score = np.concatenate([probabilities(layers, values, part) for part in x.split(BATCH)])
            auc[row][column] = round(float(macro_auc(records.labels > 0, score)), 4)
    numbers = np.concatenate([part.ravel() for pair in original for part in pair]).astype("<f4")
    described_run = {"student": student, "seed": seed, "fold": VALIDATION_FOLD, "records": len(records)}
    normalization = {"mean": run.normalization.mean, "scale": run.normalization.scale}
    grid = {"zeros": list(ZEROS), "bits": list(BITS), "auc": auc, "stored": stored, "compressed": compressed}
    network = {"layers": described(layers), "content": base64.b64encode(numbers.tobytes()).decode()}
    results.write_json(study.paths.published_results, "shrink", described_run | normalization | grid | network)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(sys.argv[1], int(sys.argv[2]))
    else:
        entry = released.entry(released.microcontroller(), released.folder())
        main(entry["student"], entry["seed"])
