"""Entry point for training: a model's settings determine which framework trains it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglib.data.dataset import Dataset
from ecglib.evaluation.scores import Scores
from ecglib.networks.architectures import KERAS_NETWORK
from ecglib.training import runs
from ecglib.training.runs import Run
from ecglib.training.settings import TrainingSettings

if TYPE_CHECKING:
    from torch import nn


def train(
    model: str,
    settings: TrainingSettings,
    seed: int,
    dataset: Dataset,
    folder: Path,
    *,
    init: Run | None = None,
    teachers: Sequence[Run] = (),
    teacher_scores: Callable[[], list[Scores]] = list,
    teacher_crops: Callable[[], list[np.ndarray]] = list,
    statements: Callable[[], np.ndarray] | None = None,
    finished: Sequence[Path] = (),
    progress: bool = True,
) -> Run:
    """The finished run of a model with a seed: loaded if there is one, trained otherwise.

    Parameters
    ----------
    model : the model's name in the results
    settings, seed : everything that the training depends on besides the data
    dataset : labeled records of all folds
    folder : the run's folder
    init : the run whose weights training starts from
    teachers : the runs to distill from
    teacher_scores : returns the teachers' scores of the training records; called when training starts
    teacher_crops : returns each teacher's probabilities of the training records' crops; called instead if the
        settings say `same_crop`
    statements : returns PTB-XL's statements of the training records; called if the settings use them
    finished : other folders in which a finished run may be
    progress : show a progress bar for each epoch
    """
    if run := runs.prepare_or_load(folder, runs.run_key(model, seed, settings, dataset, init, teachers), finished):
        return run  # without importing a framework
    if settings.network == KERAS_NETWORK:
        from ecglib.networks import inception
        from ecglib.training import keras_training

        build = partial(inception.build, settings.dropout or 0.0)
        return keras_training.train(model, build, settings, seed, dataset, folder, progress=progress)
    from ecglib.training import lightning

    return lightning.train(
        model,
        partial(_torch_network, settings, init),
        settings,
        seed,
        dataset,
        folder,
        init=init,
        teachers=teachers,
        teacher_scores=teacher_scores,
        teacher_crops=teacher_crops,
        statements=statements,
        progress=progress,
    )


def _torch_network(settings: TrainingSettings, init: Run | None) -> nn.Module:
    """The initial network of a training: new, or that of a finished run, pruned if the settings say so."""
    from ecglib.compression import pruning
    from ecglib.networks import build

    if init is None:
        return build.build(settings.network, settings.dropout, settings.shape, settings.padding)
    network = build.load(init.weights(), settings.network, settings.shape, settings.dropout, settings.padding)
    return pruning.pruned(network, settings.pruning, settings.amount) if settings.pruning else network
