"""What a released network of all statements is made of."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ecglib.evaluation.scores import Scores
from ecglib.study import measuring, release
from ecgpredict.spec import CLASSES


@pytest.fixture
def scored(chapters_study):
    """Random scores of all labels."""
    records = chapters_study.all_tasks.in_folds(9, 10)
    score = np.random.default_rng(0).random((len(records), len(records.outputs)), np.float32)
    return records, Scores.from_dataset(records, 0, score)


def test_a_label_with_few_records_has_no_threshold(chapters_study, scored, monkeypatch):
    records, scores = scored
    monkeypatch.setattr(release, "FEWEST_POSITIVES", 3)
    _, thresholds = release.fit(chapters_study, scores)
    labels = records.in_folds(9).labels
    labels = labels[labels.any(axis=1)]
    np.testing.assert_array_equal(np.isnan(thresholds), (labels.sum(axis=0) < 3) | labels.all(axis=0))


def test_the_superclasses_have_thresholds_however_few_records(chapters_study, scored, monkeypatch):
    _, scores = scored
    monkeypatch.setattr(release, "FEWEST_POSITIVES", 1000)
    _, thresholds = release.fit(chapters_study, scores.of(CLASSES))
    assert np.isfinite(thresholds).all()


def test_statements_with_a_threshold_are_counted_on_fold_10(chapters_study, scored):
    records, scores = scored
    bounds = np.where(np.array(scores.classes) == "SCP AFIB", np.nan, 0.4)
    measured = release.statements(chapters_study, scores, 1.0, bounds)
    test = records.in_folds(10).table
    assert measured and all(name.startswith("SCP ") and name != "SCP AFIB" for name in measured)
    for name, row in measured.items():
        actual, predicted = test[name].to_numpy(bool), scores.of([name]).score[0, scores.fold == 10, 0] >= 0.4
        assert row["records"] == actual.sum()
        assert row["sensitivity"]["value"] == pytest.approx(predicted[actual].mean())
        assert row["specificity"]["value"] == pytest.approx(1 - predicted[~actual].mean())


def test_both_files_decide_at_one_temperature_and_one_set_of_thresholds(chapters_study, scored):
    _, scores = scored
    scores = scores.of(CLASSES)
    other = dataclasses.replace(scores, score=np.clip(scores.score + 0.02, 0, 1))
    candidate = SimpleNamespace(scores=scores, onnx_scores=other, fitted=(1.0, np.array([0.4, 0.5, 0.6, 0.7, np.nan])))
    compared, fold = release.of_files(chapters_study, candidate), chapters_study.evaluation_set(10)
    (a,), (b,) = fold.y_score(scores)[..., :4], fold.y_score(other)[..., :4]
    bounds, sick = np.array([0.4, 0.5, 0.6, 0.7]), fold.y_true[:, 1]
    assert compared["decisions"] == 4 * len(fold)
    assert compared["decisions_that_differ"] == ((a >= bounds) != (b >= bounds)).sum() > 0
    expected = {"tflite": (a[sick, 1] >= 0.5).mean(), "onnx": (b[sick, 1] >= 0.5).mean()}
    assert compared["sensitivity"] == pytest.approx(expected)


def test_the_files_of_a_network_of_statements_divide_its_logits(chapters_study):
    run = chapters_study.run("compact_32_statements")
    trained, of_files = chapters_study.network(run).eval(), measuring.network_of_files(chapters_study, run).eval()
    x = torch.randn(2, 12, 1000)
    expected = torch.logit(trained(x)) / measuring.STATEMENTS_TEMPERATURE
    torch.testing.assert_close(torch.logit(of_files(x)), expected, atol=1e-5, rtol=0)
