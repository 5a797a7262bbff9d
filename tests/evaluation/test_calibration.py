"""Calibration and decisions, checked on cases with known results."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss, f1_score, precision_score, recall_score

from ecglib.evaluation import calibration
from ecglib.evaluation.resampling import Resampling
from ecgpredict.spec import CLASSES, apply_temperature


@pytest.fixture(scope="module")
def calibrated_data():
    """Calibrated probabilities (20000, 5), and labels drawn with them."""
    rng = np.random.default_rng(0)
    probability = expit(rng.normal(0, 2, (20_000, 5)))
    return probability, rng.random(probability.shape) < probability


def test_calibrated_probabilities_need_no_temperature(calibrated_data):
    assert calibration.fit_temperature(*calibrated_data) == pytest.approx(1, abs=0.03)
    assert calibration.expected_calibration_error(*calibrated_data) < 0.012


def test_the_temperature_undoes_overconfidence(calibrated_data):
    probability, y_true = calibrated_data
    overconfident = expit(3 * logit(probability))
    temperature = calibration.fit_temperature(overconfident, y_true)
    assert temperature == pytest.approx(3, rel=0.03)
    before = calibration.expected_calibration_error(overconfident, y_true)
    after = calibration.expected_calibration_error(apply_temperature(overconfident, temperature), y_true)
    assert before > 0.08
    assert after < 0.012


def test_a_temperature_leaves_the_order_of_records(calibrated_data):
    probability, _ = calibrated_data
    warmer = apply_temperature(probability, 2.5)
    assert (np.argsort(warmer[:100, 0]) == np.argsort(probability[:100, 0])).all()


def test_the_calibration_error_of_a_constant_is_its_distance():
    score, y_true = np.full((100, 5), 0.9), np.zeros((100, 5), bool)
    y_true[:30] = True
    assert calibration.expected_calibration_error(score, y_true) == pytest.approx(0.6)


def test_the_calibration_slope_is_what_the_logits_were_divided_by(calibrated_data):
    probability, y_true = calibrated_data
    scores = np.stack([probability, expit(2 * logit(probability))])
    values, resampled = calibration.calibration_slopes(scores, y_true, Resampling(np.arange(len(y_true)), 20))
    assert values == pytest.approx([1, 0.5], rel=0.03)
    assert resampled.shape == (2, 20)
    assert resampled[0] == pytest.approx(2 * resampled[1], rel=1e-4)


def test_a_resamples_slope_is_that_of_its_records(calibrated_data):
    score, y_true = (values[:2000] for values in calibrated_data)
    resampling = Resampling(np.arange(2000), 1)
    _, ((slope,),) = calibration.calibration_slopes(score[None], y_true, resampling)
    drawn = np.repeat(np.arange(2000), resampling.counts[:, 0])
    (fitted,), _ = calibration.calibration_slopes(score[None, drawn], y_true[drawn], Resampling(np.arange(2000), 1))
    assert slope == pytest.approx(fitted, abs=0.002)


def test_the_brier_score_is_the_mean_squared_error(calibrated_data):
    score, y_true = (values[:1000] for values in calibrated_data)
    values, resampled = calibration.brier_scores(score[None], y_true, Resampling(np.arange(1000), 200))
    assert values == pytest.approx([brier_score_loss(y_true.ravel(), score.ravel())])
    assert resampled.mean() == pytest.approx(values[0], rel=0.01)


def test_the_interval_of_the_calibration_error_covers_the_mean_of_other_samples():
    """Scores with a true error of 0.1: samples of 300 records vary as much as the interval of one indicates."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(30):
        probability = rng.uniform(0.2, 0.8, (300, 5))
        y_true = rng.random(probability.shape) < probability - 0.1
        found.append(calibration.calibration_error_estimate(probability, y_true, Resampling(np.arange(300), 50)))
    mean = np.mean([one.value for one in found])
    assert np.mean([one.low <= mean <= one.high for one in found]) > 0.85


def test_thresholds_are_those_of_the_best_f1(calibrated_data):
    score, y_true = calibrated_data[0][:200], calibrated_data[1][:200]
    chosen = calibration.choose_thresholds(score, y_true)
    predicted = score[None] >= score[:, None]  # every score as a threshold: (200, 200, 5)
    f1 = 2 * (predicted & y_true).sum(axis=1) / (predicted.sum(axis=1) + y_true.sum(axis=0))
    ours = [f1_score(actual, one >= threshold) for one, actual, threshold in zip(score.T, y_true.T, chosen)]
    assert ours == pytest.approx(f1.max(axis=0))


def test_a_temperature_changes_thresholds_and_no_decision(calibrated_data):
    score, y_true = (values[:2000] for values in calibrated_data)
    decided = [each >= calibration.choose_thresholds(each, y_true) for each in (score, apply_temperature(score, 3))]
    np.testing.assert_array_equal(*decided)


def test_decisions_are_evaluated_with_intervals(calibrated_data):
    score, y_true = calibrated_data[0][:1000], calibrated_data[1][:1000]
    table = calibration.decisions(score, y_true, np.full(5, 0.5), Resampling(np.arange(1000), 200))
    table = table.set_index(["superclass", "measure"])
    actual, predicted = y_true[:, 1], score[:, 1] >= 0.5
    expected = {
        "sensitivity": recall_score(actual, predicted),
        "specificity": recall_score(~actual, ~predicted),
        "precision": precision_score(actual, predicted),
        "F1": f1_score(actual, predicted),
    }
    assert table.loc["MI", "value"].to_dict() == pytest.approx(expected)
    assert (table["low"] < table["value"]).all() and (table["value"] < table["high"]).all()


def test_the_measures_of_a_superclass_are_those_of_its_column(calibrated_data):
    probability, y_true = calibrated_data
    found = calibration.measures(probability, y_true, Resampling(np.arange(len(y_true)), 20))
    assert found["MI"]["brier"]["value"] == pytest.approx(brier_score_loss(y_true[:, 1], probability[:, 1]))
    assert found["all"]["brier"]["value"] == pytest.approx(np.mean([found[name]["brier"]["value"] for name in CLASSES]))
    assert [found[name]["slope"]["value"] for name in CLASSES] == pytest.approx([1] * 5, abs=0.05)
