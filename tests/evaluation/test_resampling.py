"""Bootstrap over patients: the content of resamples, and statistics compared with a direct computation."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecglib.evaluation import resampling as module
from ecglib.evaluation.resampling import Resampling

PATIENTS = np.repeat(np.arange(120), [1, 2] * 60)  # 180 records


@pytest.fixture(scope="module")
def resampling():
    return Resampling(PATIENTS, 50)


def records_of(resampling, index):
    """The records of a resample, repeated by their counts."""
    return np.repeat(np.arange(len(resampling)), resampling.counts[resampling.patients, index])


def test_a_resample_has_as_many_patients_as_the_data(resampling):
    assert (resampling.counts.sum(axis=0) == 120).all()


def test_all_records_of_a_patient_come_together(resampling):
    chosen = records_of(resampling, 0)
    times = np.bincount(chosen, minlength=180)
    assert all(len(set(times[patient == PATIENTS])) == 1 for patient in range(120))


def test_resamples_depend_on_the_seed_alone():
    same, other = Resampling(PATIENTS, 5), Resampling(PATIENTS, 5, seed=1)
    assert (same.counts == Resampling(PATIENTS, 5).counts).all()
    assert (same.counts != other.counts).any()


def test_patients_may_have_any_names(resampling):
    named = Resampling(np.array([f"patient {number:03d}" for number in PATIENTS]), 50)
    assert named == resampling
    assert (named.counts == resampling.counts).all()


@pytest.mark.parametrize("levels", [20, 10**6], ids=["with ties", "without ties"])
def test_aucs_are_those_of_scikit_learn_on_the_records_of_each_resample(resampling, levels):
    rng = np.random.default_rng(1)
    y_true, y_score = rng.random((180, 2)) < 0.3, rng.integers(0, levels, (180, 2)).astype(np.float32)
    found = resampling.aucs(y_true, y_score)
    for index in range(50):
        chosen = records_of(resampling, index)
        expected = roc_auc_score(y_true[chosen], y_score[chosen], average=None)
        np.testing.assert_allclose(found[index], expected, atol=1e-12)


def test_totals_are_sums_over_the_records_of_each_resample(resampling):
    values = np.random.default_rng(2).random((180, 3))
    found = resampling.totals(values)
    for index in range(50):
        np.testing.assert_allclose(found[index], values[records_of(resampling, index)].sum(axis=0))


def test_a_resample_without_a_positive_has_no_auc():
    y_true = np.array([[True], [False], [False]])
    few = Resampling(np.arange(3), 40)
    aucs = few.aucs(y_true, np.array([[0.9], [0.1], [0.2]]))
    without = few.counts[0] == 0
    assert 0 < without.sum() < 40
    assert np.isnan(aucs[without]).all()


def test_the_same_scores_are_computed_once(resampling, monkeypatch):
    y_true, y_score = PATIENTS[:, None] % 3 == 0, np.random.default_rng(3).random((180, 1))
    first = resampling.aucs(y_true, y_score)
    monkeypatch.setattr(module, "_resampled_auc", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(Resampling(PATIENTS, 50).aucs(y_true, y_score.copy()), first)


def test_cached_results_cannot_be_changed(resampling):
    aucs = resampling.aucs(PATIENTS[:, None] % 2 == 0, np.arange(180.0)[:, None])
    with pytest.raises(ValueError, match="read-only"):
        aucs[0] = 0


def test_more_records_than_a_batch_give_the_same(monkeypatch):
    y_true, y_score = PATIENTS[:, None] % 3 == 0, np.random.default_rng(4).random((180, 1))
    expected = Resampling(PATIENTS, 70, seed=3).aucs(y_true, y_score)
    module._cached_aucs.cache_clear()
    monkeypatch.setattr(module, "_BATCH", 7)
    np.testing.assert_array_equal(Resampling(PATIENTS, 70, seed=3).aucs(y_true, y_score), expected)


def test_scores_of_other_records_are_named(resampling):
    with pytest.raises(ValueError, match="of 180 resampled records"):
        resampling.aucs(np.ones((10, 5), bool), np.ones((10, 5)))
