"""Comparisons: the simplest of equal options, and the seeds that two models share."""

import numpy as np

from ecglib.evaluation.scores import Scores
from ecglib.study.analyses import comparison


def noisy_scores(study, noise: float, seeds=(0,)) -> Scores:
    """Scores that follow the labels but for noise: the more of it, the lower the AUC."""
    part = study.data.in_folds(9, 10)
    drawn = [part.labels + noise * np.random.default_rng(seed).standard_normal(part.labels.shape) for seed in seeds]
    return Scores(part.ecg_id, part.table["fold"].to_numpy(), np.array(seeds), np.stack(drawn).astype(np.float32))


def test_the_simplest_of_equal_options_is_selected(study):
    good = noisy_scores(study, 0.5)
    options = {"simple": good, "elaborate": good, "bad": noisy_scores(study, 50)}
    selection = comparison.select(study, options)
    assert selection.selected == "simple"
    assert selection.equal_to_best == ["simple", "elaborate"]


def test_an_option_that_is_worse_beyond_its_interval_is_not_selected(study):
    selection = comparison.select(study, {"simple": noisy_scores(study, 50), "good": noisy_scores(study, 0.1)})
    assert selection.selected == selection.best == "good"


def test_seeds_that_both_models_have_are_compared(study):
    one, other = noisy_scores(study, 1, seeds=(0, 1, 2)), noisy_scores(study, 1, seeds=(1, 2))
    assert [scores.seed.tolist() for scores in comparison.common_seeds(one, other)] == [[1, 2], [1, 2]]


def test_models_without_a_common_seed_keep_their_seeds(study):
    one, other = noisy_scores(study, 1, seeds=(0,)), noisy_scores(study, 1, seeds=(1,))
    assert comparison.common_seeds(one, other) == (one, other)
