"""Model files: they compute what the network computes, and their times are comparable."""

import numpy as np
import onnx
import pytest
import torch

from ecglib import export, torch_models


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return torch_models.build("student").eval()


@pytest.fixture(scope="module")
def file(network, tmp_path_factory):
    return export.to_onnx(network, tmp_path_factory.mktemp("onnx") / "student.onnx")


def test_the_onnx_file_computes_what_torch_does(network, file):
    x = torch.randn(3, 12, 1000)
    (score,) = export.session(file).run([export.OUTPUT], {export.INPUT: x.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(score, network(x).numpy(), atol=1e-5)


def test_the_onnx_file_is_one_file_that_holds_its_weights(file):
    assert [path.name for path in file.parent.iterdir()] == ["student.onnx"]
    onnx.checker.check_model(onnx.load(file))
    # 534,005 parameters of 4 bytes, less the batch norms that are folded into convolutions, and the graph
    assert 4 * 530_000 < file.stat().st_size < 4 * 534_005 + 50_000


def test_latency_is_measured_for_each_file(file):
    times = export.latencies({"one": file, "same": file}, repeats=5)
    assert set(times) == {"one", "same"}
    assert all(time > 0 for time in times.values())
