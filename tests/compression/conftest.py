"""Small networks and their files, which differ from the study's networks in size only."""

import numpy as np
import pytest
import torch

from ecglib.compression import onnx_files, quantization
from ecglib.networks.convnet import ECGNet

CHANNELS = (4, 8, 8)


@pytest.fixture(scope="session")
def network() -> ECGNet:
    """Three blocks of 4, 8 and 8 channels with different statistics and scales."""
    torch.manual_seed(0)
    network = ECGNet(CHANNELS)
    network.train()(torch.randn(16, 12, 1000))
    with torch.no_grad():
        for values in network.parameters():
            values.mul_(torch.rand_like(values) + 0.5)
    return network.eval()


@pytest.fixture(scope="session")
def records() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((16, 1000, 12)).astype(np.float32)


@pytest.fixture(scope="session")
def onnx_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("onnx")


@pytest.fixture(scope="session")
def float_file(network, onnx_folder):
    return onnx_files.to_onnx(network, onnx_folder / "float32.onnx")


@pytest.fixture(scope="session")
def int8_file(float_file, onnx_folder, records):
    return quantization.quantize(float_file, onnx_folder / "int8.onnx", records)
