"""Calibration and decisions on LUDB, and how much of the loss a few local recordings repair.

In come LUDB's scores and labels; out come calibration errors and decisions with the temperature and thresholds from
fold 9, and with a temperature or an offset per superclass that is fitted on a random half of the recordings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.bootstrap import percentile
from ecglib.study.analyses.travel_ludb import MAIN, External
from ecglib.study.analyses.travel_models import RELEASED
from ecglib.study.study import Study
from ecgpredict.spec import CLASSES

_HALVES, _BINS, _EPS = 50, 15, 1e-6
_DRAWS = 200  # of labels from the probabilities, behind the error of a perfectly calibrated model
WAYS = ("as released", "temperature", "offsets")


def error(score: np.ndarray, y_true: np.ndarray) -> float:
    """Expected calibration error over 15 bins of each superclass, of the labels that are not NaN."""
    known = ~np.isnan(y_true)
    cells = np.digitize(score, np.linspace(0, 1, _BINS + 1)[1:-1]) + _BINS * np.arange(score.shape[1])
    gaps = np.where(known, score - np.nan_to_num(y_true), 0)
    return float(np.abs(np.bincount(cells.ravel(), gaps.ravel())).sum() / known.sum())


def error_by_chance(score: np.ndarray, y_true: np.ndarray) -> float:
    """The error that a perfectly calibrated model with the same probabilities has on so few recordings."""
    rng, known = np.random.default_rng(0), ~np.isnan(y_true)
    drawn = (np.where(known, rng.random(score.shape) < score, np.nan) for _ in range(_DRAWS))
    return float(np.mean([error(score, one) for one in drawn]))


def fit_temperature(score: np.ndarray, y_true: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """One divisor of the logits, with the smallest binary cross-entropy; returns what applies it."""
    z, y = _known(score, y_true)
    found = minimize_scalar(lambda t: _cost(z / np.exp(t), y), bounds=(-3, 3), method="bounded").x
    return lambda one: expit(_logit(one) / np.exp(found))


def fit_offsets(score: np.ndarray, y_true: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """One number added to the logits of each superclass, with the smallest binary cross-entropy."""
    found = []
    for k in range(score.shape[1]):
        z, y = _known(score[:, k], y_true[:, k])
        found.append(minimize_scalar(lambda b, z=z, y=y: _cost(z + b, y), bounds=(-6, 6), method="bounded").x)
    return lambda one: expit(_logit(one) + np.array(found))


def _fit_nothing(score: np.ndarray, y_true: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda one: one


_FIT = dict(zip(WAYS, (_fit_nothing, fit_temperature, fit_offsets)))


def _logit(score: np.ndarray) -> np.ndarray:
    return logit(np.clip(score, _EPS, 1 - _EPS))


def _known(score: np.ndarray, y_true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = ~np.isnan(y_true)
    return _logit(score)[known], y_true[known]


def _cost(z: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.logaddexp(0, z) - y * z))


@dataclass(frozen=True)
class Local:
    """Calibration and decisions on LUDB."""

    study: Study
    external: External

    def decisions(self, name: str = RELEASED) -> pd.DataFrame:
        """Sensitivity and specificity of each superclass at the released thresholds, on LUDB beside fold 10."""
        model, test = self.external.models[name], self.study.evaluation_set(TEST_FOLD)
        own = model.calibrated(test.y_score(model.scores)[0]) >= model.thresholds
        there = self.external.calibrated(name) >= model.thresholds
        y_true, rows = self.external.labels[MAIN], []
        for k, superclass in enumerate(CLASSES):
            row = [superclass]
            for wanted in (1, 0):
                row.append(f"{np.mean(own[test.y_true[:, k] == wanted, k] == wanted):.3f}")
                chosen = (y_true[:, k] == wanted)[:, None].astype(float)
                right = chosen * (there[:, k] == wanted)[:, None]
                total = self.external.resampling.totals(np.concatenate([right, chosen], axis=1))
                with np.errstate(invalid="ignore"):
                    row.append(str(percentile(right.sum() / chosen.sum(), total[:, 0] / total[:, 1])))
            rows.append(row)
        names = ["sensitivity, fold 10", "sensitivity, LUDB", "specificity, fold 10", "specificity, LUDB"]
        return pd.DataFrame(rows, columns=["superclass", *names])

    def errors(self) -> pd.DataFrame:
        """Each model's calibration error with the temperature from fold 9, on fold 10 and on LUDB."""
        test, rows = self.study.evaluation_set(TEST_FOLD), []
        for name, model in self.external.models.items():
            own = model.calibrated(test.y_score(model.scores)[0])
            there, y_true = self.external.calibrated(name), self.external.labels
            rows.append(
                (
                    model.label,
                    error(own, test.y_true.astype(float)),
                    error_by_chance(there, y_true[MAIN]),
                    *(error(there, y_true[rule]) for rule in ("strict", "wide")),
                )
            )
        columns = ["model", "fold 10", "LUDB, by chance alone", "LUDB, strict", "LUDB, wide"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def halves(self) -> pd.DataFrame:
        """model, way, half, ece, excess, sensitivity and specificity on the half that nothing was fitted on."""
        y_true, rows = self.external.labels[MAIN], []
        for name, model in self.external.models.items():
            score, rng = self.external.calibrated(name), np.random.default_rng(0)
            for half in range(_HALVES):
                order = rng.permutation(len(score))
                fit, rest = order[: len(order) // 2], order[len(order) // 2 :]
                for way, fitting in _FIT.items():
                    one = fitting(score[fit], y_true[fit])(score[rest])
                    rows.append((name, way, half, error(one, y_true[rest]), *self._shares(one, y_true[rest], model)))
        return pd.DataFrame(rows, columns=["model", "way", "half", "ece", "sensitivity", "specificity"])

    def repaired(self, name: str = RELEASED) -> pd.DataFrame:
        """One model's means over the halves, with the range of 95 % of them."""
        own, rows = self.halves[self.halves["model"] == name], []
        for way in WAYS:
            part = own[own["way"] == way]
            cells = [
                f"{part[key].mean():.3f}\u00a0({part[key].quantile(0.025):.3f}\u2060–\u2060{part[key].quantile(0.975):.3f})"
                for key in ("ece", "sensitivity", "specificity")
            ]
            rows.append((way, *cells))
        return pd.DataFrame(rows, columns=["fitted on the other half", "ECE", "sensitivity", "specificity"])

    def removed(self, way: str) -> dict[str, float]:
        """{model: share of the calibration error beyond chance that a way removes, on average over the halves}."""
        means = self.halves.groupby(["model", "way"])["ece"].mean()
        return {
            name: float((means[name, WAYS[0]] - means[name, way]) / (means[name, WAYS[0]] - self._half_by_chance(name)))
            for name in self.external.models
        }

    def conclusion(self) -> str:
        """What temperature and offsets remove, for the released model and over all models."""
        texts = []
        for way, called in zip(WAYS[1:], ("a temperature", "one offset per superclass")):
            shares = self.removed(way)
            texts.append(
                f"{called} changes the released model's calibration error beyond chance by {-shares[RELEASED]:+.0%} "
                f"({-max(shares.values()):+.0%} to {-min(shares.values()):+.0%} over the models)"
            )
        return (
            f"Fitted on {len(self.external.data) // 2} recordings, {'; '.join(texts)}. Both are means over {_HALVES} "
            "random halves."
        )

    def _half_by_chance(self, name: str) -> float:
        half = np.random.default_rng(0).permutation(len(self.external.data))[: len(self.external.data) // 2]
        return error_by_chance(self.external.calibrated(name)[half], self.external.labels[MAIN][half])

    @staticmethod
    def _shares(score: np.ndarray, y_true: np.ndarray, model) -> tuple[float, float]:
        """Mean sensitivity and specificity over superclasses at the released thresholds."""
        predicted = score >= model.thresholds
        return tuple(
            float(np.nanmean([_share(predicted[:, k] == wanted, y_true[:, k] == wanted) for k in range(len(CLASSES))]))
            for wanted in (1, 0)
        )


def _share(right: np.ndarray, chosen: np.ndarray) -> float:
    return float(right[chosen].mean()) if chosen.any() else np.nan
