"""Chapter 3's own network, training and conversion are those of the package."""

import numpy as np
import pytest
from conftest import definitions

from ecglib.compression import tflite_files
from ecglib.networks import inception
from ecglib.study.profile import load_profile
from ecglib.training import keras_training


@pytest.fixture(scope="module")
def chapter() -> dict:
    return definitions("03_inception_cnn")


@pytest.fixture
def settings(project):
    return load_profile(project / "config" / "full.yml").training


@pytest.fixture(scope="module")
def few(sample):
    return sample.sample(100, seed=0)


@pytest.fixture(scope="module")
def records(few) -> np.ndarray:
    return few.in_folds(9).millivolts(slice(None)) / np.float32(0.2)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_its_network_is_the_packages(chapter, records, dropout):
    ours, package = chapter["inception_cnn"](dropout), inception.build(dropout)
    assert inception.layer_table(ours).equals(inception.layer_table(package))
    ours.set_weights(package.get_weights())
    np.testing.assert_array_equal(ours.predict(records, verbose=0), package.predict(records, verbose=0))


def test_weights_of_the_package_load_into_it(chapter, records, tmp_path):
    package = inception.build()
    inception.save_weights(package, tmp_path / "weights.safetensors")
    inception.load_weights(package, tmp_path / "weights.safetensors")
    ours = inception.load_weights(chapter["inception_cnn"](), tmp_path / "weights.safetensors")
    np.testing.assert_array_equal(ours.predict(records, verbose=0), package.predict(records, verbose=0))


def test_the_replays_learning_rate_is_the_packages(chapter, settings):
    optimizer = keras_training.optimizer(settings["inception_cnn_replay"], 10)
    rate = optimizer.learning_rate if callable(optimizer.learning_rate) else optimizer._learning_rate
    epochs = range(settings["inception_cnn_replay"].epochs)
    expected = [float(rate(10 * epoch)) for epoch in epochs]
    np.testing.assert_allclose([chapter["late_decay"](epoch) for epoch in epochs], expected, rtol=1e-5)


def test_the_regularized_learning_rate_is_the_packages(chapter, settings):
    rate = keras_training.optimizer(settings["inception_cnn"], 10)._learning_rate
    ours = chapter["one_cycle"](150)
    np.testing.assert_allclose([float(ours(step)) for step in range(150)], [float(rate(s)) for s in range(150)])


def test_records_are_shifted_as_in_the_package(chapter, records, settings):
    regularized = settings["inception_cnn"]
    ours = chapter["augment"](records, np.random.default_rng(0), regularized.max_shift, regularized.max_noise_sd)
    expected = keras_training.augment(records, regularized, np.random.default_rng(0))
    np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_the_regularized_training_keeps_its_best_weights(chapter, few):
    network, auc = chapter["regularized"](few.in_folds(*range(1, 9)), few.in_folds(9, 10), epochs=2, batch_size=32)
    assert network.count_params() == 4_266_277
    assert 0 < auc < 1


def test_its_files_are_the_packages(chapter, records, tmp_path):
    network = inception.build()
    for name, representative in (("float32", None), ("int8", records)):
        ours = chapter["to_tflite"](network, tmp_path / "ours.tflite", representative)
        package = tflite_files.to_tflite(network, tmp_path / "package.tflite", representative)
        assert ours.read_bytes() == package.read_bytes(), name


def test_silencing_dead_units_changes_factors_and_not_the_function(chapter, records):
    network = inception.build()
    dense, norm = network.get_layer("dense"), network.get_layer("batch_normalization_4")
    kernel, bias = dense.get_weights()
    kernel[:, :3], bias[:3] = 0, -40  # GELU makes these units zero for every record
    dense.set_weights([kernel, bias])
    gamma, beta, mean, variance = norm.get_weights()
    variance[:3] = 0
    norm.set_weights([gamma, beta + 0.3, mean, variance])
    before = network.predict(records, verbose=0)
    assert chapter["silence_dead_units"](network) == 3
    assert norm.get_weights()[0].tolist() == [0] * 3 + [1] * 125
    np.testing.assert_allclose(network.predict(records, verbose=0), before, atol=1e-6)
    assert chapter["silence_dead_units"](inception.build()) == 0
