"""ONNX files compute the same as the network, and are self-contained."""

import re
import runpy

import numpy as np
import onnx
import pytest
import torch

from ecglib.compression import onnx_files
from ecglib.networks import convnet


def test_the_onnx_file_computes_what_torch_does(network, float_file, records):
    score = onnx_files.predict(float_file, records[:3])
    with torch.no_grad():
        expected = network(torch.from_numpy(records[:3]).transpose(1, 2)).numpy()
    np.testing.assert_allclose(score, expected, atol=1e-5)


def test_scores_do_not_depend_on_the_batch_size(float_file, records, monkeypatch):
    together = onnx_files.predict(float_file, records)
    monkeypatch.setattr(onnx_files, "_BATCH", 5)
    np.testing.assert_allclose(onnx_files.predict(float_file, records), together, atol=1e-6)


def test_the_onnx_file_contains_its_weights(network, tmp_path):
    file = onnx_files.to_onnx(network, tmp_path / "network.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]
    onnx.checker.check_model(onnx.load(file))
    assert file.stat().st_size > 4 * convnet.counts(network)["params"]  # four bytes each, and the graph


_NETWORK = """
import torch


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(12, 5)

    def forward(self, x):
        return torch.sigmoid(self.linear(x.mean(dim=2)))
"""


def test_the_bytes_of_a_file_do_not_depend_on_the_folder_of_the_code(tmp_path):
    exported = []
    for folder in (tmp_path / "a", tmp_path / "a_much_longer_name_of_a_folder" / "in_another"):
        folder.mkdir(parents=True)
        (folder / "network.py").write_text(_NETWORK)
        torch.manual_seed(0)
        network = runpy.run_path(str(folder / "network.py"))["Network"]()
        exported.append(onnx_files.to_onnx(network, folder / "network.onnx").read_bytes())
    assert exported[0] == exported[1]


@pytest.mark.parametrize("kind", ["float_file", "int8_file"])
def test_a_file_says_nothing_about_the_program_that_wrote_it(kind, request):
    model = onnx.load(request.getfixturevalue(kind))
    assert model.producer_version == "" and not model.metadata_props
    assert not any(part.metadata_props or part.doc_string for part in (model.graph, *model.graph.node))
    assert [operators.domain for operators in model.opset_import] == [""]


def test_no_released_file_contains_a_path(project):
    models = [path for path in (project / "models").rglob("*") if path.suffix in (".onnx", ".tflite", ".safetensors")]
    assert len(models) > 50
    assert [path for path in models if re.search(rb"site-packages|/home/|/tmp/|/usr/", path.read_bytes())] == []
