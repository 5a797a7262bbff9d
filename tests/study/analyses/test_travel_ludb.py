"""Chapter 11 on synthetic recordings: AUCs by rule, mistakes, local calibration, abstention and sampling rates."""

import dataclasses
import json

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from ecglib.data import ludb, synthetic_ludb
from ecglib.data.ludb_rules import RULES
from ecglib.evaluation.resampling import Resampling
from ecglib.study import results
from ecglib.study.analyses import (
    travel_abstain,
    travel_conclusions,
    travel_local,
    travel_ludb,
    travel_models,
    travel_rate,
)
from ecgpredict.spec import CLASSES

RELEASED, BASE = travel_models.RELEASED, travel_models.BASE


@pytest.fixture(scope="module")
def models(study):
    """Two networks; one of them in the place of the released file, which the small study does not write."""
    opened = travel_models.open_models(study, (BASE, travel_models.DISTILLED))
    released = dataclasses.replace(opened[travel_models.DISTILLED], name=RELEASED)
    return {BASE: opened[BASE], RELEASED: released}


@pytest.fixture(scope="module")
def there(study, models):
    synthetic_ludb.write_sample(study.paths.ludb, records=40)
    return travel_ludb.open_external(study, models)


@pytest.fixture(scope="module")
def travel(study, models, there):
    abstention = travel_abstain.Abstention(study, models, there)
    return travel_conclusions.Travel(
        study, there, travel_local.Local(study, there), abstention, travel_rate.compare_rates(there)
    )


def test_a_model_predicts_the_scores_of_its_run(study, models):
    part = study.data.in_folds(9, 10)
    np.testing.assert_allclose(
        models[BASE].predict(part.millivolts(slice(None))), models[BASE].scores.score[0], atol=1e-5
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_auc_is_that_of_the_recordings_that_the_rule_leaves_in(there, rule):
    y_true, score = there.labels[rule], there.scores[BASE]
    for k, name in enumerate(CLASSES):
        known = ~np.isnan(y_true[:, k])
        found = there.auc(score, rule, name)
        assert found.value == pytest.approx(roc_auc_score(y_true[known, k], score[known, k]))
        assert found.low <= found.value <= found.high


def test_a_model_does_not_differ_from_itself(there):
    same = there.difference(there.scores[BASE], there.scores[BASE], "wide")
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_the_units_of_the_headers_give_other_scores(there):
    assert np.abs(there.scores[BASE] - there.header_scores[BASE]).max() > 1e-3
    assert "violate" not in " ".join(one for each in travel_ludb.quality(there.data.signals, ludb.RATE) for one in each)


def test_mistakes_are_the_most_confident_wrong_decisions_and_no_two_alike(there):
    found, model = there.mistakes(), there.models[RELEASED]
    assert 0 < len(found) <= 3
    assert len({one.superclass for one in found}) == len({one.position for one in found}) == len(found)
    score = there.calibrated(RELEASED)
    for one in found:
        k = CLASSES.index(one.superclass)
        label = {rule: there.labels[rule][one.position, k] for rule in RULES}
        assert len(set(label.values())) == 1
        assert (score[one.position, k] >= model.thresholds[k]) != label["wide"]


@pytest.fixture(scope="module")
def shifted():
    """Probabilities whose logits are off by a number per superclass, with some labels left out."""
    rng, off = np.random.default_rng(0), np.array([1.5, -1.0, 0.0, 0.5, -2.0])
    z = rng.normal(0, 1.5, (4000, 5))
    y_true = (rng.random(z.shape) < expit(z)).astype(float)
    y_true[rng.random(z.shape) < 0.1] = np.nan
    return expit(z - off), y_true, expit(z)


def test_offsets_find_what_the_logits_are_off_by(shifted):
    score, y_true, right = shifted
    np.testing.assert_allclose(travel_local.fit_offsets(score, y_true)(score), right, atol=0.04)


def test_a_temperature_finds_the_divisor_of_the_logits(shifted):
    _, y_true, right = shifted
    overconfident = expit(2 * travel_local._logit(right))
    np.testing.assert_allclose(travel_local.fit_temperature(overconfident, y_true)(overconfident), right, atol=0.03)


def test_a_calibrated_model_has_the_error_of_chance_and_a_shifted_one_more(shifted):
    score, y_true, right = shifted
    assert travel_local.error(right, y_true) == pytest.approx(travel_local.error_by_chance(right, y_true), abs=0.01)
    assert travel_local.error(score, y_true) > 0.1


def test_what_is_fitted_is_evaluated_on_the_other_half(travel):
    halves = travel.local.halves
    assert set(halves["way"]) == set(travel_local.WAYS)
    assert halves.groupby(["model", "way"]).size().unique().tolist() == [50]
    assert set(travel.local.removed("offsets")) == set(travel.external.models)


def judged():
    score = np.array([[0.99] * 5, [0.6] * 5, [0.1] * 5, [0.45, 0.55, 0.5, 0.5, 0.5]])
    y_true = np.array([[1] * 5, [1, 1, 0, 0, 0], [0] * 5, [1, np.nan, 1, 1, 1]], float)
    return travel_abstain.judge(score, y_true, np.full(5, 0.5), Resampling(np.arange(4), 50))


def test_risk_is_the_share_of_wrong_decisions_among_those_that_have_a_label():
    found = judged()
    np.testing.assert_allclose(found.wrong, [0, 3 / 5, 0, 1 / 4])
    assert found.risk(np.array([True, True, False, False])).value == pytest.approx(0.3)
    assert found.gain(np.ones(4, bool)).value == 0


def test_the_curve_keeps_the_confident_first_and_ends_at_the_risk_of_all():
    curve = judged().curve()
    assert curve["risk"].iloc[0] == 0
    assert curve["risk"].iloc[-1] == pytest.approx(judged().wrong.mean())


def test_the_gate_is_set_on_fold_9(travel):
    confidence = travel.abstention.judged(BASE, 9).confidence
    kept = (confidence >= travel.abstention.gate(BASE)).mean()
    assert kept == pytest.approx(travel_abstain.COVERAGE, abs=1 / len(confidence))


@pytest.mark.parametrize("way", travel_rate.WAYS)
def test_every_way_to_100_hz_keeps_a_slow_wave(way):
    time = np.arange(ludb.N_SAMPLES) / ludb.RATE
    wave = np.sin(2 * np.pi * 2 * time)[:, None] * np.ones(12)
    found = travel_rate.WAYS[way](wave)
    assert found.shape == (1000, 12)
    middle = slice(100, 900)
    # the mean of five samples is that of a moment 4 ms later: 2 pi * 2 Hz * 4 ms
    np.testing.assert_allclose(found[middle], wave[::5][middle], atol=0.06)


def test_every_superclass_either_travels_or_does_not_or_is_in_between(travel):
    found = travel.superclasses()
    assert sorted(sum(found.values(), [])) == sorted(CLASSES)


def test_the_results_are_written_as_json(travel, study):
    travel.write()
    written = results.read(study.paths.results, travel_conclusions.RESULT)
    assert set(written["aucs"][BASE]) == set(RULES)
    assert "NaN" not in json.dumps(written["aucs"])
