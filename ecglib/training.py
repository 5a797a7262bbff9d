"""Training of the torch networks with PyTorch Lightning.

In come a :class:`~ecglib.signals.Dataset`, a network and its settings; out comes a finished
:class:`~ecglib.runs.Run`. Folds 1-8 train, fold 9 chooses the checkpoint, and fold 10 is scored once,
at the end. A stopped training goes on from its last epoch; a finished one is loaded.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import shutil
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar
from safetensors.torch import save_file
from torch.nn import functional as F
from torch.optim.swa_utils import update_bn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler
from tqdm import tqdm

from ecglib import distillation, export, files, pruning, runs, torch_models, weights
from ecglib.config import Training
from ecglib.evaluation import Scores, macro_auc
from ecglib.normalisation import Normalisation
from ecglib.ptbxl import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecglib.runs import Run
from ecglib.signals import Dataset
from ecglib.torch_models import ECGNet

_EVALUATION_BATCH = 256


class Batches(torch.utils.data.Dataset):
    """Hands out whole batches: positions (b,) -> float32 (b, 1000, 12) normalised, targets (b, 5) or more."""

    def __init__(self, dataset: Dataset, normalisation: Normalisation, targets: np.ndarray | None = None):
        self.dataset, self.normalisation = dataset, normalisation
        self.targets = torch.from_numpy(dataset.labels if targets is None else np.asarray(targets, np.float32))

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, positions: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.normalisation(self.dataset.millivolts(positions))), self.targets[positions]

    def loader(self, batch_size: int, *, shuffle: bool) -> DataLoader:
        """Batches in order, or in random order without the last incomplete one."""
        order = RandomSampler(self) if shuffle else SequentialSampler(self)
        drop = shuffle and len(self) > batch_size
        return DataLoader(self, sampler=BatchSampler(order, batch_size, drop_last=drop), batch_size=None)


def augment(x: torch.Tensor, settings: Training) -> torch.Tensor:
    """Cut out a part, shift in time (zeros move in), change the gain, add noise: (b, samples, 12) -> the same.

    With a crop, fewer samples come back.
    """
    records, samples, leads = x.shape
    if settings.crop:
        start = torch.randint(0, samples - settings.crop + 1, (records, 1), device=x.device)
        source = start + torch.arange(settings.crop, device=x.device)
        x, samples = x.gather(1, source.unsqueeze(2).expand(-1, -1, leads)), settings.crop
    if settings.shift:
        offset = torch.randint(-settings.shift, settings.shift + 1, (records, 1), device=x.device)
        source = torch.arange(samples, device=x.device) + offset
        inside = ((source >= 0) & (source < samples)).unsqueeze(2)
        x = x.gather(1, source.clamp(0, samples - 1).unsqueeze(2).expand(-1, -1, leads)) * inside
    if settings.amplitude:
        x = x * torch.exp(settings.amplitude * torch.randn(records, 1, 1, device=x.device))
    if settings.noise:
        x = x + settings.noise * torch.rand(records, 1, 1, device=x.device) * torch.randn_like(x)
    return x


class Classifier(pl.LightningModule):
    """A network in channels-last order with its loss, augmentation, optimizer and schedule."""

    def __init__(self, network: ECGNet, settings: Training, steps: int):
        super().__init__()
        self.network, self.settings, self.steps = torch_models.channels_last(network), settings, steps
        if settings.pruning == "magnitude":
            pruning.hold_zeros(self.network)
        self.teacher = None
        if settings.loss == "untrained_teacher":
            self.teacher = torch_models.channels_last(torch_models.build("base_cnn")).requires_grad_(False)
        self.scored: list[tuple[torch.Tensor, torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, samples, 12) -> logits (b, 5); the memory order needs no copy."""
        return _logits(self.network, x)

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
            with torch.no_grad():  # it stays in training mode, with dropout, as in the original
                said = torch.sigmoid(_logits(self.teacher, x))
            loss = distillation.original_loss(logits, target, said)
        elif self.settings.teachers:
            hard, soft = target.tensor_split(2, dim=1)
            loss = distillation.loss(logits, hard, soft, self.settings.temperature, self.settings.hard_weight)
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
        vectors = [p for p in self.network.parameters() if p.dim() <= 1]  # biases and batch norm are not decayed
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


def _logits(twin: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    return twin.logits(x.transpose(1, 2).unsqueeze(2)).float()


class _History(pl.Callback):
    """Appends a row to history.csv after each epoch; the file survives a stop."""

    def __init__(self, path: Path):
        self.path, self.start = path, 0.0

    def on_train_epoch_start(self, trainer, module):
        self.start = time.monotonic()

    def on_train_epoch_end(self, trainer, module):
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        row = {"epoch": trainer.current_epoch, **{k: metrics[k] for k in ("train_loss", "val_loss", "val_auc")}}
        row |= {"learning_rate": trainer.optimizers[0].param_groups[0]["lr"], "seconds": time.monotonic() - self.start}
        runs.add_epoch(self.path, row)


def train(
    model: str, build: Callable[[], ECGNet], settings: Training, seed: int, dataset: Dataset, folder: Path,
    *, start: Run | None = None, teachers: Sequence[Run] = (),
    teacher_scores: Callable[[], list[Scores]] = list, progress: bool = True,
) -> Run:  # fmt: skip
    """Train a network, or load the finished run with the same settings on the same data.

    Parameters
    ----------
    model : its name in the results
    build : makes the network, with its first weights; called after the seed is set
    settings, seed : what is repeatable of the run
    dataset : labelled records of all folds
    folder : where the run is kept
    start : the run whose weights `build` begins with, if any
    teachers : the runs to distil from, if any
    teacher_scores : gives the teachers' scores of the training records; called when training begins
    progress : show a bar for each epoch

    Returns
    -------
    Run : with weights as float16 safetensors, and scores computed from those rounded weights
    """
    folder = Path(folder)
    identity = runs.identity(model, seed, settings, dataset, start, teachers)
    if run := runs.begin(folder, identity):
        return run
    started = time.monotonic()
    pl.seed_everything(seed, verbose=False)
    network = build()
    normalisation = Normalisation.fit(dataset) if settings.normalise else Normalisation(0.0, 1.0)
    train_part, validation = dataset.folds(*TRAIN_FOLDS), dataset.folds(VALIDATION_FOLD)
    targets = train_part.labels
    if teachers:
        soft = distillation.soft_targets(teacher_scores(), train_part, settings.temperature)
        targets = np.concatenate([targets, soft], axis=1)
    loader = Batches(train_part, normalisation, targets).loader(settings.batch_size, shuffle=True)
    classifier = Classifier(network, settings, len(loader))
    checkpoint = ModelCheckpoint(folder / "checkpoints", "best", monitor="val_auc", mode="max", save_last=True)
    callbacks: list[pl.Callback] = [
        _History(folder / runs.HISTORY), checkpoint,
        EarlyStopping("val_auc", mode="max", patience=settings.patience),
    ]  # fmt: skip
    if progress:
        callbacks.append(TQDMProgressBar(refresh_rate=5))
    _quiet()
    trainer = pl.Trainer(
        max_epochs=settings.epochs, precision=precision(), callbacks=callbacks, logger=False,
        gradient_clip_val=settings.clip_norm or None, enable_progress_bar=progress, enable_model_summary=False,
        num_sanity_val_steps=0, default_root_dir=folder,
    )  # fmt: skip
    last = folder / "checkpoints" / "last.ckpt"
    validation_loader = Batches(validation, normalisation).loader(_EVALUATION_BATCH, shuffle=False)
    trainer.fit(classifier, loader, validation_loader, ckpt_path=last if last.is_file() else None)

    kept = checkpoint.best_model_path if settings.keep == "best" else last
    classifier.load_state_dict(torch.load(kept, map_location="cpu", weights_only=True)["state_dict"])
    classifier = classifier.cpu()
    if settings.norm_records:
        estimate_norms(classifier, train_part.drawn(settings.norm_records, seed=0), normalisation)
    trained = torch_models.channels_first(pruning.make_permanent(classifier.network), network)
    save_weights(trained, folder / weights.NAME)
    torch_models.load_weights(trained, folder / weights.NAME)
    scored = dataset.folds(VALIDATION_FOLD, TEST_FOLD)
    score = predict(trained, scored, normalisation, progress=progress)
    Scores.of(scored, seed, score).save(folder / runs.SCORES)
    record = identity | {
        "weights": weights.NAME,
        **torch_models.counts(trained),
        "normalisation": dataclasses.asdict(normalisation),
        **runs.epochs(folder / runs.HISTORY),
        "precision": precision(),
        "hardware": hardware(),
        "versions": runs.versions("torch", "pytorch-lightning", "numpy"),
        "wall_seconds": round(time.monotonic() - started, 1),
    }
    if settings.pruning:  # the file's size is known where its weights are not kept
        onnx = export.to_onnx(trained, folder / "model.onnx")
        record["file_bytes"] = onnx.stat().st_size
        if settings.pruning == "magnitude":  # where the zeros are left in place
            record["compressed_bytes"] = pruning.compressed_bytes(onnx)
        onnx.unlink()
    run = runs.finish(folder, record)
    shutil.rmtree(folder / "checkpoints")
    return run


def predict(network: torch.nn.Module, dataset: Dataset, normalisation: Normalisation, *, progress: bool = False):
    """Probabilities float32 (n, 5) of a network in float32, in batches and without gradients."""
    network = network.eval()
    return _outputs(lambda x: network(x.transpose(1, 2)), dataset, normalisation, progress).numpy()


def predict_fast(network: ECGNet, dataset: Dataset, normalisation: Normalisation) -> np.ndarray:
    """The same in the precision of training, several times as fast: for soft targets, not for figures."""
    twin = torch_models.channels_last(network).eval()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision() == "bf16-mixed"):
        logits = _outputs(lambda x: _logits(twin, x), dataset, normalisation, progress=True)
    return torch.sigmoid(logits).numpy()


def _outputs(forward: Callable, dataset: Dataset, normalisation: Normalisation, progress: bool) -> torch.Tensor:
    """float32 (n, 5): what `forward` gives for batches (b, 1000, 12), in order and without gradients."""
    loader = Batches(dataset, normalisation).loader(_EVALUATION_BATCH, shuffle=False)
    with torch.inference_mode():
        return torch.cat([forward(x) for x, _ in tqdm(loader, "Scoring", disable=not progress)]).float()


def estimate_norms(classifier: Classifier, dataset: Dataset, normalisation: Normalisation) -> None:
    """Estimate the batch normalisation's means and variances on whole records, with dropout off; in place.

    Those gathered in training are of activations that dropout has spread out. Without dropout they spread less, and a
    network that divides by the larger variance no longer computes what it learned (Li et al. 2019).
    """
    for module in classifier.network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    update_bn(Batches(dataset, normalisation).loader(_EVALUATION_BATCH, shuffle=False), classifier)


def save_weights(network: torch.nn.Module, path: Path) -> None:
    """Write a network's weights as float16 safetensors, whole or not at all."""
    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    with files.replacing(path) as temporary:
        save_file({k: v.contiguous() for k, v in state.items()}, temporary)


def precision() -> str:
    """Lightning's mixed precision in bfloat16 where the hardware computes in it, else float32."""
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:  # oneDNN also takes bfloat16 where the processor only emulates it, which is slow
        native = any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16", "arm_bf16"))
    return "bf16-mixed" if native else "32-true"


def hardware() -> str:
    """What trains here: the GPU's name, or the processor's."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else runs.processor()


def _quiet() -> None:
    """Lightning's advice about loaders and hardware does not concern a reader of the chapters."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
