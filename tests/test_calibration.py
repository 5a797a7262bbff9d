"""Calibration and decisions, against cases whose answer is known."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import f1_score, recall_score

from ecglib import calibration
from ecglib.errors import InputError
from ecglib.ptbxl import CLASSES


@pytest.fixture(scope="module")
def honest():
    """Probabilities that mean what they say: (20000, 5), and labels drawn with them."""
    rng = np.random.default_rng(0)
    probability = expit(rng.normal(0, 2, (20_000, 5)))
    return probability, rng.random(probability.shape) < probability


def test_honest_probabilities_need_no_temperature(honest):
    assert calibration.fit_temperature(*honest) == pytest.approx(1, abs=0.03)
    assert calibration.expected_calibration_error(*honest) < 0.012


def test_the_temperature_undoes_overconfidence(honest):
    probability, truth = honest
    boasting = expit(3 * logit(probability))
    temperature = calibration.fit_temperature(boasting, truth)
    assert temperature == pytest.approx(3, rel=0.03)
    before = calibration.expected_calibration_error(boasting, truth)
    after = calibration.expected_calibration_error(calibration.apply_temperature(boasting, temperature), truth)
    assert before > 0.08
    assert after < 0.012


def test_a_temperature_leaves_the_order_of_records(honest):
    probability, _ = honest
    warmer = calibration.apply_temperature(probability, 2.5)
    assert (np.argsort(warmer[:100, 0]) == np.argsort(probability[:100, 0])).all()


def test_reliability_counts_every_record_once_a_superclass(honest):
    table = calibration.reliability(*honest)
    assert table.groupby("superclass")["records"].sum().tolist() == [20_000] * 5
    assert table["superclass"].unique().tolist() == list(CLASSES)


def test_the_calibration_error_of_a_constant_is_its_distance():
    score, truth = np.full((100, 5), 0.9), np.zeros((100, 5), bool)
    truth[:30] = True
    assert calibration.expected_calibration_error(score, truth) == pytest.approx(0.6)


def test_nothing_is_fitted_to_the_fold_that_is_measured_on(honest):
    score, truth = honest
    fitted, others = (score[:5000], truth[:5000]), (score[5000:6000], truth[5000:6000])
    one = calibration.calibrate(fitted, others, resamples=20)
    other = calibration.calibrate(fitted, (others[0], ~others[1]), resamples=20)
    assert one.temperature == other.temperature
    assert (one.thresholds == other.thresholds).all()
    assert other.errors["after"] > 5 * one.errors["after"]


def test_the_error_after_is_that_of_the_calibrated_probabilities(honest):
    boasting, truth = expit(3 * logit(honest[0])), honest[1]
    found = calibration.calibrate((boasting[:5000], truth[:5000]), (boasting[5000:], truth[5000:]), resamples=20)
    assert found.errors["before"] == calibration.expected_calibration_error(boasting[5000:], truth[5000:])
    assert found.errors["after"] == calibration.expected_calibration_error(found.calibrated, truth[5000:])
    assert found.errors["after"] < 0.3 * found.errors["before"]


def test_thresholds_are_those_of_the_best_f1(honest):
    score, truth = honest[0][:500], honest[1][:500]
    chosen = calibration.choose_thresholds(score, truth)
    for one, wanted, threshold in zip(score.T, truth.T, chosen):
        best = max(f1_score(wanted, one >= other) for other in np.unique(one))
        assert f1_score(wanted, one >= threshold) == pytest.approx(best)


def test_decisions_are_measured_with_intervals(honest):
    score, truth = honest[0][:1000], honest[1][:1000]
    table = calibration.decisions(score, truth, np.full(5, 0.5), resamples=200).set_index(["superclass", "measure"])
    said = score[:, 1] >= 0.5
    assert table.loc[("MI", "sensitivity"), "value"] == pytest.approx(recall_score(truth[:, 1], said))
    assert table.loc[("MI", "specificity"), "value"] == pytest.approx(recall_score(~truth[:, 1], ~said))
    assert table.loc[("MI", "F1"), "value"] == pytest.approx(f1_score(truth[:, 1], said))
    assert (table["low"] < table["value"]).all() and (table["value"] < table["high"]).all()


@pytest.mark.parametrize("function", [calibration.fit_temperature, calibration.choose_thresholds])
def test_a_superclass_with_one_label_is_named(honest, function):
    score, truth = honest[0][:50], honest[1][:50].copy()
    truth[:, 4] = False
    with pytest.raises(InputError, match="one label only") as caught:
        function(score, truth)
    assert caught.value.where == "HYP"
