"""Scores: saved and read back, matched with labels, and rejected if they do not match."""

import numpy as np
import pytest

from ecglib.evaluation.scores import Scores, labels_for
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES


def test_loaded_scores_equal_the_saved_ones(scored, tmp_path):
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
    np.testing.assert_array_equal(labels_for(backwards, sample)[::-1], labels_for(scored, sample))


def test_scores_of_other_records_are_refused(scored, sample):
    other = Scores(scored.ecg_id + 10_000, scored.fold, scored.seed, scored.score)
    with pytest.raises(InputError, match="scores of other records"):
        labels_for(other, sample)


def test_classes_are_selected_by_name(scored, tmp_path):
    scored.save(tmp_path / "scores.npz")
    two = Scores.load(tmp_path / "scores.npz").of(["CD", "MI"])
    np.testing.assert_array_equal(two.score, scored.score[..., [CLASSES.index("CD"), CLASSES.index("MI")]])


def test_an_ensemble_is_the_mean_probability_under_a_seed_of_its_own(scored):
    together = scored.ensemble()
    assert together.seed.tolist() == [-1]
    np.testing.assert_allclose(together.score[0], (scored.score[0] + scored.score[1]) / 2, atol=1e-7)


def test_seeds_are_selected_in_the_order_asked_for(scored):
    chosen = scored.for_seeds([1, 0])
    assert chosen.seed.tolist() == [1, 0]
    np.testing.assert_array_equal(chosen.score, scored.score[::-1])
