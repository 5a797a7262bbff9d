"""Intervals: they contain the estimate, have their nominal coverage on simulated data, and are narrower for pairs."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from ecglib.evaluation import metrics
from ecglib.evaluation.bootstrap import (
    Estimate,
    auc_difference,
    auc_estimates,
    average_precision,
    combined,
    known_auc,
    percentile,
)
from ecglib.evaluation.resampling import Resampling
from ecgpredict.spec import CLASSES


@pytest.fixture(scope="module")
def data():
    """300 records of 200 patients: labels (300, 5) and scores (3, 300, 5) of three seeds."""
    rng = np.random.default_rng(0)
    y_true = rng.random((300, 5)) < 0.3
    y_score = y_true + rng.normal(0, 1, (300, 5)) + rng.normal(0, 0.3, (3, 300, 5))
    return y_true, y_score, Resampling(np.arange(300) * 2 // 3, 300)


def test_estimates_are_means_over_seeds_of_each_superclass_and_of_all(data):
    y_true, y_score, resampling = data
    found = auc_estimates(y_true, y_score, resampling)
    expected = np.mean([metrics.class_aucs(y_true, one) for one in y_score], axis=0)
    assert list(found) == [*CLASSES, "macro"]
    assert [found[name].value for name in CLASSES] == pytest.approx(expected)
    assert found["macro"].value == pytest.approx(expected.mean())
    assert all(one.low < one.value < one.high for one in found.values())


def test_the_interval_shrinks_with_records():
    rng = np.random.default_rng(2)

    def width(n):
        y_true = rng.random((n, 5)) < 0.3
        y_score = (y_true + rng.normal(0, 1, (n, 5)))[None]
        macro = auc_estimates(y_true, y_score, Resampling(np.arange(n), 200))["macro"]
        return macro.high - macro.low

    assert width(200) > 2 * width(2000)


def test_records_of_few_patients_give_a_wider_interval():
    rng = np.random.default_rng(3)
    effect = np.repeat(rng.normal(0, 1, (100, 5)), 5, axis=0)  # five similar records of each patient
    y_true = effect + rng.normal(0, 0.1, effect.shape) > 0.5
    y_score = (effect + np.repeat(rng.normal(0, 1, (100, 5)), 5, axis=0))[None]
    by_patient, by_record = (
        auc_estimates(y_true, y_score, Resampling(patients, 300))["macro"]
        for patients in (np.arange(500) // 5, np.arange(500))
    )
    assert by_patient.high - by_patient.low > 1.7 * (by_record.high - by_record.low)


def test_a_difference_of_a_model_to_itself_is_zero(data):
    y_true, y_score, resampling = data
    difference = auc_difference(y_true, y_score, y_score, resampling)
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert not difference.excludes_zero


def test_a_paired_difference_is_narrower_than_the_intervals_of_both():
    rng = np.random.default_rng(5)
    y_true, resampling = rng.random((400, 5)) < 0.3, Resampling(np.arange(400), 300)
    better = y_true + rng.normal(0, 0.8, (1, 400, 5))
    worse = better + rng.normal(0, 0.8, better.shape)
    difference = auc_difference(y_true, better, worse, resampling)
    alone = auc_estimates(y_true, better, resampling)["macro"]
    assert difference.low > 0
    assert difference.excludes_zero
    assert difference.high - difference.low < alone.high - alone.low


def test_a_difference_can_be_that_of_one_superclass(data):
    y_true, y_score, resampling = data
    other = y_score.copy()
    other[..., 1] = -other[..., 1]
    assert auc_difference(y_true, y_score, other, resampling, curve="MI").low > 0
    assert auc_difference(y_true, y_score, other, resampling, curve="CD").value == 0


def test_variation_between_seeds_widens_the_interval():
    rng = np.random.default_rng(6)
    noise = rng.normal(0, 0.001, 500)
    close, apart = (np.array(values) for values in ([0.9, 0.9001, 0.8999], [0.9, 0.92, 0.88]))
    narrow, wide = (combined([(values, values[:, None] + noise)]) for values in (close, apart))
    assert narrow.value == wide.value == pytest.approx(0.9)
    # Student's t: 4.303 for two degrees of freedom, times 0.02 / sqrt(3)
    assert wide.high - wide.value == pytest.approx(4.303 * 0.02 / np.sqrt(3), rel=0.01)
    assert narrow.high - narrow.value == pytest.approx(0.00196, rel=0.15)


def test_models_with_different_numbers_of_seeds_are_compared_with_the_variance_of_both():
    values, others = np.array([0.9, 0.91, 0.92]), np.array([0.8, 0.8, 0.8, 0.8])
    still = np.zeros(100)
    found = combined([(values, values[:, None] + still), (-others, -others[:, None] + still)])
    assert found.value == pytest.approx(0.11)
    assert found.high - found.value == pytest.approx(4.303 * 0.01 / np.sqrt(3), rel=1e-3)
    assert found.n_seeds == 3


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_95_percent_of_intervals_or_a_little_more_cover_the_true_value(seeds):
    """1,000 simulations of networks and patients; with one seed the true value is that of this particular network.

    Square-and-add with Student's t is conservative where both sources matter: 98 % for two seeds, 97 % for three.
    The statistic is a mean, whose expectation is known; benchmarks/coverage.py does the same for AUCs.
    """
    rng = np.random.default_rng(seeds)
    resampling = Resampling(np.arange(240) * 2 // 3, 300)
    counts = resampling.totals(np.ones((240, 1))).T

    def covers() -> bool:
        of_patient = rng.normal(0, 1, 160)[resampling.patients]
        of_network = rng.normal(0, 0.1, (seeds, 1))
        values = of_network + of_patient + rng.normal(0, 1, (seeds, 240))
        found = combined([(values.mean(axis=1), resampling.totals(values.T).T / counts)])
        true_value = float(of_network.mean()) if seeds == 1 else 0.0
        return found.low <= true_value <= found.high

    assert 0.93 <= np.mean([covers() for _ in range(1000)]) <= 0.99


def test_the_text_of_an_estimate():
    assert str(Estimate(0.93, 0.9234, 0.937)) == "0.930\u00a0(0.923\u2060–\u20600.937)"
    assert f"{Estimate(-0.0012, -0.0031, 0.0007):+}" == "−0.0012\u00a0(−0.0031\u00a0to\u00a0+0.0007)"
    assert f"{Estimate(2.5, 2.41, 2.6):.1f}" == "2.5\u00a0(2.4\u2060–\u20602.6)"


def test_an_estimate_survives_json():
    one = Estimate(0.9, 0.8, 0.95, 3)
    assert Estimate(**one.to_dict()) == one
    assert Estimate(**{"value": 1.0, "low": 0.5, "high": 2.0}).n_seeds == 1


def test_undefined_resamples_do_not_count():
    found = percentile(0.5, np.array([np.nan, 0.4, 0.5, 0.6, np.nan]))
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.405, 0.595))


@pytest.mark.filterwarnings("error")
def test_without_a_defined_resample_there_are_no_limits():
    found = percentile(0.5, np.full(4, np.nan))
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.0020, 0.0020, "equivalent within 0.002"),
        (-0.0012, -0.0003, "equivalent within 0.002"),  # different from zero, and too little to matter
        (-0.0021, 0.0010, "cannot tell"),
        (0.0001, 0.0021, "different"),
        (-0.0040, -0.0021, "different"),
    ],
)
def test_the_verdict_of_a_difference(low, high, verdict):
    assert Estimate((low + high) / 2, low, high).verdict == verdict


def test_unrelated_seeds_are_not_paired(data):
    y_true, y_score, resampling = data
    shifted = y_score + np.array([0.2, -0.2, 0.0])[:, None, None] * y_true  # each seed by its own amount
    orders = shifted, shifted[::-1]
    paired = [auc_difference(y_true, y_score, other, resampling) for other in orders]
    unpaired = [auc_difference(y_true, y_score, other, resampling, pair_seeds=False) for other in orders]
    assert paired[0].low != pytest.approx(paired[1].low, abs=1e-4)
    assert unpaired[0].low == pytest.approx(unpaired[1].low, abs=1e-9)


def test_the_average_precision_and_that_of_each_resample_are_scikit_learns(data):
    """On scores with ties, as integers give them."""
    labels, score, resampling = data[0][:, 0], np.round(data[1][0, :, 0], 1), data[2]
    found = average_precision(labels, score, resampling)
    assert found.value == pytest.approx(average_precision_score(labels, score))
    weights = resampling.counts[resampling.patients].T
    expected = [average_precision_score(labels, score, sample_weight=weight) for weight in weights]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(expected, [0.025, 0.975])))


def test_with_every_label_known_the_auc_is_that_of_the_fold(data):
    y_true, y_score, resampling = data
    value, resampled = known_auc(y_true.astype(float), y_score[0], resampling)
    assert percentile(value, resampled) == auc_estimates(y_true, y_score[:1], resampling)["macro"]


def test_a_superclass_is_evaluated_on_the_records_with_a_label(data):
    y_true, y_score, resampling = data
    labels = np.full(y_true.shape, np.nan)
    labels[:100, 0], labels[50:, 1], labels[:, 2] = y_true[:100, 0], y_true[50:, 1], 1  # the last without a negative
    expected = [
        metrics.class_aucs(y_true[part], y_score[0][part])[k] for k, part in ((0, slice(100)), (1, slice(50, 300)))
    ]
    value, resampled = known_auc(labels, y_score[0], resampling)
    assert value == pytest.approx(np.mean(expected))
    assert resampled.shape == (resampling.n_bootstrap,)
