"""The released model: which student it is, its calibration and its decisions, and how recordings are classified.

In come the int8 scores of chapter 6; out come a temperature and thresholds fitted on fold 9, what they give on fold 10,
and the release with its manifest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation import calibration
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.resampling import Resampling
from ecglib.evaluation.scores import Scores
from ecglib.study.study import Study
from ecgpredict.spec import apply_temperature


@dataclass(frozen=True)
class Calibration:
    """A calibration fitted to a model's scores on one fold, and its evaluation on another.

    Attributes
    ----------
    temperature : divisor of the logits
    thresholds : float (5,) for the probabilities after calibration
    calibrated : float (n, 5), calibrated probabilities on the evaluation fold
    ece : expected calibration error on the evaluation fold, "before" and "after" calibration
    decisions : :func:`~ecglib.evaluation.calibration.decisions` on the evaluation fold
    """

    temperature: float
    thresholds: np.ndarray
    calibrated: np.ndarray
    ece: dict[str, Estimate]
    decisions: pd.DataFrame

    def record(self) -> dict:
        """Temperature, calibration error and decisions, for a model card."""
        ece = {when: one.value for when, one in self.ece.items()}
        made = self.decisions.to_dict("records")
        return {"temperature": self.temperature, "calibration_error": ece, "decisions": made}


def fit_and_measure(
    fit_on: tuple[np.ndarray, np.ndarray], evaluate_on: tuple[np.ndarray, np.ndarray], resampling: Resampling
) -> Calibration:
    """Fit temperature and thresholds on one fold, and evaluate them on another.

    Parameters
    ----------
    fit_on, evaluate_on : scores (n, 5) and labels (n, 5) of each fold
    resampling : resamples of the evaluation fold's patients
    """
    (fit_score, fit_true), (y_score, y_true) = fit_on, evaluate_on
    temperature = calibration.fit_temperature(fit_score, fit_true)
    thresholds = calibration.choose_thresholds(apply_temperature(fit_score, temperature), fit_true)
    calibrated = apply_temperature(y_score, temperature)
    ece = {
        when: calibration.calibration_error_estimate(score, y_true, resampling)
        for when, score in (("before", y_score), ("after", calibrated))
    }
    decided = calibration.decisions(calibrated, y_true, thresholds, resampling)
    return Calibration(temperature, thresholds, calibrated, ece, decided)


@dataclass(frozen=True)
class CalibratedModel:
    """A model's scores, with a temperature and thresholds fitted on fold 9.

    Attributes
    ----------
    scores : of the released seed
    calibration : fitted on fold 9, measured on fold 10
    """

    study: Study
    scores: Scores
    calibration: Calibration


def calibrate(study: Study, scores: Scores) -> CalibratedModel:
    """Fit temperature and thresholds to the first seed's scores on fold 9, and measure them on fold 10."""
    first = Scores(scores.ecg_id, scores.fold, scores.seed[:1], scores.score[:1])
    validation, test = study.evaluation_set(VALIDATION_FOLD), study.evaluation_set(TEST_FOLD)
    folds = [(one.y_score(first)[0], one.y_true) for one in (validation, test)]
    fitted = fit_and_measure(*folds, test.resampling)
    return CalibratedModel(study, first, fitted)
