"""What a chapter and the command line open: a profile's data, settings and trained models.

In comes a profile's name; out come the opened data and, for a model's name, its finished runs, trained
now where they do not stand yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ecglib import config, evaluation, paths, ptbxl, runs, signals
from ecglib.errors import InputError
from ecglib.evaluation import Scores
from ecglib.normalisation import Normalisation
from ecglib.paths import Paths
from ecglib.runs import Run
from ecglib.signals import Dataset

if TYPE_CHECKING:
    from ecglib import torch_models

KERAS_NETWORK = "inception_cnn"  # every other network is a torch one


@dataclass(frozen=True)
class Study:
    """A profile with everything that belongs to it; nothing is read before it is asked for."""

    settings: config.Profile
    paths: Paths

    @cached_property
    def records(self) -> Dataset:
        """Every record of the profile's data."""
        return signals.open_dataset(self.paths.data, self.paths.cache)

    @cached_property
    def data(self) -> Dataset:
        """The records with a superclass: the ones the models see."""
        return self.records.labelled()

    def train(self, model: str, seed: int, *, progress: bool = True) -> Run:
        """The finished run of a model with a seed, trained now if there is none.

        Raises
        ------
        InputError : the profile has no training of that name
        """
        if model not in self.settings.training:
            raise InputError(
                "unknown model", where=self.paths.config, expected=", ".join(self.settings.training), found=model,
                mend="name one of the expected models",
            )  # fmt: skip
        settings = self.settings.training[model]
        place = Path(model) / f"seed{seed}"
        released = [self.paths.models / place] if self.settings.name == "full" else []
        target = self.paths.artifacts / place
        start = self.train(settings.start, seed, progress=progress) if settings.start else None
        teachers = [run for name in settings.teacher_names for run in self.runs(name, progress=progress)]
        if run := runs.begin(target, runs.identity(model, seed, settings, self.data, start, teachers), released):
            return run  # no framework is imported for it
        if settings.network == KERAS_NETWORK:
            from ecglib import keras_models, keras_training

            build = partial(keras_models.build, max(settings.dropout, 0.0))
            return keras_training.train(model, build, settings, seed, self.data, target, progress=progress)
        from ecglib import training

        return training.train(
            model, partial(_torch_network, settings, start), settings, seed, self.data, target, start=start,
            teachers=teachers, teacher_scores=lambda: [self.training_scores(run) for run in teachers],
            progress=progress,
        )  # fmt: skip

    def training_scores(self, run: Run) -> Scores:
        """A run's scores of the training records, computed when first asked for and kept beside the run.

        Raises
        ------
        InputError : the run's weights were not kept
        """
        kept = self.paths.artifacts / run.record["model"] / f"seed{run.record['seed']}" / runs.TRAINING_SCORES
        if kept.is_file():
            return Scores.load(kept)
        train_part, normalisation = self.data.folds(*ptbxl.TRAIN_FOLDS), Normalisation(**run.record["normalisation"])
        if self.settings.training[run.record["model"]].network == KERAS_NETWORK:
            from ecglib import keras_models, keras_training

            network = keras_models.load_weights(keras_models.build(), run.weights())
            score = keras_training.predict(network, train_part, normalisation)
        else:
            from ecglib import torch_models, training

            score = training.predict_fast(torch_models.from_weights(run.weights()), train_part, normalisation)
        scores = Scores.of(train_part, run.record["seed"], score)
        scores.save(kept)
        return scores

    def runs(self, model: str, *, progress: bool = False) -> list[Run]:
        """The finished runs of a model, one a seed."""
        return [self.train(model, seed, progress=progress) for seed in self.settings.seeds[model]]

    def candidates(self, models: list[str]) -> pd.DataFrame:
        """What each of these trainings varies, and its first seed's macro AUC on fold 9, the fold to choose on."""
        rows = []
        for model in models:
            settings, run = self.settings.training[model], self.runs(model)[0]
            validation = run.scores.on(ptbxl.VALIDATION_FOLD)
            auc = evaluation.macro_auc(evaluation.labels_of(validation, self.data), validation.score[0])
            crop, shift = settings.crop / signals.SAMPLING_RATE, settings.shift / signals.SAMPLING_RATE
            rows.append((model, settings.epochs, crop, shift, settings.amplitude, settings.noise, auc))
        table = pd.DataFrame(rows, columns=["model", "epochs", "crop_s", "shift_s", "gain_sd", "noise_sd", "val_auc"])
        return table.loc[:, (table != 0).any()].replace(0.0, float("nan"))  # not varied: a dash

    def difference_on_fold_9(self, model: str, reference: str) -> evaluation.Estimate:
        """Macro AUC of a model's first seed less that of another's, on fold 9, with its paired interval."""
        one, other = (self.runs(name)[0].scores.on(ptbxl.VALIDATION_FOLD) for name in (model, reference))
        truth = evaluation.labels_of(one, self.data)
        return evaluation.auc_difference(truth, one.score, other.score, resamples=self.settings.resamples)


def _torch_network(settings: config.Training, start: Run | None) -> torch_models.ECGNet:
    """The network that a training begins with: fresh, or a finished run's, pruned where that is asked for."""
    from ecglib import pruning, torch_models

    if start is None:
        return torch_models.build(settings.network, settings.dropout)
    network = torch_models.from_weights(start.weights(), settings.dropout)
    return pruning.pruned(network, settings.pruning, settings.amount) if settings.pruning else network


def open_study(profile: str) -> Study:
    """Open a profile of the checkout around the working directory."""
    where = paths.of(profile)
    return Study(config.load(where.config), where)
