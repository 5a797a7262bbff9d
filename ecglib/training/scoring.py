"""Probabilities of torch networks, and recalibration of their batch normalization without dropout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.optim.swa_utils import update_bn
from tqdm import tqdm

from ecglib.data.dataset import Dataset
from ecglib.networks.trained_form import logits_of, trainable
from ecglib.training.batches import EVALUATION_BATCH, BatchedRecords, window_starts
from ecgpredict.spec import Normalization

if TYPE_CHECKING:
    from ecglib.training.classifier import Classifier

_RECALIBRATION_BATCH = 256  # the estimated variances are means over batches, and so depend on it


def predict(
    network: torch.nn.Module,
    dataset: Dataset,
    normalization: Normalization,
    *,
    windows: int | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Probabilities float32 (n, 5) of a network in float32, in batches and without gradients.

    Parameters
    ----------
    windows : length of the windows over which the probabilities are averaged, in samples; None for whole records
    """
    network = network.to(device()).eval()

    def probability(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([network(part.transpose(1, 2)) for part in _parts(x, windows, _starts(windows))]).mean(dim=0)

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
    """The same in the precision of training, several times as fast: for soft targets, and where the text says so."""
    found = _crop_bf16(network, dataset, normalization, windows, _starts(windows), progress)
    return torch.stack(found).mean(dim=0).numpy()


def predict_crops(
    network: torch.nn.Module,
    dataset: Dataset,
    normalization: Normalization,
    crop: int,
    starts: Sequence[int],
    *,
    progress: bool = True,
) -> np.ndarray:
    """Probabilities float32 (n, starts, 5) of the crops of each record that start at these samples."""
    return torch.stack(_crop_bf16(network, dataset, normalization, crop, starts, progress), dim=1).numpy()


def _crop_bf16(network, dataset, normalization, crop, starts, progress) -> list[torch.Tensor]:
    """For each start the probabilities float32 (n, 5) of the crops there, or of whole records, in bfloat16."""
    ready = trainable(network).to(device()).eval()

    def logits(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([logits_of(ready, part) for part in _parts(x, crop, starts)], dim=1)

    with torch.autocast(device().type, torch.bfloat16, enabled=training_precision() == "bf16-mixed"):
        found = _outputs(logits, dataset, normalization, progress)
    return list(torch.sigmoid(found).unbind(dim=1))


def _starts(windows: int | None) -> Sequence[int | None]:
    """Where the windows of a record start; None for the whole record."""
    return [None] if windows is None else window_starts(windows)


def _parts(x: torch.Tensor, length: int | None, starts: Sequence[int | None]) -> list[torch.Tensor]:
    """The parts (b, length, 12) of records that start there; None stands for the whole record."""
    return [x if start is None else x[:, start : start + length] for start in starts]


def device() -> torch.device:
    """The GPU if there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _outputs(forward: Callable, dataset: Dataset, normalization: Normalization, progress: bool) -> torch.Tensor:
    """float32 (n, …) on the processor: the results of `forward` for batches, in order and without gradients."""
    loader = BatchedRecords(dataset, normalization).loader(EVALUATION_BATCH, shuffle=False)
    with torch.inference_mode():
        parts = [forward(x.to(device())).float().cpu() for x, _ in tqdm(loader, "Scoring", disable=not progress)]
    return torch.cat(parts)


def recalibrate_batchnorm(classifier: Classifier, dataset: Dataset, normalization: Normalization) -> None:
    """Estimate the batch normalization's means and variances on whole records, with dropout off; in place.

    Dropout increases the variance of the activations in training. Without dropout it is smaller, and a network that
    divides by the larger variance no longer computes what it learned (variance shift; Li et al. 2019).
    """
    for module in classifier.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    loader = BatchedRecords(dataset, normalization).loader(_RECALIBRATION_BATCH, shuffle=False)
    update_bn(loader, classifier.to(device()), device())
    classifier.cpu()


def training_precision() -> str:
    """Lightning's bfloat16 mixed precision if the hardware supports it natively, else float32."""
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:  # oneDNN also accepts bfloat16 on processors that only emulate it, which is slow
        native = any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))
    return "bf16-mixed" if native else "32-true"
