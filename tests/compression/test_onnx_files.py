"""ONNX files compute what the network computes, and hold all that they need."""

import numpy as np
import onnx
import torch

from ecglib.compression import onnx_files
from ecglib.networks import convnet


def test_the_onnx_file_computes_what_torch_does(network, float_file, records):
    score = onnx_files.predict(float_file, records[:3])
    with torch.no_grad():
        expected = network(torch.from_numpy(records[:3]).transpose(1, 2)).numpy()
    np.testing.assert_allclose(score, expected, atol=1e-5)


def test_records_are_scored_alike_in_batches_and_one_by_one(float_file, records, monkeypatch):
    together = onnx_files.predict(float_file, records)
    monkeypatch.setattr(onnx_files, "_BATCH", 5)
    np.testing.assert_allclose(onnx_files.predict(float_file, records), together, atol=1e-6)


def test_the_onnx_file_is_one_file_that_holds_its_weights(network, tmp_path):
    file = onnx_files.to_onnx(network, tmp_path / "network.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]
    onnx.checker.check_model(onnx.load(file))
    assert file.stat().st_size > 4 * convnet.counts(network)["params"]  # four bytes each, and the graph
