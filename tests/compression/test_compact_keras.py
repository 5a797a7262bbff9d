"""A compact network in Keras computes what it computes in torch, and its .tflite file is always the same."""

import numpy as np
import pytest
import torch

from ecglib.compression import compact_keras, tflite_files
from ecglib.networks.architectures import CompactShape
from ecglib.networks.compact import CompactNet


@pytest.mark.parametrize("block", ["plain", "separable", "residual"])
def test_keras_and_torch_agree(block):
    torch.manual_seed(0)
    network = CompactNet(CompactShape(block=block, widths=(4, 6), depth=2, kernel=7))
    network(torch.randn(8, 12, 1000))  # running means and variances other than 0 and 1
    network.eval()
    x = np.random.default_rng(0).normal(size=(3, 1000, 12)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(x).transpose(1, 2)).numpy()
    np.testing.assert_allclose(compact_keras.to_keras(network).predict(x[:, None], verbose=0), expected, atol=1e-5)


def test_the_same_weights_give_the_same_file(tmp_path):
    network = CompactNet(CompactShape(block="residual", widths=(4,), depth=2, kernel=7)).eval()
    records = np.random.default_rng(0).normal(size=(2, 1000, 12)).astype(np.float32)
    files = [
        tflite_files.to_tflite(compact_keras.to_keras(network), tmp_path / f"{number}.tflite", records)
        for number in range(2)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()
