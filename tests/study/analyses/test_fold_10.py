"""Fold 10 reports and decides nothing: with its labels shuffled, every selection stays as it was."""

import json

import jupytext
import numpy as np
import pandas as pd

from ecglib.study.analyses import deployment
from ecglib.study.analyses.comparison import mean_auc
from ecgpredict import released


def test_the_shuffled_labels_change_what_fold_10_reports(study, shuffled_study):
    scores = study.scores("student")
    assert mean_auc(study, scores, 10) != mean_auc(shuffled_study, scores, 10)
    assert mean_auc(study, scores, 9) == mean_auc(shuffled_study, scores, 9)


def test_trials_of_chapter_6_are_compared_without_fold_10(study, shuffled_study, project):
    cells = [cell.source for cell in jupytext.read(project / "notebooks" / "06_distillation.py").cells]
    (source,) = [cell for cell in cells if "trials = pd.DataFrame" in cell]
    tables = []
    for each in (study, shuffled_study):
        variables = {"study": each, "validation": each.evaluation_set(9), "pd": pd}
        exec(source, variables)
        tables.append(pd.concat([variables["alone"], variables["taught"]]).drop(columns="scores"))
    pd.testing.assert_frame_equal(*tables)


def test_the_gate_is_decided_without_fold_10(quantized, quantized_shuffled):
    for name, gate in quantized.gates.items():
        other = quantized_shuffled.gates[name]
        assert (gate.auc_change, gate.score_change, gate.saturated) == (
            other.auc_change,
            other.score_change,
            other.saturated,
        )
        decided, again = ({k: v for k, v in each.passed.items() if k != "speed"} for each in (gate, other))
        assert decided == again


def test_the_released_model_its_temperature_and_thresholds_stay(study, shuffled_study, quantized, quantized_shuffled):
    manifests = []
    for each, int8_models in ((study, quantized), (shuffled_study, quantized_shuffled)):
        calibrated = deployment.calibrate(each, int8_models["student_distilled_int8"].scores)
        deployment.release(each, calibrated)
        manifests.append(json.loads((each.paths.released / released.MANIFEST).read_text()))
    assert manifests[0] == manifests[1]


def test_which_student_is_released_is_chosen_without_fold_10(study, shuffled_study):
    assert deployment.release_choice(study) == deployment.release_choice(shuffled_study)


def test_the_report_on_fold_10_does_change(study, shuffled_study):
    gains = [each.difference("student_distilled", "student").value for each in (study, shuffled_study)]
    assert not np.isclose(*gains)
