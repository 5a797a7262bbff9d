"""Probabilities that mean something, and decisions made from them.

In come scores and labels; a temperature and thresholds are fitted on fold 9, and what they are worth is measured on
fold 10. Arrays are (n, 5), superclasses in the order of CLASSES.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import bootstrap
from sklearn.metrics import log_loss, precision_recall_curve

from ecglib.evaluation import check_both_labels
from ecglib.ptbxl import CLASSES

_SURE = 1e-6  # how near to 0 and 1 a probability is taken
_BINS = 15


@dataclass(frozen=True)
class Calibration:
    """What was fitted to a model's scores on one fold, and what it is worth on another.

    Attributes
    ----------
    temperature : what divides the logits
    thresholds : float (5,) for the probabilities after it
    calibrated : float (n, 5), those of the fold that it is measured on
    errors : expected calibration error there, "before" and "after"
    decisions : :func:`decisions` there
    """

    temperature: float
    thresholds: np.ndarray
    calibrated: np.ndarray
    errors: dict[str, float]
    decisions: pd.DataFrame

    def record(self) -> dict:
        """The figures that a model card shows."""
        made = self.decisions.to_dict("records")
        return {"temperature": self.temperature, "calibration_error": self.errors, "decisions": made}


def calibrate(
    fitted: tuple[np.ndarray, np.ndarray], measured: tuple[np.ndarray, np.ndarray], *, resamples: int
) -> Calibration:
    """Fit temperature and thresholds to scores and labels of one fold, and measure them on those of another.

    Raises
    ------
    InputError : a superclass with one label only in the fold that is fitted to
    """
    (score, truth), (new_score, new_truth) = fitted, measured
    temperature = fit_temperature(score, truth)
    thresholds = choose_thresholds(apply_temperature(score, temperature), truth)
    calibrated = apply_temperature(new_score, temperature)
    errors = {
        when: expected_calibration_error(one, new_truth) for when, one in (("before", new_score), ("after", calibrated))
    }
    decided = decisions(calibrated, new_truth, thresholds, resamples=resamples)
    return Calibration(temperature, thresholds, calibrated, errors, decided)


def apply_temperature(score: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities whose logits are divided by a temperature; more than 1 makes them less sure."""
    return expit(logit(np.clip(score, _SURE, 1 - _SURE).astype(np.float64)) / temperature)


def fit_temperature(score: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the least binary cross-entropy (Guo et al. 2017), one for all superclasses.

    Raises
    ------
    InputError : a superclass with one label only
    """
    check_both_labels(truth)

    def cost(log_temperature: float) -> float:
        return log_loss(truth.ravel(), apply_temperature(score, np.exp(log_temperature)).ravel())

    return float(np.exp(minimize_scalar(cost, bounds=(-3, 3), method="bounded").x))


def reliability(score: np.ndarray, truth: np.ndarray, bins: int = _BINS) -> pd.DataFrame:
    """How often a finding is there, where a model gives it a probability.

    Returns
    -------
    DataFrame with superclass, predicted (mean probability of a bin of equal width), observed (share of records with
    the finding) and records; bins without records are left out
    """
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    rows = pd.DataFrame(
        {
            "superclass": np.tile(CLASSES, len(score)),
            "bin": np.digitize(score.ravel(), edges),
            "predicted": score.ravel(),
            "observed": truth.ravel().astype(float),
        }
    )
    grouped = rows.groupby(["superclass", "bin"], sort=False)
    table = grouped[["predicted", "observed"]].mean().assign(records=grouped.size()).reset_index()
    return table.sort_values(["superclass", "bin"], key=lambda c: c.map(CLASSES.index) if c.name == "superclass" else c)


def expected_calibration_error(score: np.ndarray, truth: np.ndarray, bins: int = _BINS) -> float:
    """Mean distance between probability and share of findings over bins, weighted by records, over all superclasses."""
    table = reliability(score, truth, bins)
    gap = (table["predicted"] - table["observed"]).abs() * table["records"]
    return float(gap.sum() / table["records"].sum())


def choose_thresholds(score: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """float (5,): for each superclass the threshold with the best F1; a probability at or above it is a yes.

    Raises
    ------
    InputError : a superclass with one label only
    """
    check_both_labels(truth)
    chosen = []
    for one, wanted in zip(score.T, truth.T):
        precision, recall, threshold = precision_recall_curve(wanted, one)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        chosen.append(threshold[f1[:-1].argmax()])
    return np.asarray(chosen, float)


def decisions(
    score: np.ndarray, truth: np.ndarray, thresholds: np.ndarray, *, resamples: int, rng: int = 0
) -> pd.DataFrame:
    """Sensitivity, specificity and F1 of each superclass at its threshold, with 95 % bootstrap intervals over records.

    Returns
    -------
    DataFrame with superclass, measure, value, low, high
    """
    rows = []
    for name, one, wanted, threshold in zip(CLASSES, score.T, truth.T.astype(bool), thresholds):
        said = one >= threshold
        for measure, function in (("sensitivity", _sensitivity), ("specificity", _specificity), ("F1", _f1)):
            result = bootstrap(
                (said, wanted), function, paired=True, vectorized=True, n_resamples=resamples, batch=200,
                method="percentile", rng=rng,
            )  # fmt: skip
            rows.append((name, measure, float(function(said, wanted)), *map(float, result.confidence_interval)))
    return pd.DataFrame(rows, columns=["superclass", "measure", "value", "low", "high"])


def _sensitivity(said: np.ndarray, wanted: np.ndarray, axis: int = -1) -> np.ndarray:
    return (said & wanted).sum(axis=axis) / wanted.sum(axis=axis)


def _specificity(said: np.ndarray, wanted: np.ndarray, axis: int = -1) -> np.ndarray:
    return (~said & ~wanted).sum(axis=axis) / (~wanted).sum(axis=axis)


def _f1(said: np.ndarray, wanted: np.ndarray, axis: int = -1) -> np.ndarray:
    return 2 * (said & wanted).sum(axis=axis) / (said.sum(axis=axis) + wanted.sum(axis=axis))
