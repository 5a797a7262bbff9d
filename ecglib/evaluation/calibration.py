"""Calibrated probabilities, and decisions made from them.

In come scores and labels; temperature and thresholds are fitted on fold 9 and evaluated on fold 10, with intervals over
patients. Arrays are (n, 5), superclasses in the order of CLASSES.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.metrics import log_loss, precision_recall_curve

from ecglib.data.ptbxl import CLASSES
from ecglib.evaluation.bootstrap import Estimate, percentile
from ecglib.evaluation.resampling import Resampling
from ecglib.evaluation.scores import check_positive_and_negative

_EPS = 1e-6  # probabilities are clipped to this distance from 0 and 1 before their logits are taken
_BINS = 15


@dataclass(frozen=True)
class Calibration:
    """What was fitted to a model's scores on one fold, and how well it does on another.

    Attributes
    ----------
    temperature : divisor of the logits
    thresholds : float (5,) for the probabilities after calibration
    calibrated : float (n, 5), probabilities of the fold that it is evaluated on
    ece : expected calibration error there, "before" and "after"
    decisions : :func:`decisions` there
    """

    temperature: float
    thresholds: np.ndarray
    calibrated: np.ndarray
    ece: dict[str, Estimate]
    decisions: pd.DataFrame

    def record(self) -> dict:
        """What a model card shows."""
        ece = {when: one.value for when, one in self.ece.items()}
        made = self.decisions.to_dict("records")
        return {"temperature": self.temperature, "calibration_error": ece, "decisions": made}


def calibrate(
    fit_on: tuple[np.ndarray, np.ndarray], evaluate_on: tuple[np.ndarray, np.ndarray], resampling: Resampling
) -> Calibration:
    """Fit temperature and thresholds to one fold's scores and labels, and evaluate them on another fold's.

    Parameters
    ----------
    fit_on, evaluate_on : scores (n, 5) and labels (n, 5) of each fold
    resampling : of the patients of the fold that is evaluated on

    Raises
    ------
    InputError : a superclass with one label only in the fold that is fitted to
    """
    (fit_score, fit_true), (y_score, y_true) = fit_on, evaluate_on
    temperature = fit_temperature(fit_score, fit_true)
    thresholds = choose_thresholds(apply_temperature(fit_score, temperature), fit_true)
    calibrated = apply_temperature(y_score, temperature)
    ece = {
        when: calibration_error_estimate(score, y_true, resampling)
        for when, score in (("before", y_score), ("after", calibrated))
    }
    decided = decisions(calibrated, y_true, thresholds, resampling)
    return Calibration(temperature, thresholds, calibrated, ece, decided)


def apply_temperature(y_score: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities whose logits are divided by a temperature; more than 1 makes them less confident."""
    return expit(logit(np.clip(y_score, _EPS, 1 - _EPS).astype(np.float64)) / temperature)


def fit_temperature(y_score: np.ndarray, y_true: np.ndarray) -> float:
    """The temperature with the smallest binary cross-entropy (Guo et al. 2017), one for all superclasses.

    Raises
    ------
    InputError : a superclass with one label only
    """
    check_positive_and_negative(y_true)

    def cost(log_temperature: float) -> float:
        return log_loss(y_true.ravel(), apply_temperature(y_score, np.exp(log_temperature)).ravel())

    return float(np.exp(minimize_scalar(cost, bounds=(-3, 3), method="bounded").x))


def reliability(y_score: np.ndarray, y_true: np.ndarray, bins: int = _BINS) -> pd.DataFrame:
    """How often records have a superclass, by the probability that a model gives it.

    Returns
    -------
    DataFrame with superclass, predicted (mean probability of a bin of equal width), observed (share of records with the
    superclass) and records; bins without records are left out
    """
    rows = pd.DataFrame(
        {
            "superclass": np.tile(CLASSES, len(y_score)),
            "bin": _bin(y_score, bins).ravel(),
            "predicted": y_score.ravel(),
            "observed": y_true.ravel().astype(float),
        }
    )
    grouped = rows.groupby(["superclass", "bin"], sort=False)
    table = grouped[["predicted", "observed"]].mean().assign(records=grouped.size()).reset_index()
    return table.sort_values(["superclass", "bin"], key=lambda c: c.map(CLASSES.index) if c.name == "superclass" else c)


def expected_calibration_error(y_score: np.ndarray, y_true: np.ndarray, bins: int = _BINS) -> float:
    """Mean distance between predicted and observed over bins, weighted by records, over all superclasses."""
    table = reliability(y_score, y_true, bins)
    gap = (table["predicted"] - table["observed"]).abs() * table["records"]
    return float(gap.sum() / table["records"].sum())


def calibration_error_estimate(
    y_score: np.ndarray, y_true: np.ndarray, resampling: Resampling, bins: int = _BINS
) -> Estimate:
    """The expected calibration error with an interval over patients.

    The error of a resample is larger than that of its sample, as it takes chance in each bin for error once more; the
    interval is shifted by the mean of this excess.
    """
    gaps = y_score - y_true
    cells = [np.where(_bin(y_score, bins) == index, gaps, 0) for index in range(bins)]
    sums = np.abs(resampling.totals(np.concatenate(cells, axis=1))).sum(axis=1)
    resampled = sums / (resampling.totals(np.ones((len(y_score), 1)))[:, 0] * y_score.shape[1])
    value = expected_calibration_error(y_score, y_true, bins)
    found = percentile(value, resampled - (resampled.mean() - value))
    return Estimate(value, max(0.0, found.low), found.high)


def choose_thresholds(y_score: np.ndarray, y_true: np.ndarray) -> np.ndarray:
    """float (5,): for each superclass the threshold with the best F1; a probability at or above it is positive.

    Raises
    ------
    InputError : a superclass with one label only
    """
    check_positive_and_negative(y_true)
    chosen = []
    for score, actual in zip(y_score.T, y_true.T):
        precision, recall, threshold = precision_recall_curve(actual, score)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        chosen.append(threshold[f1[:-1].argmax()])
    return np.asarray(chosen, float)


def decisions(y_score: np.ndarray, y_true: np.ndarray, thresholds: np.ndarray, resampling: Resampling) -> pd.DataFrame:
    """Sensitivity, specificity, precision and F1 of each superclass at its threshold, with intervals over patients.

    Returns
    -------
    DataFrame with superclass, measure, value, low, high; NaN where nothing is predicted positive, for precision
    """
    rows = []
    for name, score, actual, threshold in zip(CLASSES, y_score.T, y_true.T.astype(bool), thresholds):
        predicted = score >= threshold
        counts = np.stack([predicted & actual, predicted & ~actual, ~predicted & actual, ~predicted & ~actual], axis=1)
        values, resampled = (_measures(total.T) for total in (counts.sum(axis=0), resampling.totals(counts)))
        for measure, value in values.items():
            one = percentile(value, resampled[measure])
            rows.append((name, measure, one.value, one.low, one.high))
    return pd.DataFrame(rows, columns=["superclass", "measure", "value", "low", "high"])


def _measures(counts: np.ndarray) -> dict[str, np.ndarray]:
    """From counts of true positives, false positives, false negatives and true negatives: (4, …) -> (…) each."""
    true_positive, false_positive, false_negative, true_negative = counts.astype(float)
    with np.errstate(invalid="ignore"):  # a resample without a case: 0 / 0
        return {
            "sensitivity": true_positive / (true_positive + false_negative),
            "specificity": true_negative / (true_negative + false_positive),
            "precision": true_positive / (true_positive + false_positive),
            "F1": 2 * true_positive / (2 * true_positive + false_positive + false_negative),
        }


def _bin(y_score: np.ndarray, bins: int) -> np.ndarray:
    return np.digitize(y_score, np.linspace(0, 1, bins + 1)[1:-1])
