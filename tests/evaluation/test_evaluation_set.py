"""Metrics of scores on one fold: records are matched by ecg_id, seeds by number."""

import numpy as np
import pytest
from conftest import shuffled_fold_10

from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.scores import Scores
from ecgpredict.errors import InputError


@pytest.fixture(scope="module")
def validation(sample):
    return EvaluationSet.from_dataset(sample, 9, n_bootstrap=100)


@pytest.fixture(scope="module")
def part(sample):
    return sample.in_folds(9, 10)


def scored(part, noise, seeds=(0, 1), rng=0):
    """Scores that follow the labels, with noise."""
    shape = (len(seeds), len(part), 5)
    score = part.labels + noise * np.random.default_rng(rng).normal(size=shape)
    return Scores(part.ecg_id, part.table["fold"].to_numpy(), np.array(seeds), score.astype(np.float32))


def test_resamples_are_of_the_folds_patients(validation, sample):
    assert validation.resampling.n_patients == sample.in_folds(9).table["patient_id"].nunique()
    assert len(validation) == len(sample.in_folds(9))


def test_the_order_and_other_folds_of_scores_do_not_matter(validation, part):
    one = scored(part, 1.0)
    backwards = Scores(one.ecg_id[::-1], one.fold[::-1], one.seed, one.score[:, ::-1])
    assert validation.auc(backwards) == validation.auc(one)
    expected = np.mean([macro_auc(validation.y_true, score) for score in one.for_fold(9).score])
    assert validation.auc(one).value == pytest.approx(expected)
    assert validation.macro_auc(one) == pytest.approx(expected)


def test_models_are_compared_on_the_seeds_that_they_share(validation, part):
    one, other = scored(part, 1.0, seeds=(0, 1, 2)), scored(part, 2.0, seeds=(2,), rng=1)
    assert validation.difference(one, other) == validation.difference(one.for_seeds([2]), other)
    assert validation.difference(one, other).n_seeds == 1


def test_models_without_a_common_seed_are_compared_by_their_means(validation, part):
    one, other = scored(part, 1.0, seeds=(0, 1)), scored(part, 2.0, seeds=(2, 3, 4), rng=1)
    expected = validation.macro_auc(one) - validation.macro_auc(other)
    assert validation.difference(one, other).value == pytest.approx(expected)


def test_estimates_on_fold_9_do_not_see_fold_10(sample, part):
    """Fold 10's labels shuffled: fold 9 gives the same estimates."""
    models = {"one": scored(part, 1.0), "other": scored(part, 1.1, rng=1)}
    found = [EvaluationSet.from_dataset(data, 9, n_bootstrap=50) for data in (sample, shuffled_fold_10(sample))]
    assert found[0].difference(*models.values()) == found[1].difference(*models.values())


def test_a_record_that_was_not_scored_is_named(validation, part):
    one = scored(part, 1.0)
    fewer = Scores(one.ecg_id[1:], one.fold[1:], one.seed, one.score[:, 1:])
    fold = EvaluationSet.from_dataset(part, int(one.fold[0]), n_bootstrap=10)
    with pytest.raises(KeyError, match=str(one.ecg_id[0])):
        fold.y_score(fewer)


def test_a_superclass_without_positive_records_is_named(sample):
    without = sample.select(~((sample.table["fold"] == 9) & sample.table["HYP"]).to_numpy())
    with pytest.raises(InputError, match="without positive or negative records") as caught:
        EvaluationSet.from_dataset(without, 9, n_bootstrap=10)
    assert caught.value.where == "fold 9, HYP"


OTHERS = ("even", "third", "once", "never")


@pytest.fixture(scope="module")
def other_labels(sample):
    """Fold 9 with labels that most records lack, and scores of all of them."""
    row = sample.table.groupby("fold").cumcount()
    table = sample.table[[]].assign(even=row % 2 == 0, third=row % 3 == 0, once=False, never=False)
    table.loc[sample.in_folds(9).ecg_id[1], "once"] = True
    records = sample.with_labels(table)
    score = np.random.default_rng(0).random((1, len(records), len(OTHERS)), np.float32)
    scores = Scores(records.ecg_id, records.table["fold"].to_numpy(), np.array([0]), score, OTHERS)
    return records, EvaluationSet.from_dataset(records, 9, n_bootstrap=100, classes=OTHERS), scores


def test_a_task_has_the_records_with_any_of_its_labels_and_the_labels_that_occur(other_labels):
    records, task, _ = other_labels
    labels = records.in_folds(9).table
    assert task.classes == ("even", "third", "once")
    np.testing.assert_array_equal(task.ecg_id, labels.index[labels[list(OTHERS)].any(axis=1)])


def test_a_resample_that_lost_a_label_counts_with_those_that_it_has_left(other_labels):
    _, task, scores = other_labels
    aucs = task.resampling.aucs(task.y_true, task.y_score(scores)[0])
    assert np.isnan(aucs[:, 2]).any()
    expected = np.quantile(np.nanmean(aucs, axis=1), [0.025, 0.975])
    assert (task.auc(scores).low, task.auc(scores).high) == pytest.approx(tuple(expected))
