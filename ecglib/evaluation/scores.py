"""Scores: a probability for each record, seed and superclass, with records identified by ecg_id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecglib.data.dataset import Dataset
from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES


@dataclass(frozen=True)
class Scores:
    """A model's scores on folds 9 and 10.

    Attributes
    ----------
    ecg_id : int64 (n,)
    fold : int64 (n,)
    seed : int64 (s,)
    score : float32 (s, n, classes)
    classes : what is scored, the five superclasses unless a network has other outputs
    """

    ecg_id: np.ndarray
    fold: np.ndarray
    seed: np.ndarray
    score: np.ndarray
    classes: tuple[str, ...] = CLASSES

    @classmethod
    def from_dataset(cls, dataset: Dataset, seed: int, score: np.ndarray) -> Scores:
        """One seed's scores (n, outputs) of a dataset's records."""
        fold = dataset.table["fold"].to_numpy()
        return cls(dataset.ecg_id, fold, np.array([seed]), score[None], dataset.outputs)

    def save(self, path: Path) -> None:
        """Write a compressed .npz; it holds no label and no signal."""
        arrays = {"ecg_id": self.ecg_id, "fold": self.fold, "seed": self.seed, "score": self.score.astype(np.float32)}
        with files.atomic_path(path) as temporary:
            np.savez_compressed(temporary, **arrays, classes=np.array(self.classes))

    @classmethod
    def load(cls, path: Path) -> Scores:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as content:
            arrays = (content[name] for name in ("ecg_id", "fold", "seed", "score"))
            return cls(*arrays, tuple(content["classes"].tolist()))

    def of(self, classes: Sequence[str]) -> Scores:
        """The scores of these classes, in this order; a ValueError if one was not scored."""
        columns = [self.classes.index(name) for name in classes]
        return replace(self, score=self.score[..., columns], classes=tuple(classes))

    @classmethod
    def stack_seeds(cls, runs: list[Scores]) -> Scores:
        """Several seeds of one model as one object."""
        seed = np.concatenate([run.seed for run in runs])
        return replace(runs[0], seed=seed, score=np.concatenate([run.score for run in runs]))

    def ensemble(self) -> Scores:
        """The mean probability over seeds, as one seed numbered -1, which no model has."""
        together = self.score.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
        return replace(self, seed=np.array([-1]), score=together)

    def for_fold(self, fold: int) -> Scores:
        """Scores of one fold's records."""
        return self._chosen(self.fold == fold)

    def for_records(self, ecg_id: np.ndarray) -> Scores:
        """Scores of those of these records that were scored."""
        return self._chosen(np.isin(self.ecg_id, ecg_id))

    def _chosen(self, chosen: np.ndarray) -> Scores:
        return replace(self, ecg_id=self.ecg_id[chosen], fold=self.fold[chosen], score=self.score[:, chosen])

    def for_seeds(self, seeds: Sequence[int]) -> Scores:
        """Scores of these seeds, in this order; a ValueError if one was not scored."""
        known = self.seed.tolist()
        return replace(self, seed=np.asarray(seeds), score=self.score[[known.index(seed) for seed in seeds]])


def labels_for(scores: Scores, dataset: Dataset) -> np.ndarray:
    """bool (n, 5): the data's labels of the scored records, in the order of the scores.

    Raises
    ------
    InputError : a scored ecg_id is not in the data or is in another fold, or a superclass lacks positives or negatives
    """
    rows = dataset.table.reindex(scores.ecg_id)
    if (other := rows["fold"].to_numpy() != scores.fold).any():
        raise InputError(
            "scores of other records",
            where=f"ecg_id {scores.ecg_id[other][0]}",
            expected="the data's records and folds",
            found=f"{other.sum()} unknown or in another fold",
            hint="evaluate with the data that was scored",
        )
    y_true = rows[list(CLASSES)].to_numpy(bool)
    for fold in np.unique(scores.fold):
        check_positive_and_negative(y_true[scores.fold == fold], f"fold {fold}, ")
    return y_true


def check_positive_and_negative(y_true: np.ndarray, where: str = "") -> None:
    """An InputError unless labels (n, 5) have positives and negatives of each superclass, as AUCs require.

    `where` precedes the superclass in the error.
    """
    prevalence = np.asarray(y_true, float).mean(axis=0)
    if len(degenerate := np.flatnonzero((prevalence == 0) | (prevalence == 1))):
        raise InputError(
            "superclass without positive or negative records",
            where=f"{where}{CLASSES[degenerate[0]]}",
            expected="records with and without it",
            found=f"a prevalence of {prevalence[degenerate[0]]:.0%}",
            hint="give more records",
        )
