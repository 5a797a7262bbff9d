"""Training with Keras: an interrupted run ends in the weights of an uninterrupted one."""

import numpy as np
import pytest
from numbered_records import ecg_ids, numbered
from small_trainings import PowerCut, interrupt, train_keras

from ecglib.networks import weights
from ecglib.networks.keras_backend import keras
from ecglib.training import runs
from ecglib.training.keras_training import KerasTraining
from ecglib.training.settings import TrainingSettings

SETTINGS = TrainingSettings(
    network="inception_cnn", epochs=3, batch_size=32, max_shift=20, gain_sd=0.1, max_noise_sd=0.02, learning_rate=1e-3
)


def build() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((1000, 12)),
            layers.AveragePooling1D(50),
            layers.Conv1D(4, 3, activation="relu", name="convolution"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(5, activation="sigmoid", name="dense"),
        ],
        name="small",
    )


def train(sample, folder, settings=SETTINGS) -> runs.Run:
    return train_keras(build, settings, 0, sample, folder)


@pytest.fixture(scope="module")
def uninterrupted(sample, tmp_path_factory):
    return train(sample, tmp_path_factory.mktemp("runs") / "uninterrupted")


def assert_same(run, other):
    ours, theirs = (weights.read(one.weights()) for one in (run, other))
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)
    np.testing.assert_array_equal(run.scores.score, other.scores.score)
    columns = ["epoch", "train_loss", "val_loss", "val_auc", "learning_rate"]
    assert run.history[columns].equals(other.history[columns])


@pytest.mark.parametrize(
    ("owner", "name", "when"),
    [
        (KerasTraining, "train_epoch", 2),
        (runs, "append_history", 2),  # the history has the epoch, the checkpoint does not
        (KerasTraining, "save_weights", 1),  # after the last epoch, before the run is finished
    ],
)
def test_a_killed_training_resumes_to_the_same_weights(sample, tmp_path, monkeypatch, uninterrupted, owner, name, when):
    with monkeypatch.context() as patch:
        interrupt(patch, owner, name, when)
        with pytest.raises(PowerCut):
            train(sample, tmp_path / "run")
    assert_same(train(sample, tmp_path / "run"), uninterrupted)


@pytest.fixture
def resumed(sample, tmp_path, monkeypatch):
    """Trains with these validation AUCs in place of measured ones, killed after a step, and resumed."""

    def train_twice(patience, aucs, name, when) -> runs.Run:
        settings = SETTINGS.model_copy(update={"epochs": 6, "patience": patience})
        validated = iter(aucs)
        monkeypatch.setattr("ecglib.training.keras_training.macro_auc", lambda *_: next(validated))
        with monkeypatch.context() as patch:
            interrupt(patch, KerasTraining, name, when)
            with pytest.raises(PowerCut):
                train(sample, tmp_path / "run", settings)
        return train(sample, tmp_path / "run", settings)

    return train_twice


def test_early_stopping_counts_the_epochs_before_a_resume(resumed):
    assert resumed(2, [0.9, 0.8, 0.7], "train_epoch", 3).history["val_auc"].tolist() == [0.9, 0.8, 0.7]


def test_a_training_that_early_stopping_ended_is_not_continued(resumed):
    run = resumed(1, [0.9, 0.8], "save_weights", 1)
    assert (run.history["epoch"].tolist(), run.metadata["best_epoch"]) == ([0, 1], 0)


def test_only_folds_1_to_8_reach_training_and_normalization(sample, tmp_path):
    dataset, fitted = numbered(sample), []
    train_part = dataset.in_folds(*range(1, 9))

    def recorded() -> keras.Model:
        network, fit = build(), keras.Model.fit
        network.fit = lambda batches, **more: (fitted.extend(x for x, _ in batches), fit(network, batches, **more))[1]
        return network

    settings = TrainingSettings(network="inception_cnn", epochs=1, batch_size=len(train_part), schedule="late_decay")
    run = train_keras(recorded, settings, 0, dataset, tmp_path / "run")
    assert sorted(ecg_ids(np.concatenate(fitted), run.normalization)) == train_part.ecg_id.tolist()
    volts = train_part.millivolts(slice(None)).astype(np.float64)
    assert (run.normalization.mean, run.normalization.scale) == pytest.approx((volts.mean(), volts.std()))
