"""Chapter 11's groups: which are compared, over which superclasses, and which differences survive."""

import numpy as np
import pandas as pd
import pytest

from ecglib.evaluation.calibration import calibration_error_estimate, expected_calibration_error
from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.metrics import class_aucs
from ecglib.evaluation.resampling import Resampling
from ecglib.study.analyses import travel_measures, travel_people
from ecglib.study.analyses.travel_measures import MEASURES, Sample
from ecglib.study.analyses.travel_models import RELEASED, TravelModel
from ecgpredict.spec import Normalization

N = 600
ALL = np.ones(5, bool)


@pytest.fixture(scope="module")
def fold_10() -> EvaluationSet:
    random = np.random.default_rng(0)
    y_true = random.random((N, 5)) < 0.3
    return EvaluationSet(10, np.arange(N), y_true, Resampling(np.arange(N) // 2, n_bootstrap=200))


@pytest.fixture(scope="module")
def score(fold_10) -> np.ndarray:
    """Better in the first half of the records than in the second."""
    noise = np.random.default_rng(1).normal(0, np.repeat([[0.5], [2.0]], N // 2, axis=0), (N, 5))
    return 1 / (1 + np.exp(-2 * (fold_10.y_true - 0.5) - noise))


@pytest.fixture(scope="module")
def measured(fold_10, score) -> Sample:
    return Sample(fold_10, score, np.full(5, 0.5))


def test_measures_are_those_of_the_groups_own_records(measured, fold_10, score):
    mask = np.arange(N) < N // 3
    found = measured.measure(mask, ALL)
    y_true, predicted = fold_10.y_true[mask], score[mask] >= 0.5
    assert found["AUC"][0] == pytest.approx(class_aucs(y_true, score[mask]).mean())
    assert found["sensitivity"][0] == pytest.approx(np.mean([p[y].mean() for y, p in zip(y_true.T, predicted.T)]))
    assert found["specificity"][0] == pytest.approx(np.mean([(~p)[~y].mean() for y, p in zip(y_true.T, predicted.T)]))


def test_a_groups_resamples_are_those_of_the_fold(fold_10, score):
    mask = np.arange(N) < N // 3
    weighted = fold_10.resampling.totals(mask[:, None].astype(float))
    part = fold_10.resampling.of_records(mask)
    np.testing.assert_array_equal(part.totals(np.ones((mask.sum(), 1))), weighted)
    assert part != Resampling(part.patients, n_bootstrap=200)  # which has no other patients


def test_calibration_error_of_a_calibrated_model_is_no_larger_in_a_small_group(fold_10):
    random = np.random.default_rng(0)
    prob = random.random((N, 5))
    fold = EvaluationSet(10, np.arange(N), random.random((N, 5)) < prob, fold_10.resampling)
    small = np.arange(N) < 60
    found = Sample(fold, prob, np.full(5, 0.5)).measure(small, ALL)["excess calibration error"][0]
    plain = expected_calibration_error(prob[small], fold.y_true[small])
    assert plain > 0.08  # by chance alone, with 15 bins
    assert abs(found) < 0.03


def test_excess_and_plain_calibration_error_have_the_same_spread(measured, fold_10, score):
    value, resampled = measured.measure(np.ones(N, bool), ALL)["excess calibration error"]
    plain = calibration_error_estimate(score, fold_10.y_true, fold_10.resampling)
    low, high = np.quantile(resampled, (0.025, 0.975))
    assert high - low == pytest.approx(plain.high - plain.low, rel=1e-6)
    assert value < plain.value


def test_a_group_that_differs_has_a_small_p(measured):
    first = np.arange(N) < N // 2
    inside, rest = (measured.measure(mask, ALL)["AUC"] for mask in (first, ~first))
    difference, p = travel_people.difference_and_p(inside, rest)
    assert difference.low > 0
    assert p < 1e-4


def test_a_random_group_does_not_differ(measured):
    mask = np.random.default_rng(3).random(N) < 0.5
    difference, p = travel_people.difference_and_p(*(measured.measure(one, ALL)["AUC"] for one in (mask, ~mask)))
    assert not difference.excludes_zero
    assert p > 0.05


def test_correction_keeps_what_one_of_many_comparisons_would_show_by_chance_from_surviving():
    alone, many = (pd.DataFrame({"p": [0.03, *[0.5] * others]}) for others in (0, 19))
    assert travel_people.adjusted(alone)["survives"].all()
    assert not travel_people.adjusted(many)["survives"].any()


def test_a_superclass_counts_where_group_and_rest_have_enough_of_it():
    y_true = np.zeros((100, 5), bool)
    y_true[:50:2, 0] = True  # only in the first half
    y_true[::2, 1] = True
    first = np.arange(100) < 50
    assert travel_measures.usable(y_true, first, 10).tolist() == [False, True, False, False, False]


@pytest.fixture(scope="module")
def people(study) -> travel_people.People:
    """A study whose table says that half of the records are of another device, and all validated by a human."""
    ecg_id = study.data.ecg_id
    table = pd.DataFrame({"device": np.where(ecg_id % 4 < 2, "A", "B"), "validated_by_human": True}, ecg_id)
    scores = study.run("student_distilled").scores
    one = TravelModel(RELEASED, "released", Normalization(0.0, 1.0), 1.0, np.full(5, 0.5), scores, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(travel_people.ptbxl, "read_circumstances", lambda _: table)
        return travel_people.compare(study, {RELEASED: one})


def test_every_record_is_in_one_group_of_each_factor(study, people):
    n = people.groups.groupby("factor")["n"].sum()
    assert (n == len(study.evaluation_set(10))).all()
    assert {"sex", "age", "device", "superclasses"} - set(people.constant) <= set(n.index)


def test_a_factor_with_one_value_is_not_compared(people):
    assert people.constant["validation by a human"] == "yes"
    assert "validation by a human" not in set(people.compared["factor"])


def test_a_factor_of_two_groups_is_compared_once(people):
    compared = people.compared[people.compared["factor"] == "sex"]
    assert compared["group"].nunique() <= 1
    assert (people.compared.groupby(["factor", "group"]).size() == len(MEASURES)).all()
