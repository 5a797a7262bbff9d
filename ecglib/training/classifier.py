"""A torch network with its losses, its augmentation and its optimizer."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from ecglib.compression import pruning
from ecglib.networks import convnet
from ecglib.networks.trained_form import logits_of, pooled_of, trainable
from ecglib.training import distillation
from ecglib.training.augmentation import CROP_STEP, augment, mix
from ecglib.training.scoring import windows_of
from ecglib.training.settings import TrainingSettings


class Classifier(nn.Module):
    """A network in its trainable form (stacks of convolutions are copied, in channels-last order), and its losses.

    `n_statements` are the outputs of the additional layer that predicts PTB-XL's statements; 0 for no such layer.
    """

    def __init__(self, network: nn.Module, settings: TrainingSettings, n_statements: int = 0):
        super().__init__()
        self.network, self.settings, self.n_statements = trainable(network), settings, n_statements
        self.statements = nn.Linear(network.linear.in_features, n_statements) if n_statements else None
        if settings.pruning == "magnitude":
            pruning.mask_zeros(self.network)
        self.teacher = None
        if settings.loss == "untrained_teacher":
            self.teacher = convnet.channels_last(convnet.build("base_cnn")).requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, samples, 12) -> logits (b, 5); for channels-last networks this memory order needs no copy."""
        return logits_of(self.network, x)

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean binary cross-entropy of logits with labels (b, 5)."""
        if self.settings.loss == "double_sigmoid":
            logits = torch.sigmoid(logits)
        return F.binary_cross_entropy_with_logits(logits, labels)

    def training_loss(self, x: torch.Tensor, target: torch.Tensor, start: torch.Tensor | None = None) -> torch.Tensor:
        """The loss of a batch after augmentation.

        Parameters
        ----------
        x : records (b, 1000, 12), or their crops
        target : labels, soft targets if there are teachers (of all crops for `same_crop`), statements: (b, …)
        start : where the crops start, int64 (b, 1); drawn by :func:`augment` if not given
        """
        x = augment(x, self.settings, start)
        target, statements = target.tensor_split([target.shape[1] - self.n_statements], dim=1)
        if self.settings.same_crop:
            outputs = self.network.linear.out_features
            target = torch.cat([target[:, :outputs], self.soft_of_crop(target, start)], dim=1)
        if self.settings.mixup:
            x, both = mix(x, torch.cat([target, statements], dim=1), self.settings.mixup)
            target, statements = both.tensor_split([target.shape[1]], dim=1)
        features = pooled_of(self.network, x)
        loss = self._target_loss(x, self.network.linear(features).float(), target)
        if self.statements is not None:
            extra = F.binary_cross_entropy_with_logits(self.statements(features).float(), statements)
            loss = loss + self.settings.statements_weight * extra
        return loss

    def soft_of_crop(self, target: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
        """The teachers' probabilities (b, 5) of each record's crop, from those of all crops behind the labels."""
        outputs = self.network.linear.out_features
        of_crops = target[:, outputs:].unflatten(1, (-1, outputs))
        return of_crops[torch.arange(len(target), device=target.device), start.squeeze(1) // CROP_STEP]

    def _target_loss(self, x: torch.Tensor, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.teacher is not None:
            with torch.no_grad():  # the teacher stays in training mode, with dropout, as in the original
                teacher_prob = torch.sigmoid(logits_of(self.teacher, x))
            return distillation.original_loss(logits, target, teacher_prob)
        if self.settings.teachers:
            hard, soft = target.tensor_split(2, dim=1)
            return distillation.loss(logits, hard, soft, self.settings.temperature, self.settings.label_weight)
        return self.loss(logits, target)

    def validation_logits(self, x: torch.Tensor) -> torch.Tensor:
        """(b, 1000, 12) -> logits (b, 5) of the mean probability over windows, or of whole records."""
        if not self.settings.windows:
            return self(x)
        parts = [torch.sigmoid(self(part)) for part in windows_of(x, self.settings.crop)]
        return torch.logit(torch.stack(parts).mean(dim=0), eps=1e-6)

    def optimizer(self, steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        """The settings' optimizer and learning rate schedule, for `steps` batches in an epoch."""
        settings = self.settings
        trained = [*self.network.parameters(), *(self.statements.parameters() if self.statements is not None else [])]
        if settings.optimizer == "adam":
            optimizer = torch.optim.Adam(trained, lr=settings.learning_rate, fused=True)
        else:
            matrices = [p for p in trained if p.dim() > 1]
            vectors = [p for p in trained if p.dim() <= 1]  # biases, batch norm: no weight decay
            groups = [
                {"params": matrices, "weight_decay": settings.weight_decay},
                {"params": vectors, "weight_decay": 0.0},
            ]
            optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)
        if settings.schedule == "late_decay":
            return optimizer, torch.optim.lr_scheduler.LambdaLR(
                optimizer, lambda step: math.exp(-0.1 * max(0, step // steps - settings.decay_from + 1))
            )
        return optimizer, torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings.learning_rate, total_steps=steps * settings.epochs
        )
