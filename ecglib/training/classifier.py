"""A torch network as a Lightning module: loss, augmentation, optimizer and learning rate schedule."""

from __future__ import annotations

import math

import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn import functional as F

from ecglib.compression import pruning
from ecglib.evaluation.metrics import macro_auc
from ecglib.networks import convnet
from ecglib.networks.trained_form import logits_of, pooled_of, trainable
from ecglib.training import distillation
from ecglib.training.batches import CROP_STEP, augment, mix, random_starts, window_starts
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import CLASSES


class Classifier(pl.LightningModule):
    """A network with its loss, augmentation, optimizer and schedule; a stack of blocks is in channels-last order.

    Parameters
    ----------
    network : the network to train; stacks of convolution blocks are copied
    settings : how it is trained
    steps : batches in an epoch
    n_statements : outputs of the additional layer that predicts PTB-XL's statements; 0 for no such layer
    """

    def __init__(self, network: nn.Module, settings: TrainingSettings, steps: int, n_statements: int = 0):
        super().__init__()
        self.network, self.settings, self.steps = trainable(network), settings, steps
        self.statements = nn.Linear(network.linear.in_features, n_statements) if n_statements else None
        if settings.pruning == "magnitude":
            pruning.mask_zeros(self.network)
        self.teacher = None
        if settings.loss == "untrained_teacher":
            self.teacher = convnet.channels_last(convnet.build("base_cnn")).requires_grad_(False)
        self.scored: list[tuple[torch.Tensor, torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, samples, 12) -> logits (b, 5); for channels-last networks this memory order needs no copy."""
        return logits_of(self.network, x)

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Logits and labels (b, 5) -> the mean binary cross-entropy."""
        if self.settings.loss == "double_sigmoid":
            logits = torch.sigmoid(logits)
        return F.binary_cross_entropy_with_logits(logits, target)

    def training_step(self, batch, _index):
        x, target = batch
        start = random_starts(len(x), self.settings, x.device)
        x = augment(x, self.settings, start)
        target, statements = target.tensor_split([target.shape[1] - self._n_statements], dim=1)
        if self.settings.same_crop:
            target = torch.cat([target[:, : len(CLASSES)], self._soft_of_crop(target, start)], dim=1)
        if self.settings.mixup:
            x, both = mix(x, torch.cat([target, statements], dim=1), self.settings.mixup)
            target, statements = both.tensor_split([target.shape[1]], dim=1)
        features = pooled_of(self.network, x)
        loss = self._target_loss(x, self.network.linear(features).float(), target)
        if self.statements is not None:
            extra = F.binary_cross_entropy_with_logits(self.statements(features).float(), statements)
            loss = loss + self.settings.statements_weight * extra
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(x))
        return loss

    @property
    def _n_statements(self) -> int:
        return self.statements.out_features if self.statements is not None else 0

    def _target_loss(self, x: torch.Tensor, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if self.teacher is not None:
            with torch.no_grad():  # the teacher stays in training mode, with dropout, as in the original
                teacher_prob = torch.sigmoid(logits_of(self.teacher, x))
            return distillation.original_loss(logits, target, teacher_prob)
        if self.settings.teachers:
            hard, soft = target.tensor_split(2, dim=1)
            return distillation.loss(logits, hard, soft, self.settings.temperature, self.settings.label_weight)
        return self.loss(logits, target)

    def _soft_of_crop(self, target: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
        """The teachers' probabilities (b, 5) of each record's crop, from those of all crops behind the labels."""
        of_crops = target[:, len(CLASSES) :].unflatten(1, (-1, len(CLASSES)))
        return of_crops[torch.arange(len(target), device=target.device), start.squeeze(1) // CROP_STEP]

    def validation_step(self, batch, _index):
        x, target = batch
        if self.settings.windows:
            crop = self.settings.crop
            parts = [torch.sigmoid(self(x[:, start : start + crop])) for start in window_starts(crop)]
            self.scored.append((torch.logit(torch.stack(parts).mean(dim=0), eps=1e-6), target))
        else:
            self.scored.append((self(x), target))

    def on_validation_epoch_end(self):
        logits, target = (torch.cat(part) for part in zip(*self.scored))
        self.scored.clear()
        self.log("val_loss", self.loss(logits, target))
        score = torch.sigmoid(logits).float().cpu().numpy()
        self.log("val_auc", macro_auc(target.cpu().numpy(), score), prog_bar=True)

    def _parameters_to_train(self) -> list[nn.Parameter]:
        extra = list(self.statements.parameters()) if self.statements is not None else []
        return [*self.network.parameters(), *extra]

    def configure_optimizers(self):
        matrices = [p for p in self._parameters_to_train() if p.dim() > 1]
        vectors = [p for p in self._parameters_to_train() if p.dim() <= 1]  # biases, batch norm: no weight decay
        groups = [
            {"params": matrices, "weight_decay": self.settings.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        settings = self.settings
        if settings.optimizer == "adam":
            optimizer = torch.optim.Adam(self._parameters_to_train(), lr=settings.learning_rate)
        else:
            optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate)
        if settings.schedule == "late_decay":
            schedule = torch.optim.lr_scheduler.LambdaLR(
                optimizer, lambda step: math.exp(-0.1 * max(0, step // self.steps - settings.decay_from + 1))
            )
        else:
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, settings.learning_rate, total_steps=self.steps * settings.epochs
            )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
