"""Training of a torch network: its epochs, its validation, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from ecglib.compression import onnx_files, pruning
from ecglib.data.dataset import Dataset
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecglib.networks import build, convnet, weights
from ecglib.networks.trained_form import untrained_form
from ecglib.training import distillation, runs, scoring
from ecglib.training.augmentation import random_starts
from ecglib.training.batches import BatchedRecords
from ecglib.training.classifier import Classifier
from ecglib.training.runs import Run
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import Normalization

_RECALIBRATION_BATCH = 256  # the estimated variances are means over batches, and so depend on it


class TorchTraining:
    """A training in progress; the parameters are those of :func:`ecglib.training.train.train`."""

    suffix = ".pt"

    def __init__(
        self,
        settings: TrainingSettings,
        seed: int,
        dataset: Dataset,
        normalization: Normalization,
        init: Run | None,
        teacher_scores: Callable[[], list[Scores] | list[np.ndarray]] | None,
        statements: Callable[[], np.ndarray] | None,
    ):
        torch.manual_seed(seed)
        self.settings, self.seed, self.normalization = settings, seed, normalization
        self.network = initial_network(settings, init, len(dataset.outputs))
        self.train_part = dataset.in_folds(*settings.folds.train)
        targets = [self.train_part.labels]
        if settings.teachers:
            targets.append(distillation.soft_targets(teacher_scores(), self.train_part, settings.temperature))
        if settings.statements_weight:
            targets.append(statements())
        n_statements = targets[-1].shape[1] if settings.statements_weight else 0
        self.device = scoring.device()
        self.records = BatchedRecords(self.train_part, normalization, self.device, np.concatenate(targets, axis=1))
        self.validation = BatchedRecords(dataset.in_folds(settings.folds.validation), normalization, self.device)
        self.classifier = Classifier(self.network, settings, n_statements).to(self.device)
        self.optimizer, self.schedule = self.classifier.optimizer(max(1, len(self.train_part) // settings.batch_size))
        self.average = None
        if settings.average:
            ema = get_ema_multi_avg_fn(settings.average)
            self.average = AveragedModel(self.classifier, multi_avg_fn=ema, use_buffers=True)

    @property
    def kept(self) -> Classifier:
        """The classifier that is validated and kept: that of the averaged weights, if the settings ask for it."""
        return self.average.module if self.average else self.classifier

    @property
    def state(self) -> list:
        """All that a resume needs."""
        return [part for part in (self.classifier, self.optimizer, self.schedule, self.average) if part]

    def train_epoch(self, epoch: int, batches: Sequence[np.ndarray]) -> tuple[float, float]:
        """Train on batches of positions in `train_part`; the mean loss, and the learning rate of the last batch."""
        state = np.random.SeedSequence((self.seed, epoch)).generate_state(1, np.uint32)
        torch.manual_seed(int(state[0]))  # augmentation and dropout depend on seed and epoch alone, also after a resume
        self.classifier.train()
        total = torch.zeros((), device=self.device)
        for positions in batches:
            start = random_starts(len(positions), self.settings, self.device)
            length = None if self.settings.max_stretch else self.settings.crop
            x, target = self.records.crops(positions, start, length)
            with scoring.mixed_precision():
                loss = self.classifier.training_loss(x, target, start)
            self.optimizer.zero_grad()
            loss.backward()
            if self.settings.clip_norm:
                trained = [p for group in self.optimizer.param_groups for p in group["params"]]
                torch.nn.utils.clip_grad_norm_(trained, self.settings.clip_norm)
            learning_rate = self.optimizer.param_groups[0]["lr"]
            self.optimizer.step()
            self.schedule.step()
            if self.average:
                self.average.update_parameters(self.classifier)
            total += loss.detach() * len(x)
        return float(total / sum(map(len, batches))), learning_rate

    def validate(self) -> tuple[float, float]:
        """Loss and macro AUC on the validation records, over the labels that some of them have and others lack."""
        classifier = self.kept.eval()
        with torch.inference_mode(), scoring.mixed_precision():
            scored = [(classifier.validation_logits(x.to(self.device)), y) for x, y in self.validation.in_order()]
        logits, labels = (torch.cat(part).cpu() for part in zip(*scored))
        present = labels.any(dim=0) & ~labels.all(dim=0)
        auc = np.float32(macro_auc(labels[:, present].numpy(), torch.sigmoid(logits[:, present]).numpy()))
        return float(classifier.loss(logits, labels)), float(auc)

    def save(self, path: Path) -> None:
        """Write the state of the training."""
        torch.save([part.state_dict() for part in self.state], path)

    def load(self, path: Path) -> None:
        """Restore what :meth:`save` wrote."""
        states = torch.load(path, map_location="cpu", weights_only=True)
        for part, state in zip(self.state, states):
            part.load_state_dict(state)

    def save_weights(self, path: Path) -> None:
        """Recalibrate the batch normalization if the settings say so, and write the weights, rounded to float16."""
        classifier = self.kept.cpu()
        if self.settings.bn_records:
            sample = self.train_part.sample(self.settings.bn_records, seed=0)
            recalibrate_batchnorm(classifier, sample, self.normalization)
        self.network = untrained_form(pruning.remove_masks(classifier.network), self.network)
        weights.save(self.network, path)
        weights.fill(self.network, path)

    def predict(self, dataset: Dataset) -> np.ndarray:
        """Probabilities float32 (n, outputs) of the rounded weights."""
        windows = self.settings.crop if self.settings.windows else None
        return scoring.predict(self.network, dataset, self.normalization, windows=windows)

    def description(self, folder: Path) -> dict:
        """What is recorded of the network, the hardware and the software, and of a pruned network's ONNX file."""
        record = convnet.counts(self.network) | {
            "precision": scoring.training_precision(),
            "hardware": torch.cuda.get_device_name() if torch.cuda.is_available() else runs.processor(),
            "versions": runs.versions("torch", "numpy"),
        }
        if self.settings.pruning:  # recorded here, because the weights themselves may not be committed
            onnx = onnx_files.to_onnx(self.network, folder / "model.onnx")
            record["file_bytes"] = onnx.stat().st_size
            if self.settings.pruning == "magnitude":  # the file stores the zeros
                record["compressed_bytes"] = pruning.compressed_bytes(onnx)
            onnx.unlink()
        return record


def initial_network(settings: TrainingSettings, init: Run | None, outputs: int) -> torch.nn.Module:
    """The network that training starts from: new, or that of a finished run, pruned if the settings say so."""
    if init is None:
        leads = len(settings.leads)
        return build.build(settings.network, settings.dropout, settings.shape, settings.padding, outputs, leads)
    network = build.load(init.weights(), settings.network, settings.shape, settings.dropout, settings.padding)
    return pruning.pruned(network, settings.pruning, settings.amount) if settings.pruning else network


def recalibrate_batchnorm(classifier: Classifier, dataset: Dataset, normalization: Normalization) -> None:
    """Estimate the batch normalization's means and variances on whole records, with dropout off; in place.

    Dropout increases the variance of the activations in training. Without dropout it is smaller, and a network that
    divides by the larger variance no longer computes what it learned (variance shift; Li et al. 2019).
    """
    for module in classifier.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    device = scoring.device()
    batches = BatchedRecords(dataset, normalization, device).in_order(_RECALIBRATION_BATCH)
    update_bn(batches, classifier.to(device), device)
    classifier.cpu()
