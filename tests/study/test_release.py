"""What a released network of all statements is made of."""

import numpy as np
import pytest
import torch

from ecglib.evaluation.scores import Scores
from ecglib.study import measuring, release


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
    _, thresholds = release.fit(chapters_study, scores.of(("NORM", "MI", "STTC", "CD", "HYP")))
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


def test_the_files_of_a_network_of_statements_divide_its_logits(chapters_study):
    run = chapters_study.run("compact_32_statements")
    trained, of_files = chapters_study.network(run).eval(), measuring.network_of_files(chapters_study, run).eval()
    x = torch.randn(2, 12, 1000)
    expected = torch.logit(trained(x)) / measuring.STATEMENTS_TEMPERATURE
    torch.testing.assert_close(torch.logit(of_files(x)), expected, atol=1e-5, rtol=0)
