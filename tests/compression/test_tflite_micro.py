"""The student on a microcontroller: the same network in Keras, its arena, its operators, its C header."""

import numpy as np
import pytest
import torch

from ecglib.compression import compact_keras, tflite_files, tflite_micro
from ecglib.networks import convnet, weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("micro")


@pytest.fixture(scope="module")
def network(folder):
    torch.manual_seed(0)
    network = convnet.build("student")
    network.train()(torch.randn(16, 12, 1000))  # batch norms with different statistics
    weights.save(network, folder / "weights.safetensors")
    return weights.fill(network, folder / "weights.safetensors").eval()


@pytest.fixture(scope="module")
def file(network, records, folder):
    return tflite_files.to_tflite(compact_keras.to_keras(network), folder / "student.tflite", records)


def test_keras_computes_what_torch_does(network, records):
    keras_model = compact_keras.to_keras(network)
    with torch.inference_mode():
        expected = network(torch.from_numpy(records).transpose(1, 2)).numpy()
    np.testing.assert_allclose(keras_model.predict(records[:, None], verbose=0), expected, atol=1e-4)


def test_it_fits_160_kilobytes_of_ram_and_560_of_flash(file):
    found = tflite_micro.footprint(file)
    assert found.file_bytes == file.stat().st_size <= 560_000
    assert found.persistent_bytes < found.arena_bytes <= 160_000


def test_the_arena_is_little_more_than_the_largest_neighboring_activations(file):
    needed = 486 * 150 + 243 * 150  # the second convolution and its pool
    found = tflite_micro.footprint(file)
    assert needed < found.arena_bytes - found.persistent_bytes < 1.1 * needed


def test_no_activation_is_copied_between_layers(file):
    blocks = ("CONV_2D", "MAX_POOL_2D") * 3
    assert tflite_micro.operators(file) == (*blocks, "MEAN", "FULLY_CONNECTED", "LOGISTIC")


def test_its_scores_equal_those_of_litert_within_one_step(file, records):
    np.testing.assert_allclose(
        tflite_micro.predict(file, records), tflite_files.predict(file, records), atol=1.01 / 256
    )
