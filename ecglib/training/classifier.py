"""A torch network as a Lightning module: loss, augmentation, optimizer and learning rate schedule."""

from __future__ import annotations

import math

import pytorch_lightning as pl
import torch
from torch.nn import functional as F

from ecglib.compression import pruning
from ecglib.evaluation.metrics import macro_auc
from ecglib.networks import convnet
from ecglib.networks.convnet import ECGNet
from ecglib.training import distillation
from ecglib.training.batches import augment
from ecglib.training.settings import TrainingSettings


class Classifier(pl.LightningModule):
    """A network in channels-last order with its loss, augmentation, optimizer and schedule."""

    def __init__(self, network: ECGNet, settings: TrainingSettings, steps: int):
        super().__init__()
        self.network, self.settings, self.steps = convnet.channels_last(network), settings, steps
        if settings.pruning == "magnitude":
            pruning.mask_zeros(self.network)
        self.teacher = None
        if settings.loss == "untrained_teacher":
            self.teacher = convnet.channels_last(convnet.build("base_cnn")).requires_grad_(False)
        self.scored: list[tuple[torch.Tensor, torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, samples, 12) -> logits (b, 5); this memory order needs no copy."""
        return logits_of(self.network, x)

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Logits and labels (b, 5) -> the mean binary cross-entropy."""
        if self.settings.loss == "double_sigmoid":
            logits = torch.sigmoid(logits)
        return F.binary_cross_entropy_with_logits(logits, target)

    def training_step(self, batch, _index):
        x, target = batch
        x = augment(x, self.settings)
        logits = self(x)
        if self.teacher is not None:
            with torch.no_grad():  # the teacher stays in training mode, with dropout, as in the original
                teacher_prob = torch.sigmoid(logits_of(self.teacher, x))
            loss = distillation.original_loss(logits, target, teacher_prob)
        elif self.settings.teachers:
            hard, soft = target.tensor_split(2, dim=1)
            loss = distillation.loss(logits, hard, soft, self.settings.temperature, self.settings.label_weight)
        else:
            loss = self.loss(logits, target)
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(x))
        return loss

    def validation_step(self, batch, _index):
        x, target = batch
        self.scored.append((self(x), target))

    def on_validation_epoch_end(self):
        logits, target = (torch.cat(part) for part in zip(*self.scored))
        self.scored.clear()
        self.log("val_loss", self.loss(logits, target))
        score = torch.sigmoid(logits).float().cpu().numpy()
        self.log("val_auc", macro_auc(target.cpu().numpy(), score), prog_bar=True)

    def configure_optimizers(self):
        matrices = [p for p in self.network.parameters() if p.dim() > 1]
        vectors = [p for p in self.network.parameters() if p.dim() <= 1]  # biases, batch norm: no weight decay
        groups = [
            {"params": matrices, "weight_decay": self.settings.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        settings = self.settings
        if settings.optimizer == "adam":
            optimizer = torch.optim.Adam(self.network.parameters(), lr=settings.learning_rate)
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


def logits_of(channels_last_net: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """(b, samples, 12) -> float32 logits (b, 5) of a :func:`ecglib.networks.convnet.channels_last` network."""
    return channels_last_net.logits(x.transpose(1, 2).unsqueeze(2)).float()
