"""Probabilities of torch networks, and recalibration of their batch normalization without dropout."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.optim.swa_utils import update_bn
from tqdm import tqdm

from ecglib.data.dataset import Dataset
from ecglib.data.normalization import Normalization
from ecglib.networks import convnet
from ecglib.networks.convnet import ECGNet
from ecglib.training.batches import EVALUATION_BATCH, BatchedRecords
from ecglib.training.classifier import Classifier, logits_of


def predict(network: torch.nn.Module, dataset: Dataset, normalization: Normalization, *, progress: bool = False):
    """Probabilities float32 (n, 5) of a network in float32, in batches and without gradients."""
    network = network.eval()
    return _outputs(lambda x: network(x.transpose(1, 2)), dataset, normalization, progress).numpy()


def predict_bf16(
    network: ECGNet, dataset: Dataset, normalization: Normalization, *, progress: bool = True
) -> np.ndarray:
    """The same in the precision of training, several times as fast: for soft targets, and where the text says so."""
    channels_last_net = convnet.channels_last(network).eval()
    with torch.autocast("cpu", torch.bfloat16, enabled=training_precision() == "bf16-mixed"):
        logits = _outputs(lambda x: logits_of(channels_last_net, x), dataset, normalization, progress)
    return torch.sigmoid(logits).numpy()


def _outputs(forward: Callable, dataset: Dataset, normalization: Normalization, progress: bool) -> torch.Tensor:
    """float32 (n, 5): the results of `forward` for batches (b, 1000, 12), in order and without gradients."""
    loader = BatchedRecords(dataset, normalization).loader(EVALUATION_BATCH, shuffle=False)
    with torch.inference_mode():
        return torch.cat([forward(x) for x, _ in tqdm(loader, "Scoring", disable=not progress)]).float()


def recalibrate_batchnorm(classifier: Classifier, dataset: Dataset, normalization: Normalization) -> None:
    """Estimate the batch normalization's means and variances on whole records, with dropout off; in place.

    Dropout increases the variance of the activations in training. Without dropout it is smaller, and a network that
    divides by the larger variance no longer computes what it learned (variance shift; Li et al. 2019).
    """
    for module in classifier.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    update_bn(BatchedRecords(dataset, normalization).loader(EVALUATION_BATCH, shuffle=False), classifier)


def training_precision() -> str:
    """Lightning's bfloat16 mixed precision if the hardware supports it natively, else float32."""
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:  # oneDNN also accepts bfloat16 on processors that only emulate it, which is slow
        native = any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))
    return "bf16-mixed" if native else "32-true"
