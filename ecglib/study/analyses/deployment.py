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
from ecgpredict import examples, prediction
from ecgpredict.released import ReleasedModel
from ecgpredict.spec import CLASSES, apply_temperature


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

    def reliability(self) -> dict[str, pd.DataFrame]:
        """{"before" and "after" with the calibration error: table for :func:`ecglib.book.plots.reliability`}."""
        test, ece = self.study.evaluation_set(TEST_FOLD), self.calibration.ece
        scores = {"before": test.y_score(self.scores)[0], "after": self.calibration.calibrated}
        return {
            f"{when}, ECE {ece[when].value:.3f}": calibration.reliability(one, test.y_true)
            for when, one in scores.items()
        }

    def decisions(self) -> pd.DataFrame:
        """Threshold, sensitivity, specificity, precision and F1 of each superclass on fold 10."""
        made = self.calibration.decisions
        text = [str(Estimate(row.value, row.low, row.high)) for row in made.itertuples()]
        wide = made.assign(text=text).pivot(index="superclass", columns="measure", values="text").loc[list(CLASSES)]
        wide.insert(0, "threshold", self.calibration.thresholds.round(3))
        return wide[["threshold", "sensitivity", "specificity", "precision", "F1"]].reset_index()


def calibrate(study: Study, scores: Scores) -> CalibratedModel:
    """Fit temperature and thresholds to the first seed's scores on fold 9, and measure them on fold 10."""
    first = Scores(scores.ecg_id, scores.fold, scores.seed[:1], scores.score[:1])
    validation, test = study.evaluation_set(VALIDATION_FOLD), study.evaluation_set(TEST_FOLD)
    folds = [(one.y_score(first)[0], one.y_true) for one in (validation, test)]
    fitted = fit_and_measure(*folds, test.resampling)
    return CalibratedModel(study, first, fitted)


def open_calibrated(study: Study, model: str) -> CalibratedModel:
    """Calibrate a model from the scores that its chapter wrote."""
    return calibrate(study, Scores.load(study.paths.results / "scores" / f"{model}.npz"))


def classified_examples(study: Study, model: ReleasedModel) -> pd.DataFrame:
    """Synthetic recordings classified with a released model: probabilities, findings and quality warnings."""
    folder = examples.write(study.paths.artifacts / "deployment" / "recordings")
    found = prediction.classify(prediction.find_recordings([folder]), model, units="mV")
    return pd.DataFrame([_row(one) for one in found])


def _row(one: prediction.Prediction) -> dict:
    findings = " ".join(one.findings) or "no finding"
    result = one.error.split("\n")[0] or "; ".join([findings, *one.quality_warnings])
    return {"recording": one.path.name, **{name: one.probabilities.get(name) for name in CLASSES}, "result": result}
