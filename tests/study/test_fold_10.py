"""Fold 10 reports and decides nothing: with its labels shuffled, every selection stays as it was."""

from types import SimpleNamespace

import jupytext
import numpy as np
import pandas as pd

from ecglib.study import release, results


def test_the_shuffled_labels_change_what_fold_10_reports(study, shuffled_study):
    scores = study.scores("student")
    ours, shuffled = (
        {fold: each.evaluation_set(fold).macro_auc(scores) for fold in (9, 10)} for each in (study, shuffled_study)
    )
    assert ours[10] != shuffled[10]
    assert ours[9] == shuffled[9]


def test_trials_of_chapter_6_are_compared_without_fold_10(study, shuffled_study, project):
    cells = [cell.source for cell in jupytext.read(project / "notebooks" / "06_distillation.py").cells]
    (source,) = [cell for cell in cells if "trials = pd.DataFrame" in cell]
    tables = []
    for each in (study, shuffled_study):
        variables = {"study": each, "validation": each.evaluation_set(9), "pd": pd}
        exec(source, variables)
        tables.append(pd.concat([variables["alone"], variables["taught"]]).drop(columns="scores"))
    pd.testing.assert_frame_equal(*tables)


def test_the_family_of_chapter_8_is_chosen_without_fold_10(study, shuffled_study, project):
    cells = [cell.source for cell in jupytext.read(project / "notebooks" / "08_frontier.py").cells]
    source = "\n".join(cell for cell in cells if "unpadded = {" in cell or "family = {}" in cell)
    families, padded = [], {"student": False, "student_distilled": True, "base_cnn": True}
    for each in (study, shuffled_study):
        students = {name: SimpleNamespace(settings=SimpleNamespace(padding=value)) for name, value in padded.items()}
        scores, sizes = {name: each.scores(name) for name in students}, [30_000, 60_000, 120_000]
        variables = {"study": each, "fold_9": each.evaluation_set(9), "students": students, "results": results}
        exec(source, variables | {"scores": scores, "sizes": dict(zip(students, sizes))})
        families.append(results.read(each.paths.results, "family"))
    assert families[0] == families[1]


def test_the_gate_is_decided_without_fold_10(quantized, quantized_shuffled):
    for name, gate in quantized.gates.items():
        other = quantized_shuffled.gates[name]
        assert (gate.auc_change, gate.passed) == (other.auc_change, other.passed)


def test_temperature_and_thresholds_stay(study, shuffled_study):
    scores = study.scores("student").for_seeds([0])
    (temperature, thresholds), (other_temperature, others) = (
        release.fit(each, scores) for each in (study, shuffled_study)
    )
    assert temperature == other_temperature
    np.testing.assert_array_equal(thresholds, others)


def test_the_report_on_fold_10_does_change(study, shuffled_study):
    gains = [each.difference("student_distilled", "student").value for each in (study, shuffled_study)]
    assert not np.isclose(*gains)
