"""Training settings: types, bounds, and no setting that is silently ignored."""

import pytest
from pydantic import ValidationError

from ecglib.training.settings import TrainingSettings

STUDENT = {"network": "student", "epochs": 2}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"network": "resnet"}, "network"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": "2"}, "epochs"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": float("inf")}, "learning_rate"),
        ({"crop": 2000}, "crop"),
        ({"crop": 20}, "crop"),
        ({"dropout": 1.5}, "dropout"),
        ({"max_shift": -5}, "max_shift"),
        ({"bn_records": -1}, "bn_records"),
        ({"teachers": ("base_cnn",), "label_weight": 1.5}, "label_weight"),
        ({"loss": "hinge"}, "loss"),
        ({"shift": 5}, "shift"),
        ({"pruning": "channels", "amount": 0.5}, "init_from"),
        ({"amount": 0.5}, "amount"),
        ({"temperature": 2.0}, "temperature"),
        ({"teachers": ("base_cnn",), "loss": "untrained_teacher"}, "loss"),
        ({"decay_from": 3}, "decay_from"),
        ({"shifted_labels": True}, "shifted_labels"),
        ({"windows": True}, "windows"),
        ({"crop": 250, "windows": True, "bn_records": 64}, "bn_records"),
        ({"crop": 250, "same_crop": True}, "same_crop"),
        ({"network": "compact"}, "shape"),
        ({"shape": {"block": "plain", "widths": (4,)}}, "shape"),
        ({"mixup": -0.1}, "mixup"),
        ({"noise_snr_db": (20.0, 0.0)}, "noise_snr_db"),
        ({"noise_snr_db": (0.0, 90.0)}, "noise_snr_db"),
        ({"lead_dropout": 1.0}, "lead_dropout"),
        ({"max_stretch": 0.1}, "max_stretch"),
        ({"test_fold": 0}, "test_fold"),
        ({"test_fold": 11}, "test_fold"),
        ({"test_fold": 1, "teachers": ("base_cnn",)}, "test_fold"),
        ({"test_fold": 1, "init_from": "base_cnn"}, "test_fold"),
        ({"test_fold": 1, "split": "random"}, "test_fold"),
        ({"max_stretch": 0.5, "crop": 250}, "max_stretch"),
    ],
)
def test_an_invalid_setting_is_named(changes, names):
    with pytest.raises(ValidationError) as caught:
        TrainingSettings(**STUDENT | changes)
    assert names in str(caught.value)


@pytest.mark.parametrize(
    "ignored",
    [
        {"teachers": ("base_cnn",)},
        {"init_from": "inception_cnn"},
        {"init_from": "inception_cnn", "pruning": "channels", "amount": 0.5},
        {"loss": "double_sigmoid"},
        {"crop": 500},
        {"bn_records": 64},
        {"split": "random"},
        {"mixup": 0.2},
        {"statements_weight": 1.0},
        {"noise_snr_db": (0.0, 40.0)},
        {"lead_dropout": 0.1},
    ],
)
def test_a_setting_that_keras_training_would_ignore_is_rejected(ignored):
    with pytest.raises(ValidationError, match="not available for inception_cnn"):
        TrainingSettings(network="inception_cnn", epochs=2, **ignored)


def test_each_fold_tests_once_and_validates_once():
    folds = [TrainingSettings(**STUDENT, test_fold=number).folds for number in range(1, 11)]
    assert folds[9] == ((1, 2, 3, 4, 5, 6, 7, 8), 9, 10) == TrainingSettings(**STUDENT).folds
    assert [part.test for part in folds] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [part.validation for part in folds] == [10, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert all(sorted((*part.train, part.validation, part.test)) == list(range(1, 11)) for part in folds)


def test_settings_are_immutable():
    with pytest.raises(ValidationError):
        TrainingSettings(**STUDENT).epochs = 3
