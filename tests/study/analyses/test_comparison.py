"""Comparisons: the seeds that two models share."""

import numpy as np

from ecglib.evaluation.scores import Scores
from ecglib.study.analyses import comparison


def noisy_scores(study, noise: float, seeds=(0,)) -> Scores:
    """Scores that follow the labels but for noise: the more of it, the lower the AUC."""
    part = study.data.in_folds(9, 10)
    drawn = [part.labels + noise * np.random.default_rng(seed).standard_normal(part.labels.shape) for seed in seeds]
    return Scores(part.ecg_id, part.table["fold"].to_numpy(), np.array(seeds), np.stack(drawn).astype(np.float32))


def test_seeds_that_both_models_have_are_compared(study):
    one, other = noisy_scores(study, 1, seeds=(0, 1, 2)), noisy_scores(study, 1, seeds=(1, 2))
    assert [scores.seed.tolist() for scores in comparison.common_seeds(one, other)] == [[1, 2], [1, 2]]


def test_models_without_a_common_seed_keep_their_seeds(study):
    one, other = noisy_scores(study, 1, seeds=(0,)), noisy_scores(study, 1, seeds=(1,))
    assert comparison.common_seeds(one, other) == (one, other)
