"""Metrics against cases worked out by hand, and what is said about scores that do not fit."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ecglib import evaluation
from ecglib.errors import InputError
from ecglib.evaluation import Scores


@pytest.fixture
def scored(sample):
    """Random scores of the sample's folds 9 and 10, two seeds."""
    part = sample.folds(9, 10)
    score = np.random.default_rng(0).random((2, len(part), 5), np.float32)
    return Scores(part.ecg_id, part.table["fold"].to_numpy(), np.array([0, 1]), score)


def test_auc_by_hand():
    # positives score 3 and 1, negatives 2 and 0: 3 of 4 pairs are in order
    truth = np.array([[1, 0, 1, 0]] * 5).T.astype(bool)
    score = np.array([[3.0, 2, 1, 0]] * 5).T
    assert evaluation.class_aucs(truth, score).tolist() == [0.75] * 5
    assert evaluation.macro_auc(truth, score) == 0.75


def test_micro_auc_by_hand():
    truth = np.eye(5, dtype=bool)
    assert evaluation.micro_auc(truth, truth.astype(float)) == 1.0
    assert evaluation.micro_auc(truth, np.zeros((5, 5))) == 0.5


def test_rank_auc_agrees_with_scikit_learn_with_ties():
    rng = np.random.default_rng(1)
    truth, score = rng.random(300) < 0.3, rng.integers(0, 20, 300)
    assert evaluation._rank_auc(truth, score) == pytest.approx(roc_auc_score(truth, score), abs=1e-12)


def test_the_interval_holds_the_value_and_shrinks_with_records():
    rng = np.random.default_rng(2)

    def width(n):
        truth = rng.random((n, 5)) < 0.3
        score = (truth + rng.normal(0, 1, (n, 5)))[None]
        macro = evaluation.auc_estimates(truth, score, resamples=300)["macro"]
        assert macro.low < macro.value < macro.high
        assert macro.value == pytest.approx(evaluation.macro_auc(truth, score[0]))
        return macro.high - macro.low

    assert width(200) > 1.5 * width(2000)


def test_seeds_are_averaged():
    rng = np.random.default_rng(3)
    truth, score = rng.random((200, 5)) < 0.4, rng.random((3, 200, 5))
    macro = evaluation.auc_estimates(truth, score, resamples=50)["macro"]
    assert macro.value == pytest.approx(np.mean([evaluation.macro_auc(truth, s) for s in score]))


def test_a_paired_difference_of_a_model_to_itself_is_zero():
    rng = np.random.default_rng(4)
    truth, score = rng.random((200, 5)) < 0.4, rng.random((1, 200, 5))
    difference = evaluation.auc_difference(truth, score, score, resamples=50)
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_a_paired_difference_is_narrower_than_two_intervals():
    rng = np.random.default_rng(5)
    truth = rng.random((400, 5)) < 0.3
    better = (truth + rng.normal(0, 0.8, (400, 5)))[None]
    worse = better + rng.normal(0, 0.8, better.shape)
    difference = evaluation.auc_difference(truth, better, worse, resamples=300)
    alone = evaluation.auc_estimates(truth, better, resamples=300)["macro"]
    assert difference.low > 0
    assert difference.high - difference.low < alone.high - alone.low


def test_roc_curves_enclose_their_aucs():
    rng = np.random.default_rng(6)
    truth = rng.random((500, 5)) < 0.3
    score = truth + rng.normal(0, 1, truth.shape)
    curves, values = evaluation.roc_curves(truth, score), evaluation.auc_values(truth, score)
    for name, value in values.items():
        curve = curves[curves["curve"] == name]
        area = np.trapezoid(curve["sensitivity"], curve["false_positive_rate"])
        assert area == pytest.approx(value, abs=0.005), name


def test_scores_come_back_as_saved(scored, tmp_path):
    scored.save(tmp_path / "scores.npz")
    again = Scores.load(tmp_path / "scores.npz")
    np.testing.assert_array_equal(again.score, scored.score)
    np.testing.assert_array_equal(again.ecg_id, scored.ecg_id)


def test_saved_scores_hold_no_labels(scored, tmp_path):
    scored.save(tmp_path / "scores.npz")
    with np.load(tmp_path / "scores.npz") as file:
        assert set(file) == {"ecg_id", "fold", "seed", "score", "classes"}


def test_labels_follow_the_scores_order(scored, sample):
    backwards = Scores(scored.ecg_id[::-1], scored.fold[::-1], scored.seed, scored.score[:, ::-1])
    np.testing.assert_array_equal(evaluation.labels_of(backwards, sample)[::-1], evaluation.labels_of(scored, sample))


def test_scores_of_other_records_are_refused(scored, sample):
    other = Scores(scored.ecg_id + 10_000, scored.fold, scored.seed, scored.score)
    with pytest.raises(InputError, match="scores of other records"):
        evaluation.labels_of(other, sample)


def test_scores_with_other_folds_are_refused(scored, sample):
    other = Scores(scored.ecg_id, 19 - scored.fold, scored.seed, scored.score)
    with pytest.raises(InputError, match="scores with other folds"):
        evaluation.labels_of(other, sample)


def test_a_superclass_with_one_label_only_is_named(scored, sample):
    with_hyp = sample.where(~((sample.table["fold"] == 10) & sample.table["HYP"]).to_numpy())
    chosen = np.isin(scored.ecg_id, with_hyp.ecg_id)
    some = Scores(scored.ecg_id[chosen], scored.fold[chosen], scored.seed, scored.score[:, chosen])
    with pytest.raises(InputError, match="superclass with one label only") as caught:
        evaluation.labels_of(some, sample)
    assert caught.value.where == "fold 10, HYP"


def test_another_class_order_is_refused(scored, tmp_path):
    arrays = {"ecg_id": scored.ecg_id, "fold": scored.fold, "seed": scored.seed, "score": scored.score}
    np.savez(tmp_path / "other.npz", **arrays, classes=np.array(["CD", "HYP", "MI", "NORM", "STTC"]))
    with pytest.raises(InputError, match="another class order"):
        Scores.load(tmp_path / "other.npz")


def test_unreadable_scores_are_named(tmp_path):
    (tmp_path / "scores.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="scores unreadable"):
        Scores.load(tmp_path / "scores.npz")


def test_seeds_scored_on_other_records_cannot_be_joined(scored):
    moved = Scores(scored.ecg_id + 1, scored.fold, scored.seed, scored.score)
    with pytest.raises(InputError, match="scores of other records"):
        Scores.joined([scored, moved])


def test_a_score_that_is_no_number_is_refused(scored):
    score = scored.score.copy()
    score[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="no numbers"):
        Scores(scored.ecg_id, scored.fold, scored.seed, score)


def test_an_ensemble_says_the_mean_probability(scored):
    together = scored.mean()
    assert together.seed.tolist() == [0]
    np.testing.assert_allclose(together.score[0], (scored.score[0] + scored.score[1]) / 2, atol=1e-7)


def test_a_missing_seed_is_named(scored):
    fewer = Scores(scored.ecg_id, scored.fold, scored.seed[:1], scored.score[:1])
    evaluation.check_same_seeds({"student": scored, "student_distilled": scored})
    with pytest.raises(InputError, match="a seed missing") as caught:
        evaluation.check_same_seeds({"student": scored, "student_distilled": fewer})
    assert caught.value.where == "student_distilled"
    assert caught.value.found == "no seed 1"
