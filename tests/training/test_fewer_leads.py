"""A student that sees fewer leads than its teachers."""

import numpy as np
import pytest
from pydantic import ValidationError

from ecglib.compression import compact_keras, onnx_files, quantization, tflite_files
from ecglib.networks import build
from ecglib.networks.architectures import CompactShape
from ecglib.training.batches import BatchedRecords
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import Normalization

torch = pytest.importorskip("torch")
SHAPE = CompactShape(block="plain", widths=(4, 6), kernel=5)


def test_records_of_two_leads_are_those_columns(sample):
    part = sample.with_leads(("V5", "I"))
    expected = sample.millivolts(slice(0, 3))[:, :, [10, 0]]
    np.testing.assert_array_equal(part.millivolts(slice(0, 3)), expected)
    x, _ = BatchedRecords(part, Normalization(0.0, 1.0), torch.device("cpu"))[slice(0, 3)]
    np.testing.assert_allclose(x.numpy(), expected, rtol=1e-6)


def test_its_files_take_two_leads_and_agree_with_the_network(tmp_path):
    network = build.build("compact", shape=SHAPE, leads=2).eval()
    x = np.random.default_rng(0).standard_normal((8, 1000, 2)).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(x).transpose(1, 2)).numpy()
    path = onnx_files.to_onnx(network, tmp_path / "two.onnx")
    np.testing.assert_allclose(onnx_files.predict(path, x), expected, atol=1e-5)
    int8 = quantization.quantize(path, tmp_path / "two_int8.onnx", x, quantization.Quantization())
    np.testing.assert_allclose(onnx_files.predict(int8, x), expected, atol=0.02)
    tflite = tflite_files.to_tflite(compact_keras.to_keras(network), tmp_path / "two.tflite", x)
    np.testing.assert_allclose(tflite_files.predict(tflite, x), expected, atol=0.02)


@pytest.mark.parametrize(
    "settings", [{"network": "student"}, {"network": "compact", "shape": SHAPE, "lead_dropout": 0.1}]
)
def test_only_compact_networks_without_dropped_groups_see_fewer_leads(settings):
    with pytest.raises(ValidationError):
        TrainingSettings(epochs=1, leads=("I", "II"), **settings)
