"""AUC, calibration error, sensitivity and specificity of a group of records, with their values in every resample.

In come one model's calibrated probabilities of a fold; out come values and resampled values for any group of its
records. All groups share one set of resampled patients, so that their differences are those of the same resamples.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.metrics import class_aucs

MEASURES = ("AUC", "excess calibration error", "sensitivity", "specificity")
_BINS = 15
_DRAWS = 200  # of labels from the probabilities, behind the calibration error that chance alone gives

Measured = tuple[float, np.ndarray]  # value, and (n_bootstrap,) resampled values


class Sample:
    """One model on one fold.

    Parameters
    ----------
    test : the fold
    score : calibrated probabilities (n, 5)
    thresholds : (5,) at which a superclass is predicted
    """

    def __init__(self, test: EvaluationSet, score: np.ndarray, thresholds: np.ndarray):
        self.test, self.score, self.predicted = test, score, score >= thresholds

    def measure(self, mask: np.ndarray, columns: np.ndarray) -> dict[str, Measured]:
        """{measure: value and resampled values} of the records in `mask`, bool (n,).

        Parameters
        ----------
        columns : bool (5,), superclasses over which AUC, sensitivity and specificity are averaged; the calibration
            error is over all five
        """
        return {
            "AUC": self._auc(mask, columns),
            "excess calibration error": self._calibration(mask),
            "sensitivity": self._share(mask, columns, positive=True),
            "specificity": self._share(mask, columns, positive=False),
        }

    def _auc(self, mask: np.ndarray, columns: np.ndarray) -> Measured:
        y_true, score = self.test.y_true[mask][:, columns], self.score[mask][:, columns]
        resampled = self.test.resampling.of_records(mask).aucs(y_true, score)
        return float(np.mean(class_aucs(y_true, score))), _mean(resampled)

    def _share(self, mask: np.ndarray, columns: np.ndarray, *, positive: bool) -> Measured:
        """Sensitivity or specificity: the share of correct predictions among positive or negative records."""
        y_true, predicted = (one[mask][:, columns] for one in (self.test.y_true, self.predicted))
        chosen = y_true if positive else ~y_true
        counts = np.concatenate([chosen & (predicted == y_true), chosen], axis=1).astype(float)

        def mean(sums: np.ndarray) -> np.ndarray:
            right, all_of_them = np.split(sums, 2, axis=-1)
            with np.errstate(invalid="ignore"):  # a resample without positives or negatives: 0 / 0
                return _mean(right / all_of_them)

        resampled = mean(self.test.resampling.of_records(mask).totals(counts))
        return float(mean(counts.sum(axis=0))), resampled

    def _calibration(self, mask: np.ndarray) -> Measured:
        """Expected calibration error beyond that of a perfectly calibrated model with the same probabilities.

        The error of few records is larger by chance alone, so that groups of different sizes could not be compared.
        """
        cells, gaps = self._cells[mask], (self.score - self.test.y_true)[mask]
        value = _error(cells, gaps)
        random, score = np.random.default_rng(0), self.score[mask]
        by_chance = np.mean([_error(cells, score - (random.random(score.shape) < score)) for _ in range(_DRAWS)])
        sums = np.zeros((mask.sum(), self._n_cells))
        np.put_along_axis(sums, cells, gaps, axis=1)
        part = self.test.resampling.of_records(mask)
        resampled = np.abs(part.totals(sums)).sum(axis=1)
        with np.errstate(invalid="ignore"):  # a resample without any patient of a small group: 0 / 0
            resampled = resampled / (part.totals(np.ones((mask.sum(), 1)))[:, 0] * score.shape[1])
        excess = value - by_chance
        return float(excess), resampled - np.nanmean(resampled) + excess

    @cached_property
    def _cells(self) -> np.ndarray:
        """(n, 5): which cell of superclass and bin each probability is in."""
        bins = np.digitize(self.score, np.linspace(0, 1, _BINS + 1)[1:-1])
        return bins + _BINS * np.arange(self.score.shape[1])

    @property
    def _n_cells(self) -> int:
        return _BINS * self.score.shape[1]


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of the superclasses that a resample has; NaN if it has none."""
    defined = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(defined, values, 0).sum(axis=-1) / defined.sum(axis=-1)


def _error(cells: np.ndarray, gaps: np.ndarray) -> float:
    """Sum over cells of the absolute sum of gaps, per probability (Guo et al. 2017)."""
    return float(np.abs(np.bincount(cells.ravel(), gaps.ravel())).sum() / gaps.size)


def usable(y_true: np.ndarray, mask: np.ndarray, minimum: int) -> np.ndarray:
    """bool (5,): superclasses with at least `minimum` positive and negative records inside and outside a group."""
    parts = (y_true[mask], ~y_true[mask], y_true[~mask], ~y_true[~mask])
    return np.min([one.sum(axis=0) for one in parts], axis=0) >= minimum
