"""Quantization: integer convolutions, scores close to float, files of a quarter, and the gate that says so."""

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from ecglib import export, quantization, torch_models
from ecglib.errors import InputError
from ecglib.quantization import Quantization


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = torch_models.build("student")
    network.train()(torch.randn(16, 12, 1000))  # batch norms with statistics of their own
    return network.eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("onnx")


@pytest.fixture(scope="module")
def file(network, folder):
    return export.to_onnx(network, folder / "float32.onnx")


@pytest.fixture(scope="module")
def records() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((16, 1000, 12)).astype(np.float32)


@pytest.fixture(scope="module")
def static(file, folder, records):
    return quantization.quantize(file, folder / "int8.onnx", records)


def test_static_quantization_computes_convolutions_in_integers(static, file):
    assert quantization.convolutions(static) == {"QLinearConv": 3}
    assert not set(quantization.convolutions(file)) & {"QLinearConv", "ConvInteger"}


def test_dynamic_quantization_has_other_integer_convolutions(file, folder):
    dynamic = quantization.quantize(file, folder / "dynamic.onnx", None, Quantization("dynamic"))
    assert quantization.convolutions(dynamic) == {"ConvInteger": 3}


def test_quantized_scores_are_close_to_float_scores(static, file, records):
    difference = np.abs(export.predict(static, records) - export.predict(file, records))
    assert 0 < difference.mean() < 0.01


def test_the_int8_file_is_about_a_quarter(static, file):
    assert static.stat().st_size <= 0.28 * file.stat().st_size


@pytest.mark.parametrize("ranges", quantization.RANGES)
@pytest.mark.parametrize("per_channel", [True, False])
def test_every_choice_gives_a_file_that_runs(file, folder, records, ranges, per_channel, capfd):
    how = Quantization(ranges=ranges, per_channel=per_channel)
    path = quantization.quantize(file, folder / f"{ranges}_{per_channel}.onnx", records[:4], how)
    assert export.predict(path, records).shape == (16, 5)
    assert capfd.readouterr() == ("", "")


def test_layers_that_are_kept_stay_float(file, folder, records):
    how = Quantization(keep_float=("conv1", "sigmoid"))
    path = quantization.quantize(file, folder / "kept.onnx", records, how)
    kinds = quantization.convolutions(path)
    assert kinds["QLinearConv"] == 2
    assert kinds.total() == 3


def test_batch_norms_that_are_not_folded_stay_in_the_file(network, folder, records):
    source = export.to_onnx(network, folder / "unfolded.onnx", fold=False)
    for fold, count in ((True, 0), (False, 3)):
        path = quantization.quantize(source, folder / f"fold_{fold}.onnx", records, Quantization(fold=fold))
        nodes = onnx.load(path).graph.node
        assert sum(node.op_type == "BatchNormalization" for node in nodes) == count


def test_float16_is_half_the_bytes_and_nearly_the_same_scores(file, folder, records):
    path = quantization.to_float16(file, folder / "float16.onnx")
    assert path.stat().st_size == pytest.approx(0.5 * file.stat().st_size, rel=0.05)
    np.testing.assert_allclose(export.predict(path, records), export.predict(file, records), atol=1e-2)


def test_the_gate_passes_what_keeps_within_its_limits(static, file, records):
    score, reference = export.predict(static, records), export.predict(file, records)
    truth = reference > np.median(reference, axis=0)
    checked = quantization.gate(static, file, score, reference, truth, {static: 1.0, file: 3.0})
    assert checked.integer_convolutions == "3 of 3"
    assert checked.speed == 3
    assert checked.bytes_share == static.stat().st_size / file.stat().st_size
    assert checked.passed == {
        "integer convolutions": True, "AUC": -checked.auc_change <= 0.001, "bytes": True, "speed": True
    }  # fmt: skip


def test_the_gate_shows_what_fails(file, records):
    score = export.predict(file, records)
    truth = score > np.median(score, axis=0)
    checked = quantization.gate(file, file, 1 - score, score, truth, {file: 2.0})
    assert checked.auc_change == -1
    assert checked.passed == {"integer convolutions": False, "AUC": False, "bytes": False, "speed": False}


@pytest.mark.parametrize(
    ("calibration", "what"),
    [
        (None, "no calibration records"),
        (np.zeros((0, 1000, 12), np.float32), "records of another shape"),
        (np.zeros((2, 12, 1000), np.float32), "records of another shape"),
        (np.full((2, 1000, 12), np.nan, np.float32), "values that are no numbers"),
    ],
)
def test_calibration_records_that_do_not_fit_are_named(file, folder, calibration, what):
    with pytest.raises(InputError, match=what):
        quantization.quantize(file, folder / "never.onnx", calibration)
    assert not (folder / "never.onnx").exists()


@pytest.mark.parametrize(
    ("how", "what"),
    [
        (Quantization(keep_float=("conv9",)), "unknown layer"),
        (Quantization("weights"), "unknown choice"),
        (Quantization(ranges="best"), "unknown choice"),
    ],
)
def test_choices_that_do_not_exist_are_named(file, folder, records, how, what):
    with pytest.raises(InputError, match=what):
        quantization.quantize(file, folder / "never.onnx", records, how)


def test_a_file_that_is_quantized_already_is_named(static, folder, records):
    with pytest.raises(InputError, match="already quantized"):
        quantization.quantize(static, folder / "never.onnx", records)


def test_a_file_with_other_inputs_is_named(folder, records):
    given, taken = (helper.make_tensor_value_info(name, TensorProto.FLOAT, (2, 3)) for name in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "other", [given], [taken])
    path = folder / "other.onnx"
    onnx.save(helper.make_model(graph), path)
    with pytest.raises(InputError, match="other inputs"):
        quantization.quantize(path, folder / "never.onnx", records)


def test_what_is_no_onnx_file_is_named(folder, records):
    (folder / "text.onnx").write_text("not a model")
    with pytest.raises(InputError, match="no ONNX file"):
        quantization.quantize(folder / "text.onnx", folder / "never.onnx", records)
