"""Knowledge distillation for multi-label classification: soft targets, and the losses for training a student.

Each superclass is a binary problem of its own, so the temperature softens a sigmoid, where Hinton et al. (2015) soften
a softmax.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from ecglib.data.dataset import Dataset
from ecglib.evaluation.scores import Scores
from ecgpredict.spec import apply_temperature


def soft_targets(teachers: Sequence[Scores] | Sequence[np.ndarray], dataset: Dataset, temperature: float) -> np.ndarray:
    """The teachers' mean probabilities of each record, softened: float32 (n, 5), or (n, 5 crops) crop by crop.

    Teachers are scores of exactly the dataset's records (ValueError for others), of several seeds or one, or each
    teacher's probabilities of the records' crops, float16 (n, crops, 5). The temperature divides the logits.
    """
    if isinstance(teachers[0], Scores):
        for teacher in teachers:
            if not np.array_equal(teacher.ecg_id, dataset.ecg_id):
                raise ValueError("a teacher's scores are of other records, or in another order")
        mean = Scores.stack_seeds(teachers).ensemble().score[0]
    else:
        mean = sum(crops.astype(np.float32) for crops in teachers) / len(teachers)
    return apply_temperature(mean, temperature).reshape(len(mean), -1).astype(np.float32)


def loss(
    logits: torch.Tensor, hard: torch.Tensor, soft: torch.Tensor, temperature: float, label_weight: float
) -> torch.Tensor:
    """Binary cross-entropies of logits (b, 5) with the labels and with :func:`soft_targets` at a temperature, weighted.

    The second term is multiplied by the square of the temperature, so that its gradients stay about the same size.
    """
    softened = F.binary_cross_entropy_with_logits(logits / temperature, soft) * temperature**2
    return label_weight * F.binary_cross_entropy_with_logits(logits, hard) + (1 - label_weight) * softened


def original_loss(logits: torch.Tensor, hard: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """The original study's loss at temperature 1: BCE + 0.3 CE + 0.7 KL, of logits, labels and probabilities (b, 5).

    The cross-entropy and Kullback-Leibler terms use the five sigmoid probabilities as if they were a softmax's logits.
    """
    probability = torch.sigmoid(logits)
    divergence = F.kl_div(probability.log_softmax(dim=1), teacher.softmax(dim=1), reduction="batchmean")
    entropy = F.cross_entropy(probability, hard)
    return F.binary_cross_entropy_with_logits(logits, hard) + 0.3 * entropy + 0.7 * divergence
