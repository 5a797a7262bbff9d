"""Probabilities of torch networks, and the processor and precision they are computed with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from tqdm import tqdm

from ecglib.data.dataset import Dataset
from ecglib.networks.trained_form import logits_of, trainable
from ecglib.training.batches import EVALUATION_BATCH, BatchedRecords
from ecgpredict.spec import N_SAMPLES, Normalization


def window_starts(crop: int) -> range:
    """Starts of the windows whose probabilities are averaged: each half a window after the one before."""
    return range(0, N_SAMPLES - crop + 1, crop // 2)


def predict(
    network: torch.nn.Module,
    dataset: Dataset,
    normalization: Normalization,
    *,
    windows: int | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Probabilities float32 (n, 5) of a network in float32.

    Parameters
    ----------
    windows : length of the windows over which the probabilities are averaged, in samples; None for whole records
    """
    network = network.to(device()).eval()

    def probability(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([network(part.transpose(1, 2)) for part in windows_of(x, windows)]).mean(dim=0)

    with torch.backends.cudnn.flags(allow_tf32=False):
        score = _outputs(probability, dataset, normalization, progress)
    network.cpu()
    return score.numpy()


def predict_bf16(
    network: torch.nn.Module,
    dataset: Dataset,
    normalization: Normalization,
    *,
    windows: int | None = None,
    progress: bool = True,
) -> np.ndarray:
    """Probabilities float32 (n, 5) in the precision of training, several times as fast as :func:`predict`."""
    parts = _parts_bf16(network, dataset, normalization, lambda x: windows_of(x, windows), progress)
    return torch.stack(list(parts.unbind(dim=1))).mean(dim=0).numpy()


def predict_crops(
    network: torch.nn.Module,
    dataset: Dataset,
    normalization: Normalization,
    crop: int,
    starts: Sequence[int],
    *,
    progress: bool = True,
) -> np.ndarray:
    """Probabilities float32 (n, starts, 5), in the precision of training, of the crops that start at these samples."""

    def crops(x: torch.Tensor) -> list[torch.Tensor]:
        return [x[:, start : start + crop] for start in starts]

    return _parts_bf16(network, dataset, normalization, crops, progress).numpy()


def windows_of(x: torch.Tensor, length: int | None) -> list[torch.Tensor]:
    """The windows (b, length, 12) of records (b, 1000, 12), or the records themselves without a length."""
    return [x] if length is None else [x[:, start : start + length] for start in window_starts(length)]


def _parts_bf16(network, dataset, normalization, parts: Callable, progress: bool) -> torch.Tensor:
    """Probabilities float32 (n, parts, 5) of the parts into which `parts` divides records, in bfloat16."""
    ready = trainable(network).to(device()).eval()

    def logits(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([logits_of(ready, part) for part in parts(x)], dim=1)

    with mixed_precision():
        return torch.sigmoid(_outputs(logits, dataset, normalization, progress))


def _outputs(forward: Callable, dataset: Dataset, normalization: Normalization, progress: bool) -> torch.Tensor:
    """float32 (n, …) on the processor: the results of `forward` for batches, in order and without gradients."""
    records = BatchedRecords(dataset, normalization, device())
    steps = -(-len(dataset) // EVALUATION_BATCH)
    with torch.inference_mode():
        batches = tqdm(records.in_order(), "Scoring", steps, disable=not progress)
        return torch.cat([forward(x.to(device())).float().cpu() for x, _ in batches])


def device() -> torch.device:
    """The GPU if there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def training_precision() -> str:
    """bfloat16 mixed precision ("bf16-mixed") if the hardware supports it natively, else float32 ("32-true")."""
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:  # oneDNN also accepts bfloat16 on processors that only emulate it, which is slow
        native = any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))
    return "bf16-mixed" if native else "32-true"


def mixed_precision() -> torch.autocast:
    """The context in which networks are trained: bfloat16 where :func:`training_precision` says so."""
    # with the cache, the gradient of a recurrent unit's weights would be summed over time in bfloat16
    enabled = training_precision() == "bf16-mixed"
    return torch.autocast(device().type, torch.bfloat16, enabled=enabled, cache_enabled=False)
