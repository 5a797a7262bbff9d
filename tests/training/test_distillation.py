"""Distillation: soft targets, losses, and the training of a student."""

import numpy as np
import pytest
import torch
from conftest import definitions
from small_trainings import train_torch
from torch.nn import functional as F

from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.training import distillation, runs
from ecglib.training.classifier import Classifier
from ecglib.training.settings import TrainingSettings


def scores(dataset, *values) -> Scores:
    score = np.stack([np.full((len(dataset), 5), value, np.float32) for value in values])
    return Scores(dataset.ecg_id, dataset.table["fold"].to_numpy(), np.arange(len(values)), score)


@pytest.fixture(scope="module")
def chapter() -> dict:
    return definitions("06_distillation")


@pytest.mark.parametrize(("temperature", "label_weight"), [(1.0, 0.0), (4.0, 0.5), (2.0, 0.8)])
def test_chapter_6_shows_the_loss_that_students_are_trained_with(chapter, temperature, label_weight):
    batch = torch.randn(8, 5), torch.rand(8, 5).round(), torch.rand(8, 5)
    shown, used = (
        each(*batch, temperature, label_weight) for each in (chapter["distillation_loss"], distillation.loss)
    )
    torch.testing.assert_close(shown, used)


def test_chapter_6_softens_as_the_soft_targets_are(chapter, train_part):
    (used,) = np.unique(distillation.soft_targets([scores(train_part, 0.9)], train_part, 4.0))
    assert float(chapter["soften"](torch.tensor(0.9), 4.0)) == pytest.approx(float(used))


@pytest.fixture(scope="module")
def train_part(sample):
    return sample.in_folds(*range(1, 9))


def test_several_teachers_and_seeds_are_averaged(train_part):
    soft = distillation.soft_targets([scores(train_part, 0.2, 0.4), scores(train_part, 0.9)], train_part, 1.0)
    assert soft.dtype == np.float32
    np.testing.assert_allclose(soft, 0.5, atol=1e-6)


def test_a_temperature_softens_the_logits(train_part):
    soft = distillation.soft_targets([scores(train_part, 0.9)], train_part, 2.0)
    np.testing.assert_allclose(np.log(soft / (1 - soft)), np.log(9) / 2, atol=1e-5)


def test_a_student_that_agrees_with_its_teacher_has_zero_gradients():
    logits = torch.randn(8, 5, requires_grad=True)
    soft = torch.sigmoid(logits.detach() / 3)
    distillation.loss(logits, torch.zeros(8, 5), soft, 3.0, 0.0).backward()
    assert logits.grad.abs().max() < 1e-6


def test_the_label_weight_balances_labels_and_teacher():
    logits, hard, soft = torch.randn(8, 5), torch.rand(8, 5).round(), torch.rand(8, 5)
    labels_alone = distillation.loss(logits, hard, soft, 2.0, 1.0)
    torch.testing.assert_close(labels_alone, F.binary_cross_entropy_with_logits(logits, hard))
    teacher_alone = distillation.loss(logits, hard, soft, 1.0, 0.0)
    torch.testing.assert_close(teacher_alone, F.binary_cross_entropy_with_logits(logits, soft))


def test_gradients_are_about_the_same_at_every_temperature():
    student_logits, teacher_logits = torch.full((1, 5), 0.2), torch.full((1, 5), 0.6)
    sizes = []
    for temperature in (1.0, 4.0):
        logits = student_logits.clone().requires_grad_()
        soft = torch.sigmoid(teacher_logits / temperature)
        distillation.loss(logits, teacher_logits, soft, temperature, 0.0).backward()
        sizes.append(float(logits.grad.abs().sum()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.1)


def test_the_originals_loss_is_the_sum_that_was_documented():
    logits, hard, teacher = torch.randn(4, 5), torch.rand(4, 5).round(), torch.rand(4, 5)
    p = torch.sigmoid(logits)
    log_softmax = torch.log(p.exp() / p.exp().sum(1, keepdim=True))
    target = teacher.exp() / teacher.exp().sum(1, keepdim=True)
    expected = (
        -(hard * p.log() + (1 - hard) * (1 - p).log()).mean()
        - 0.3 * (hard * log_softmax).sum(1).mean()
        + 0.7 * (target * (target.log() - log_softmax)).sum(1).mean()
    )
    torch.testing.assert_close(distillation.original_loss(logits, hard, teacher), expected)


def test_scores_of_other_records_are_named(train_part, sample):
    with pytest.raises(ValueError, match="of other records"):
        distillation.soft_targets([scores(sample.in_folds(9), 0.5)], train_part, 1.0)


@pytest.fixture(scope="module")
def teacher(sample, tmp_path_factory):
    settings = TrainingSettings(network="student", epochs=1, batch_size=64, learning_rate=1e-3)
    return train_torch("teacher", student, settings, 0, sample, tmp_path_factory.mktemp("t"))


def student():
    return convnet.build("student", 0.0)


def test_a_student_learns_from_its_teachers_scores(sample, teacher, train_part, tmp_path):
    taught = {"teachers": ("teacher",), "temperature": 2.0, "label_weight": 0.0}
    training = {"epochs": 8, "batch_size": 32, "dropout": 0.0, "learning_rate": 3e-3, "checkpoint": "last"}
    settings = TrainingSettings(network="student", **training, **taught)
    teacher_scores = scores(train_part, 0.5)
    teacher_scores.score[:] = [0.99, 0.01, 0.01, 0.99, 0.01]  # unrelated to the labels
    teachers = {"teachers": [teacher], "teacher_scores": lambda: [teacher_scores]}
    run = train_torch("student", student, settings, 0, sample, tmp_path / "run", **teachers)
    assert run.metadata["teachers"] == [teacher.weights_sha256()]
    mean = run.scores.score[0].mean(axis=0)
    assert mean[[0, 3]].min() > 0.6
    assert mean[[1, 2, 4]].max() < 0.4


def test_a_student_of_other_teachers_is_another_run(sample, teacher):
    settings = TrainingSettings(network="student", epochs=1, teachers=("teacher",))
    with_teacher = runs.run_key("student", 0, settings, sample, None, [teacher])
    assert with_teacher != runs.run_key("student", 0, settings, sample)


def test_the_untrained_teacher_is_not_trained(train_part):
    settings = TrainingSettings(network="student", epochs=1, loss="untrained_teacher", learning_rate=1e-2)
    classifier = Classifier(convnet.ECGNet((4, 8)), settings)
    weights = {name: (p, p.detach().clone()) for name, p in classifier.named_parameters()}
    optimizer, _ = classifier.optimizer(steps=10)
    x, labels = torch.from_numpy(train_part.millivolts(slice(8))), torch.from_numpy(train_part.labels[:8])
    classifier.training_loss(x, labels).backward()
    optimizer.step()
    changed = {name.split(".")[0] for name, (now, before) in weights.items() if not torch.equal(now, before)}
    assert changed == {"network"}
