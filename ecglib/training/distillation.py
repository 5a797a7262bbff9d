"""Knowledge distillation for several labels at once.

In come the scores of trained teachers on folds 1-8; out come soft targets and the losses that a student
learns from. Each superclass is a yes-or-no question of its own, so that the temperature softens a sigmoid, where
Hinton et al. (2015) soften a softmax.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from ecglib.data.dataset import Dataset
from ecglib.errors import InputError
from ecglib.evaluation.calibration import apply_temperature
from ecglib.evaluation.scores import Scores


def soft_targets(teachers: Sequence[Scores], dataset: Dataset, temperature: float) -> np.ndarray:
    """What the teachers say of each record, softened: float32 (n, 5) in the dataset's order.

    Several teachers, and several seeds of each, speak with the mean of their probabilities.

    Parameters
    ----------
    teachers : scores of exactly the dataset's records
    temperature : divides the logits; 1 leaves the probabilities as they are

    Raises
    ------
    InputError : no teacher, scores of other records, or a temperature that is not positive
    """
    if not teachers:
        raise InputError(
            "no teacher", where="distillation", expected="one or more", found="none", hint="name a trained model"
        )
    if not temperature > 0:
        raise InputError(
            "impossible temperature", where="distillation", expected="more than 0", found=temperature,
            hint="give 1 for the teacher's own probabilities, more to soften them",
        )  # fmt: skip
    for teacher in teachers:
        if not np.array_equal(teacher.ecg_id, dataset.ecg_id):
            strange = np.setxor1d(teacher.ecg_id, dataset.ecg_id)
            raise InputError(
                "scores of other records", where="a teacher's scores",
                expected=f"the {len(dataset):,} training records",
                found=f"{len(strange):,} that only one side has" if len(strange) else "another order",
                hint="score the teacher on this data again",
            )  # fmt: skip
    return apply_temperature(Scores.stack_seeds(list(teachers)).ensemble().score[0], temperature).astype(np.float32)


def loss(
    logits: torch.Tensor, hard: torch.Tensor, soft: torch.Tensor, temperature: float, hard_weight: float
) -> torch.Tensor:
    """Binary cross-entropy with the labels, and with the soft targets at a temperature.

    Parameters
    ----------
    logits : the student's (b, 5)
    hard, soft : labels, and :func:`soft_targets` of the same temperature, (b, 5)
    hard_weight : share of the labels' part; the other part is multiplied by the temperature's square, so that the
        share of the gradients is about the same at every temperature
    """
    softened = F.binary_cross_entropy_with_logits(logits / temperature, soft) * temperature**2
    return hard_weight * F.binary_cross_entropy_with_logits(logits, hard) + (1 - hard_weight) * softened


def original_loss(logits: torch.Tensor, hard: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """The original study's loss: BCE + 0.3 CE + 0.7 KL at temperature 1.

    Cross-entropy and Kullback-Leibler divergence take the probabilities of the five superclasses, each out of a
    sigmoid of its own, for the logits of a softmax over them.

    Parameters
    ----------
    logits : the student's (b, 5), before the sigmoid
    hard : labels (b, 5)
    teacher : the teacher's probabilities (b, 5)
    """
    probability = torch.sigmoid(logits)
    divergence = F.kl_div(probability.log_softmax(dim=1), teacher.softmax(dim=1), reduction="batchmean")
    return (
        F.binary_cross_entropy_with_logits(logits, hard) + 0.3 * F.cross_entropy(probability, hard) + 0.7 * divergence
    )
