"""A compact network in Keras computes what it computes in torch."""

import numpy as np
import pytest
import torch

from ecglib.compression import compact_keras
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
    np.testing.assert_allclose(compact_keras.to_keras(network).predict(x, verbose=0), expected, atol=1e-5)
