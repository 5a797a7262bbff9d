"""Calibrated probabilities, and decisions based on them.

A temperature and thresholds are fitted on fold 9 and evaluated on fold 10, with intervals over patients. Arrays
are (n, 5), superclasses in the order of CLASSES.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss, precision_recall_curve

from ecglib.evaluation.bootstrap import Estimate, combined, percentile
from ecglib.evaluation.resampling import Resampling
from ecgpredict.spec import CLASSES, apply_temperature

_BINS = 15


def fit_temperature(y_score: np.ndarray, y_true: np.ndarray) -> float:
    """The temperature with the smallest binary cross-entropy (Guo et al. 2017), one for all superclasses."""

    def cost(log_temperature: float) -> float:
        return log_loss(y_true.ravel(), apply_temperature(y_score, np.exp(log_temperature)).ravel())

    return float(np.exp(minimize_scalar(cost, bounds=(-3, 3), method="bounded").x))


def expected_calibration_error(y_score: np.ndarray, y_true: np.ndarray, bins: int = _BINS) -> float:
    """Mean absolute difference between predicted and observed over the bins of all columns, weighted by records
    (Guo et al. 2017).
    """
    return float(np.abs(_gaps_by_bin(y_score, y_true, bins).sum(axis=0)).sum() / y_score.size)


def calibration_error_estimate(y_score: np.ndarray, y_true: np.ndarray, resampling: Resampling) -> Estimate:
    """The expected calibration error of one seed, with an interval over patients."""
    return combined([calibration_errors(y_score[None], y_true, resampling)])


def measures(y_score: np.ndarray, y_true: np.ndarray, resampling: Resampling) -> dict[str, dict[str, dict]]:
    """Brier score, calibration slope and calibration error of one seed's probabilities (n, 5), as JSON.

    Returns
    -------
    {"all" or superclass: {"brier", "slope" or "ece": {"value", "low", "high", "seeds"}}}
    """
    statistics = {"brier": brier_scores, "slope": calibration_slopes, "ece": calibration_errors}
    groups = {"all": slice(None)} | {name: [column] for column, name in enumerate(CLASSES)}
    return {
        group: {
            name: combined([statistic(y_score[None][..., columns], y_true[:, columns], resampling)]).to_dict()
            for name, statistic in statistics.items()
        }
        for group, columns in groups.items()
    }


def calibration_errors(y_score: np.ndarray, y_true: np.ndarray, resampling: Resampling) -> tuple:
    """Expected calibration errors, as :func:`brier_scores` gives its values.

    The error of a resample is biased upwards, because chance deviations in each bin count as error; the resamples are
    shifted down by the mean of this excess.
    """
    values = np.array([expected_calibration_error(score, y_true) for score in y_score])
    sums = np.stack([np.abs(resampling.totals(_gaps_by_bin(score, y_true, _BINS))).sum(axis=1) for score in y_score])
    resampled = sums / (resampling.totals(np.ones((len(y_true), 1)))[:, 0] * y_true.shape[1])
    return values, np.maximum(0, resampled - resampled.mean(axis=1, keepdims=True) + values[:, None])


def brier_scores(y_score: np.ndarray, y_true: np.ndarray, resampling: Resampling) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared error of the probabilities (s, n, 5) of each seed, (s,), and in each resample, (s, n_bootstrap).

    An estimate from them, or of a difference, is made by :func:`ecglib.evaluation.bootstrap.combined`.
    """
    errors = ((y_score - y_true) ** 2).mean(axis=-1)
    totals = resampling.totals(np.stack([*errors, np.ones(len(y_true))], axis=1))
    return errors.mean(axis=1), (totals[:, :-1] / totals[:, -1:]).T


def calibration_slopes(
    y_score: np.ndarray, y_true: np.ndarray, resampling: Resampling
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the labels' logistic regression on the logits (Cox 1958), as :func:`brier_scores` gives its values.

    All superclasses are one regression. Below 1 the probabilities are too confident. A resample's slope is one step of
    Newton's method from the slope of all records.
    """
    values, resampled = [], []
    for score in y_score:
        clipped = np.clip(score.astype(float), 1e-6, 1 - 1e-6)
        logits = np.log(clipped / (1 - clipped))
        line = np.array([0.0, 1.0])  # intercept and slope
        for _ in range(25):
            by_record = _regression_sums(logits, y_true, line)
            line = line + _newton_step(by_record.sum(axis=0))
        values.append(line[1])
        resampled.append(line[1] + _newton_step(resampling.totals(by_record).T)[1])
    return np.array(values), np.stack(resampled)


def _regression_sums(logits: np.ndarray, y_true: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Each record's part of the gradient (2) and of the curvature (3) of a logistic regression: (n, 5)."""
    expected = 1 / (1 + np.exp(-(line[0] + line[1] * logits)))
    residual, weight = y_true - expected, expected * (1 - expected)
    parts = (residual, residual * logits, weight, weight * logits, weight * logits**2)
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def _newton_step(sums: np.ndarray) -> np.ndarray:
    """The change of intercept and slope from sums of :func:`_regression_sums`: (5, …) -> (2, …)."""
    g0, g1, h00, h01, h11 = sums
    return np.stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0]) / (h00 * h11 - h01**2)


def choose_thresholds(y_score: np.ndarray, y_true: np.ndarray) -> np.ndarray:
    """The threshold with the best F1 for each superclass, float (5,); a probability at or above it is positive."""
    chosen = []
    for score, actual in zip(y_score.T, y_true.T):
        precision, recall, threshold = precision_recall_curve(actual, score)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        chosen.append(threshold[f1[:-1].argmax()])
    return np.asarray(chosen, float)


def decisions(
    y_score: np.ndarray,
    y_true: np.ndarray,
    thresholds: np.ndarray,
    resampling: Resampling,
    classes: Sequence[str] = CLASSES,
) -> pd.DataFrame:
    """Sensitivity, specificity, precision and F1 of each superclass at its threshold, with intervals over patients.

    `classes` are the columns, where they are other labels.

    Returns
    -------
    DataFrame with superclass, measure, value, low, high; precision is NaN where nothing is predicted positive
    """
    rows = []
    for name, score, actual, threshold in zip(classes, y_score.T, y_true.T.astype(bool), thresholds):
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
    with np.errstate(invalid="ignore"):  # a resample without positives or negatives: 0 / 0
        return {
            "sensitivity": true_positive / (true_positive + false_negative),
            "specificity": true_negative / (true_negative + false_positive),
            "precision": true_positive / (true_positive + false_positive),
            "F1": 2 * true_positive / (2 * true_positive + false_positive + false_negative),
        }


def _gaps_by_bin(y_score: np.ndarray, y_true: np.ndarray, bins: int) -> np.ndarray:
    """Probabilities minus labels (n, k), each in the columns of its bin: (n, bins * k)."""
    gaps, index = y_score - y_true, np.digitize(y_score, np.linspace(0, 1, bins + 1)[1:-1])
    return np.concatenate([np.where(index == number, gaps, 0) for number in range(bins)], axis=1)
