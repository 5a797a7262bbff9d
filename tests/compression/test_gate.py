"""The gate: fold 9 decides, fold 10 does not, and failed checks are shown."""

import dataclasses

import numpy as np
import pytest
from conftest import shuffled_fold_10

from ecglib.compression import gate as gates
from ecglib.compression.gate import gate
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.scores import Scores

SPEEDUP = Estimate(3.0, 2.4, 3.5)


@pytest.fixture(scope="module")
def scored(sample):
    """Probabilities that follow the labels, of two seeds."""
    part = sample.in_folds(9, 10)
    noise = np.random.default_rng(0).uniform(0, 0.6, (2, len(part), 5))
    score = (0.3 * part.labels + noise).astype(np.float32)
    return Scores(part.ecg_id, part.table["fold"].to_numpy(), np.array([0, 1]), score)


@pytest.fixture
def check(int8_file, float_file, sample):
    """The gate on the sample's folds."""

    def run(scores, reference, *, dataset=sample, path=int8_file, **more):
        folds = [EvaluationSet.from_dataset(dataset, fold, n_bootstrap=50) for fold in (9, 10)]
        arguments = {"validation": folds[0], "test": folds[1], "speedup": SPEEDUP} | more
        return gate(path, float_file, scores, reference, **arguments)

    return run


class Fold:
    """An evaluation set of a model that loses this AUC."""

    def __init__(self, loss):
        self.loss = loss

    def difference(self, *_):
        return Estimate(-self.loss, -self.loss, -self.loss)


def changed(scores, score):
    return dataclasses.replace(scores, score=score.astype(np.float32))


def test_it_passes_a_file_within_its_limits(check, scored, int8_file, float_file, monkeypatch):
    size = int8_file.stat().st_size / float_file.stat().st_size
    monkeypatch.setattr(gates, "MAX_SIZE_RATIO", size)
    found = check(changed(scored, scored.score + 0.001), scored)
    assert found.integer_convolutions == "3 of 3"
    assert found.auc_change.value == 0
    assert found.size_ratio == size
    assert found.speedup == SPEEDUP
    assert found.passed == dict.fromkeys(("integer convolutions", "AUC", "bytes"), True)


def test_it_shows_the_failed_checks(check, scored, float_file):
    found = check(changed(scored, 1 - scored.score), scored, path=float_file)
    assert found.auc_change.value < -0.5
    assert found.passed == dict.fromkeys(("integer convolutions", "AUC", "bytes"), False)


@pytest.mark.parametrize(
    ("loss", "size_ratio", "failed"), [(0.001, 0.28, set()), (0.0011, 0.28, {"AUC"}), (0.001, 0.281, {"bytes"})]
)
def test_its_limits_are_a_thousandth_of_auc_and_28_percent_of_the_bytes(int8_file, tmp_path, loss, size_ratio, failed):
    fold = Fold(loss)
    bytes_of_float32 = int(int8_file.stat().st_size / size_ratio) + 1
    (tmp_path / "float32.onnx").write_bytes(bytes(bytes_of_float32))
    slow = Estimate(1.0, 0.9, 1.1)  # no check: it depends on the processor
    found = gate(int8_file, tmp_path / "float32.onnx", None, None, validation=fold, test=fold, speedup=slow)
    assert {name for name, passed in found.passed.items() if not passed} == failed


def test_fold_9_decides(check, scored):
    """Scores spoiled on one fold fail on fold 9 only, though fold 10 reports the loss."""
    spoiled = {
        fold: changed(scored, np.where((scored.fold == fold)[:, None], 1 - scored.score, scored.score))
        for fold in (9, 10)
    }
    on_9, on_10 = check(spoiled[9], scored), check(spoiled[10], scored)
    assert not on_9.passed["AUC"] and on_9.test_auc_change.value == 0
    assert on_10.passed["AUC"] and on_10.test_auc_change.value < -0.5


def test_shuffled_labels_of_fold_10_change_no_decision(check, scored, sample):
    compressed = changed(scored, scored.score + np.random.default_rng(2).normal(0, 0.2, scored.score.shape))
    one = check(compressed, scored)
    other = check(compressed, scored, dataset=shuffled_fold_10(sample))
    assert one.test_auc_change != other.test_auc_change
    assert dataclasses.replace(one, test_auc_change=None) == dataclasses.replace(other, test_auc_change=None)
