"""Scores per record, and every metric derived from them.

In come scores (a number in 0-1 for each record, seed and superclass) and the data's own labels; out
come ROC curves, AUCs, bootstrap intervals and paired comparisons.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import DegenerateDataWarning, bootstrap, rankdata
from sklearn.metrics import roc_auc_score, roc_curve

from ecglib import files
from ecglib.errors import InputError
from ecglib.ptbxl import CLASSES
from ecglib.signals import Dataset


@dataclass(frozen=True)
class Scores:
    """A model's scores on folds 9 and 10.

    Attributes
    ----------
    ecg_id : int64 (n,)
    fold : int64 (n,)
    seed : int64 (s,)
    score : float32 (s, n, 5) in the order of CLASSES
    """

    ecg_id: np.ndarray
    fold: np.ndarray
    seed: np.ndarray
    score: np.ndarray

    def __post_init__(self):
        expected = (len(self.seed), len(self.ecg_id), len(CLASSES))
        if self.score.shape != expected or self.fold.shape != self.ecg_id.shape:
            raise InputError(
                "scores of another shape", where="Scores.score", expected=expected, found=self.score.shape,
                mend="score every record of folds 9 and 10 once for each seed",
            )  # fmt: skip
        if not np.isfinite(self.score).all():
            raise InputError(
                "scores that are no numbers", where="Scores.score", expected="finite values",
                found=f"{(~np.isfinite(self.score)).sum()} that are not", mend="train again with a lower learning rate",
            )  # fmt: skip

    @classmethod
    def of(cls, dataset: Dataset, seed: int, score: np.ndarray) -> Scores:
        """One seed's scores (n, 5) of a dataset's records."""
        return cls(dataset.ecg_id, dataset.table["fold"].to_numpy(), np.array([seed]), score[None])

    def save(self, path: Path) -> None:
        """Write a compressed .npz; it holds no label and no signal."""
        arrays = {"ecg_id": self.ecg_id, "fold": self.fold, "seed": self.seed, "score": self.score.astype(np.float32)}
        with files.replacing(path) as temporary:
            np.savez_compressed(temporary, **arrays, classes=np.array(CLASSES))

    @classmethod
    def load(cls, path: Path) -> Scores:
        """Read what :meth:`save` wrote.

        Raises
        ------
        InputError : file missing or unreadable, or its classes in another order
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                found = tuple(file["classes"].tolist())
                scores = cls(file["ecg_id"], file["fold"], file["seed"], file["score"])
        except InputError:
            raise
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                "scores unreadable", where=path, expected="a file written by ecglib", found=error,
                mend="run the model's chapter again",
            ) from error  # fmt: skip
        if found != CLASSES:
            raise InputError(
                "scores with another class order",
                where=path,
                expected=CLASSES,
                found=found,
                mend="score the model again",
            )
        return scores

    @classmethod
    def joined(cls, runs: list[Scores]) -> Scores:
        """Several seeds of one model as one object."""
        for other in runs[1:]:
            if not np.array_equal(other.ecg_id, runs[0].ecg_id):
                raise InputError(
                    "scores of other records", where=f"seed {other.seed.tolist()}",
                    expected=f"the records of seed {runs[0].seed.tolist()}", found="other ecg_ids",
                    mend="score all seeds on the same data",
                )  # fmt: skip
        seed = np.concatenate([run.seed for run in runs])
        return cls(runs[0].ecg_id, runs[0].fold, seed, np.concatenate([run.score for run in runs]))

    def mean(self) -> Scores:
        """The mean of all probabilities of a record, as one seed numbered 0: what an ensemble says."""
        together = self.score.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
        return Scores(self.ecg_id, self.fold, np.array([0]), together)

    def on(self, fold: int) -> Scores:
        """The part on one fold."""
        chosen = self.fold == fold
        return Scores(self.ecg_id[chosen], self.fold[chosen], self.seed, self.score[:, chosen])


def labels_of(scores: Scores, dataset: Dataset) -> np.ndarray:
    """bool (n, 5): the data's own labels of the scored records, in the scores' order.

    Raises
    ------
    InputError : a scored ecg_id is not in the data, lies in another fold there, or a superclass has
        one label only in a fold (its AUC would not be defined)
    """
    table = dataset.table
    if len(unknown := np.setdiff1d(scores.ecg_id, table.index)):
        raise InputError(
            "scores of other records", where="ecg_id", expected="records of the data",
            found=f"{len(unknown)} unknown, {unknown[0]} among them", mend="evaluate with the data that was scored",
        )  # fmt: skip
    rows = table.loc[scores.ecg_id]
    if (moved := rows["fold"].to_numpy() != scores.fold).any():
        raise InputError(
            "scores with other folds", where=f"ecg_id {scores.ecg_id[moved][0]}", expected=rows["fold"][moved].iloc[0],
            found=scores.fold[moved][0], mend="evaluate with the data that was scored",
        )  # fmt: skip
    truth = rows[list(CLASSES)].to_numpy(bool)
    for fold in np.unique(scores.fold):
        check_both_labels(truth[scores.fold == fold], f"fold {fold}, ")
    return truth


def check_both_labels(truth: np.ndarray, where: str = "") -> None:
    """Hold labels (n, 5) to what an AUC, a threshold or a temperature needs: each superclass there and not there.

    Raises
    ------
    InputError : a superclass has one label only; `where` is said before its name
    """
    share = np.asarray(truth, float).mean(axis=0)
    if len(lone := np.flatnonzero((share == 0) | (share == 1))):
        raise InputError(
            "superclass with one label only", where=f"{where}{CLASSES[lone[0]]}",
            expected="records with and without it", found=f"a share of {share[lone[0]]:.0%}", mend="give more records",
        )  # fmt: skip


def check_same_seeds(scores: Mapping[str, Scores]) -> None:
    """Hold models that are compared seed by seed to having the same seeds.

    Raises
    ------
    InputError : a model lacks a seed that another one has
    """
    every = set().union(*(one.seed.tolist() for one in scores.values()))
    for name, one in scores.items():
        if missing := sorted(every - set(one.seed.tolist())):
            raise InputError(
                "a seed missing", where=name, expected=f"seeds {sorted(every)}", found=f"no seed {missing[0]}",
                mend="train it with the same seeds: one line of the profile",
            )  # fmt: skip


def class_aucs(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """One-vs-rest ROC AUC of each superclass: (n, 5), (n, 5) -> (5,)."""
    return np.asarray(roc_auc_score(truth, score, average=None))


def macro_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Mean of the superclasses' ROC AUCs."""
    return float(class_aucs(truth, score).mean())


def micro_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """ROC AUC over all (record, superclass) pairs at once."""
    return float(roc_auc_score(truth, score, average="micro"))


def auc_values(truth: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """AUC of each superclass, and their "micro" and "macro" averages, of scores (n, 5)."""
    values = dict(zip(CLASSES, map(float, class_aucs(truth, score))))
    return values | {"micro": micro_auc(truth, score), "macro": macro_auc(truth, score)}


def roc_curves(truth: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """ROC curves of each superclass, and the micro and macro averages, as long rows.

    The macro curve is the mean of the superclasses' sensitivities at each false positive rate.

    Returns
    -------
    DataFrame with curve (a class, "micro" or "macro"), false_positive_rate, sensitivity
    """
    grid = np.linspace(0, 1, 501)
    curves, on_grid = [], []
    for name, t, s in zip((*CLASSES, "micro"), (*truth.T, truth.ravel()), (*score.T, score.ravel())):
        false, true, _ = roc_curve(t, s)
        curves.append(pd.DataFrame({"curve": name, "false_positive_rate": false, "sensitivity": true}))
        on_grid.append(np.interp(grid, false, true))
    macro = np.mean(on_grid[: len(CLASSES)], axis=0)
    curves.append(pd.DataFrame({"curve": "macro", "false_positive_rate": grid, "sensitivity": macro}))
    return pd.concat(curves, ignore_index=True)


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def auc_estimates(truth: np.ndarray, score: np.ndarray, *, resamples: int, rng: int = 0) -> dict[str, Estimate]:
    """AUC of each superclass and their macro mean, averaged over seeds, with bootstrap intervals.

    Parameters
    ----------
    truth : bool (n, 5)
    score : float (s, n, 5)
    resamples : bootstrap resamples of the records; the seeds are averaged within each
    rng : seed of the resampling

    Returns
    -------
    {superclass: Estimate, ..., "macro": Estimate}, percentile intervals
    """
    value, drawn = _bootstrap(truth, score, resamples, rng)
    low, high = np.nanquantile(drawn, (0.025, 0.975), axis=-1)
    return {name: Estimate(*map(float, row)) for name, *row in zip((*CLASSES, "macro"), value, low, high)}


def auc_difference(
    truth: np.ndarray, score: np.ndarray, reference: np.ndarray, *, resamples: int, rng: int = 0
) -> Estimate:
    """Macro AUC of `score` less that of `reference` on the same resampled records (paired bootstrap).

    An interval that leaves out zero says that the difference is more than the records' noise.
    """
    value, drawn = _bootstrap(truth, score, resamples, rng)
    other_value, other_drawn = _bootstrap(truth, reference, resamples, rng)
    low, high = np.nanquantile(drawn[-1] - other_drawn[-1], (0.025, 0.975))
    return Estimate(float(value[-1] - other_value[-1]), float(low), float(high))


def _bootstrap(truth: np.ndarray, score: np.ndarray, resamples: int, rng: int) -> tuple[np.ndarray, np.ndarray]:
    """(6,) values and (6, resamples) of them resampled: five superclasses and their mean."""

    def statistic(rows: np.ndarray, axis: int) -> np.ndarray:
        aucs = [np.mean([_rank_auc(t[rows], run[rows]) for run in runs], axis=0)
                for t, runs in zip(truth.T, np.moveaxis(score, 2, 0))]  # fmt: skip
        return np.stack([*aucs, np.mean(aucs, axis=0)])

    rows = np.arange(len(truth))
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        # a resample without one of the labels has no AUC; scipy's own interval, unused here, minds that
        warnings.simplefilter("ignore", DegenerateDataWarning)
        result = bootstrap(
            (rows,), statistic, n_resamples=resamples, batch=200, vectorized=True, axis=-1, method="percentile", rng=rng
        )
    return statistic(rows, -1), result.bootstrap_distribution


def _rank_auc(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """ROC AUC along the last axis from ranks (Mann-Whitney), ties counted half."""
    positive = truth.sum(axis=-1)
    negative = truth.shape[-1] - positive
    ranks = np.where(truth, rankdata(score, axis=-1), 0).sum(axis=-1)
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)
