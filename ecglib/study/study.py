"""The entry point for chapters and the command line: a profile's data, settings, models and finished trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglib.data import ptbxl, tasks
from ecglib.data.dataset import Dataset, open_dataset
from ecglib.data.folds import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecglib.data.original_split import original_split
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.scores import Scores
from ecglib.networks.architectures import KERAS_NETWORK
from ecglib.study import claims
from ecglib.study.paths import Paths
from ecglib.study.profile import Profile, load_profile
from ecglib.study.registry import Model
from ecglib.training.runs import Run
from ecglib.training.settings import TrainingSettings
from ecglib.training.train import train
from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Study:
    """A profile with everything that belongs to it; data and runs are read when they are first used."""

    settings: Profile
    paths: Paths

    @cached_property
    def records(self) -> Dataset:
        """Every record of the profile's data."""
        return open_dataset(self.paths.data, self.paths.cache)

    @cached_property
    def data(self) -> Dataset:
        """The records with a superclass, which the models are trained and evaluated on."""
        return self.records.labeled()

    def data_for(self, settings: TrainingSettings) -> Dataset:
        """The records, with the split that a training uses."""
        if settings.split == "random":
            return original_split(self.records, shifted_labels=settings.shifted_labels)
        return (self.all_tasks if settings.tasks == "all" else self.data).with_leads(settings.leads)

    def records_for(self, run: Run) -> Dataset:
        """The records that a run's network scores in PTB-XL's folds, with its outputs and leads."""
        return self.data_for(self.model(run.metadata["model"]).training.model_copy(update={"split": "folds"}))

    @cached_property
    def all_tasks(self) -> Dataset:
        """Every record, labeled for all tasks of the benchmark."""
        return self.records.with_labels(tasks.read_labels(self.paths.data))

    def model(self, name: str) -> Model:
        """A model of the profile; an InputError if there is none of that name."""
        if name not in self.settings.models:
            known, where = ", ".join(self.settings.models), self.paths.root / "config" / "models.yml"
            raise InputError("unknown model", where=where, expected=known, found=name, hint="name one of these")
        return self.settings.models[name]

    def train(self, model: str, seed: int, *, progress: bool = True) -> Run:
        """The finished run of a model with a seed, trained if there is none.

        Raises
        ------
        InputError : no model of that name, or one that is made from another model's weights without training
        """
        settings = self.model(model).training
        if settings is None:
            found = f"one made from {', '.join(self.model(model).made_from)}"
            raise InputError("no training", where=model, expected="a trained model", found=found, hint="train that")
        score = partial(self.training_crop_scores, settings=settings) if settings.same_crop else self.training_scores
        place = Path(model) / f"seed{seed}"
        init = self.train(settings.init_from, seed, progress=progress) if settings.init_from else None
        teachers = [run for name in settings.teachers for run in self.teacher_runs(name, progress=progress)]
        return train(
            model,
            settings,
            seed,
            self.data_for(settings),
            self.paths.artifacts / place,
            init=init,
            teachers=teachers,
            teacher_scores=lambda: [score(run) for run in teachers],
            statements=self.training_statements,
            finished=[self.paths.models / place] if self.settings.name == "full" else [],
            progress=progress,
        )

    def runs(self, model: str, *, progress: bool = False) -> list[Run]:
        """The finished runs of a model, one per seed."""
        return [self.train(model, seed, progress=progress) for seed in self.model(model).seeds]

    def teacher_runs(self, model: str, *, progress: bool = False) -> list[Run]:
        """The finished runs of a model that students learn from."""
        return [self.train(model, seed, progress=progress) for seed in self.model(model).teaching_seeds]

    def run(self, model: str) -> Run:
        """The finished run of a model's first seed."""
        return self.train(model, self.model(model).seeds[0], progress=False)

    def scores(self, model: str) -> Scores:
        """Scores of all seeds of a trained model."""
        return Scores.stack_seeds([run.scores for run in self.runs(model)])

    def _stored(self, run: Run, name: str, suffix: str) -> Path:
        """Where scores by a run's weights are stored; those of other weights have another name."""
        folder = self.paths.artifacts / run.metadata["model"] / f"seed{run.metadata['seed']}"
        return folder / f"{name}_{run.weights_sha256()[:16]}{suffix}"

    def training_scores(self, run: Run) -> Scores:
        """A run's scores of the training records, computed from its weights when first used and stored with the run."""
        path, settings = self._stored(run, "training_scores", ".npz"), self.settings.training[run.metadata["model"]]
        if path.is_file():
            return Scores.load(path)
        train_part = self.data.in_folds(*TRAIN_FOLDS)
        if settings.network == KERAS_NETWORK:
            from ecglib.networks import inception
            from ecglib.training import keras_training

            network = inception.load_weights(inception.build(), run.weights())
            score = keras_training.predict(network, train_part, run.normalization)
        else:
            from ecglib.training import scoring

            windows = settings.crop if settings.windows else None
            score = scoring.predict_bf16(self.network(run), train_part, run.normalization, windows=windows)
        scores = Scores.from_dataset(train_part, run.metadata["seed"], score)
        scores.save(path)
        return scores

    def training_crop_scores(self, run: Run, settings: TrainingSettings) -> np.ndarray:
        """A run's probabilities of the crops that a student with `same_crop` sees: float16 (n, crops, 5), stored.

        A teacher of more labels, on more records, is stored with all of them; the student sees its own.
        """
        path = self._stored(run, f"training_crop_scores_{settings.crop}", ".npy")
        records = self.records_for(run).in_folds(*TRAIN_FOLDS)
        if not path.is_file():
            from ecglib.training import scoring
            from ecglib.training.augmentation import crop_starts

            starts = crop_starts(settings)
            score = scoring.predict_crops(self.network(run), records, run.normalization, settings.crop, starts)
            with files.atomic_path(path) as temporary, open(temporary, "wb") as file:
                np.save(file, score.astype(np.float16))
        student = self.data_for(settings)
        seen = np.isin(records.ecg_id, student.in_folds(*TRAIN_FOLDS).ecg_id)
        return np.load(path)[seen, :, : len(student.outputs)]

    def training_statements(self) -> np.ndarray:
        """Which of PTB-XL's statements each training record has: float32 (n, statements)."""
        statements = ptbxl.read_statement_labels(self.paths.data)
        return statements.loc[self.data.in_folds(*TRAIN_FOLDS).ecg_id].to_numpy(np.float32)

    def network(self, run: Run) -> nn.Module:
        """A run's torch network with its trained weights; an InputError if they were not committed."""
        from ecglib.networks import build

        settings = self.settings.training[run.metadata["model"]]
        leads = len(settings.leads)
        return build.load(run.weights(), settings.network, settings.shape, padding=settings.padding, leads=leads)

    def representative_records(self, run: Run, count: int) -> np.ndarray:
        """Training records for calibrating a quantized file, normalized as for the run: float32 (n, 1000, leads)."""
        count = min(count, self.settings.max_calibration_records or count)
        records = self.records_for(run).in_folds(*TRAIN_FOLDS).sample(count, seed=0)
        return run.normalization(records.millivolts(slice(None)))

    def validation_difference(self, model: str, reference: str) -> Estimate:
        """Macro AUC of a model's first seed minus that of another's on fold 9, with a paired interval."""
        validation = self.evaluation_set(VALIDATION_FOLD)
        return validation.difference(self.run(model).scores, self.run(reference).scores)

    def evaluation_set(self, fold: int, classes: Sequence[str] = CLASSES) -> EvaluationSet:
        """A fold's records with any of some labels, and resampled patients: fold 9 for selection, 10 for reporting."""
        data = self.data if tuple(classes) == CLASSES else self.all_tasks
        return EvaluationSet.from_dataset(data, fold, n_bootstrap=self.settings.n_bootstrap, classes=classes)

    def difference(self, model: str, reference: str, fold: int = TEST_FOLD) -> Estimate:
        """Macro AUC of a model minus another's on the same patients; seeds are paired if one is made from the other.

        Scores of models that are not trained themselves are those that their chapters wrote.
        """
        pair = (
            self.scores(name)
            if self.model(name).training
            else Scores.load(self.paths.results / "scores" / f"{name}.npz")
            for name in (model, reference)
        )
        related = self.settings.ancestors(model) & self.settings.ancestors(reference)
        return self.evaluation_set(fold).difference(*pair, pair_seeds=bool(related))

    def claim(self, key: str, value: Estimate | float, **bounds: float) -> None:
        """State what a sentence rests on: an interval above, below, or within plus or minus a bound.

        The full profile keeps the claim; an InputError where it does not hold. Synthetic records decide nothing.
        """
        if self.settings.name != "full":
            print(f"{key}: a statement about PTB-XL, not checked on synthetic records")
        else:
            (source,) = (self.paths.root / "notebooks").glob(f"{key.partition('.')[0]}_*.py")
            claims.write(self.paths.results, claims.check(key, value, bounds), source)


def open_study(profile: str, *, seeds: int | None = None) -> Study:
    """A profile of the checkout around the working directory; `seeds` of every trained model, or those declared."""
    paths = Paths.for_profile(profile)
    return Study(load_profile(paths.config, seeds=seeds), paths)
