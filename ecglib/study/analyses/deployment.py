"""The released model: which student it is, its calibration and its decisions, and how recordings are classified.

In come the int8 scores of chapter 6; out come a temperature and thresholds fitted on fold 9, what they give on fold 10,
and the release with its manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation import calibration
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.calibration import Calibration
from ecglib.evaluation.scores import Scores
from ecglib.study.analyses.comparison import mean_auc
from ecglib.study.measuring import int8_file
from ecglib.study.study import Study
from ecgpredict import examples, prediction, released
from ecgpredict.released import ReleasedModel
from ecgpredict.spec import CLASSES, Normalization

DISTILLED, STUDENT = "student_distilled", "student"


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
    fitted = calibration.calibrate(*folds, test.resampling)
    return CalibratedModel(study, first, fitted)


def open_calibrated(study: Study, model: str = released.DEFAULT) -> CalibratedModel:
    """Calibrate a model from the scores that its chapter wrote."""
    return calibrate(study, Scores.load(study.paths.results / "scores" / f"{model}.npz"))


def release_choice(study: Study) -> str:
    """Which student is released, chosen on fold 9, and whether that is the one that fold 9 prefers."""
    aucs = {name: mean_auc(study, study.scores(name), VALIDATION_FOLD) for name in (DISTILLED, STUDENT)}
    preferred = max(aucs, key=aucs.get)
    seed = study.model(DISTILLED).seeds[0]
    text = (
        f"On fold 9 the distilled students of chapter 6 reach {aucs[DISTILLED]:.4f} on average over their seeds, the "
        f"others {aucs[STUDENT]:.4f}. "
    )
    if preferred == DISTILLED:
        return f"{text}We release the distilled student, seed {seed}."
    return f"{text}This profile releases the distilled student all the same (seed {seed}), as the full profile does."


def release(study: Study, model: CalibratedModel) -> ReleasedModel:
    """Write the int8 file of the distilled student's first seed with its manifest, and open it from there."""
    run = study.run(DISTILLED)
    fitted = model.calibration
    released.write(
        study.paths.released,
        released.DEFAULT,
        int8_file(study, released.DEFAULT, run),
        run.normalization,
        fitted.temperature,
        fitted.thresholds,
    )
    return released.load(released.DEFAULT, where=study.paths.released)


def release_for_microcontroller(
    study: Study, name: str, file: Path, normalization: Normalization, fitted: Calibration, scales: dict[str, float]
) -> None:
    """Write a .tflite file beside the released model, with its temperature, thresholds and scales."""
    released.write(study.paths.released, name, file, normalization, fitted.temperature, fitted.thresholds, **scales)


def classified_examples(study: Study, model: ReleasedModel) -> pd.DataFrame:
    """Synthetic recordings classified with a released model: probabilities, findings and quality warnings."""
    folder = examples.write(study.paths.artifacts / "deployment" / "recordings")
    found = prediction.classify(prediction.find_recordings([folder]), model, units="mV")
    return pd.DataFrame([_row(one) for one in found])


def _row(one: prediction.Prediction) -> dict:
    findings = " ".join(one.findings) or "no finding"
    result = one.error.split("\n")[0] or "; ".join([findings, *one.quality_warnings])
    return {"recording": one.path.name, **{name: one.probabilities.get(name) for name in CLASSES}, "result": result}
