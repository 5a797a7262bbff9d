"""A compact network in Keras computes what it computes in torch, and its .tflite file is always the same."""

import numpy as np
import pytest
import torch

from ecglib.compression import compact_keras, tflite_files, tflite_micro
from ecglib.networks.architectures import CompactShape
from ecglib.networks.compact import CompactNet
from ecglib.networks.convnet import ECGNet
from ecglib.networks.keras_backend import keras
from ecgpredict.firmware import graph


@pytest.mark.parametrize(
    ("block", "padding"),
    [("plain", True), ("plain", False), ("separable", True), ("separable", False), ("residual", True)],
)
def test_keras_and_torch_agree(block, padding):
    torch.manual_seed(0)
    network = CompactNet(CompactShape(block=block, widths=(4, 6), depth=2, kernel=7), padding=padding)
    network(torch.randn(8, 12, 1000))  # running means and variances other than 0 and 1
    network.eval()
    x = np.random.default_rng(0).normal(size=(3, 1000, 12)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(x).transpose(1, 2)).numpy()
    np.testing.assert_allclose(compact_keras.to_keras(network).predict(x[:, None], verbose=0), expected, atol=1e-5)


@pytest.mark.parametrize(
    "network", [CompactNet(CompactShape(block="residual", widths=(4,), depth=2, kernel=7)), ECGNet((4, 6))]
)
def test_the_bytes_of_a_file_depend_on_the_network_alone(network, tmp_path):
    records = np.random.default_rng(0).normal(size=(2, 1000, 12)).astype(np.float32)
    contents = []
    for folder in (tmp_path, tmp_path / "another_folder"):
        folder.mkdir(exist_ok=True)
        keras_model = compact_keras.to_keras(network.eval())
        contents.append(tflite_files.to_tflite(keras_model, folder / "model.tflite", records).read_bytes())
        keras.layers.ReLU()  # Keras numbers the layers that have no name
    assert contents[0] == contents[1]
    assert b"CONVERSION_METADATA" not in contents[0]  # TensorFlow's version, and the options of the conversion


@pytest.mark.parametrize("padding", [True, False])
def test_a_file_of_a_plain_network_has_five_kinds_of_operators_and_one_recording(padding, tmp_path):
    """No operator computes with shapes, so that interpreters need no memory for it and firmware can be written."""
    records = np.random.default_rng(0).normal(size=(2, 1000, 12)).astype(np.float32)
    network = CompactNet(CompactShape(block="plain", widths=(4, 6), depth=1, kernel=7), padding=padding).eval()
    path = tflite_files.to_tflite(compact_keras.to_keras(network), tmp_path / "model.tflite", records)
    convolutions = ("CONV_2D", "MAX_POOL_2D", "CONV_2D", "MAX_POOL_2D", "CONV_2D")
    assert tflite_micro.operators(path) == (*convolutions, "MEAN", "FULLY_CONNECTED", "LOGISTIC")
    assert tflite_files.interpreter(path).get_input_details()[0]["shape"].tolist() == [1, 1, 1000, 12]
    blocks = graph.read(path).blocks
    assert [block.before for block in blocks] == ([0, 3, 3] if padding else [0, 0, 0])
