"""A compact network in Keras computes what it computes in torch, and its .tflite file is always the same."""

import numpy as np
import pytest
import torch

from ecglib.compression import compact_keras, tflite_files
from ecglib.networks.architectures import CompactShape
from ecglib.networks.compact import CompactNet
from ecglib.networks.convnet import ECGNet
from ecglib.networks.keras_backend import keras


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
