"""Quantization: integer convolutions, scores close to float, smaller files, and options that take effect."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from ecglib.compression import onnx_files, quantization
from ecglib.compression.quantization import Quantization


def _weights(path) -> list[TensorProto]:
    """Matrices and kernels of a file, without biases and scales."""
    return [tensor for tensor in onnx.load(path).graph.initializer if len(tensor.dims) > 1]


def test_static_quantization_computes_convolutions_in_integers(int8_file, float_file):
    assert quantization.count_convolutions(int8_file) == {"QLinearConv": 3}
    assert not set(quantization.count_convolutions(float_file)) & {"QLinearConv", "ConvInteger"}


def test_dynamic_quantization_has_other_integer_convolutions(float_file, onnx_folder):
    dynamic = quantization.quantize(float_file, onnx_folder / "dynamic.onnx", None, Quantization("dynamic"))
    assert quantization.count_convolutions(dynamic) == {"ConvInteger": 3}


def test_quantized_scores_are_close_to_float_scores(int8_file, float_file, records):
    difference = np.abs(onnx_files.predict(int8_file, records) - onnx_files.predict(float_file, records))
    assert 0 < difference.mean() < 0.01


def test_weights_of_the_int8_file_take_one_byte(int8_file, float_file):
    whole, integer = _weights(float_file), _weights(int8_file)
    assert sorted(list(one.dims) for one in integer) == sorted(list(one.dims) for one in whole)
    assert {one.data_type for one in integer} == {TensorProto.INT8}


def test_sums_of_two_products_fit_in_16_bits(int8_file):
    # what x86 without VNNI adds before it widens: activations of up to 255, weights of up to 64
    largest = max(np.abs(numpy_helper.to_array(one).astype(int)).max() for one in _weights(int8_file))
    assert 2 * 255 * largest <= np.iinfo(np.int16).max


def test_predictions_do_not_depend_on_the_integer_kernels(int8_file, records):
    exact = onnx_files.predict(int8_file, records, integer_kernels=False)
    np.testing.assert_allclose(onnx_files.predict(int8_file, records), exact, atol=1.5 / 255)  # ties round either way


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
@pytest.mark.parametrize("per_channel", [True, False])
def test_every_combination_of_options_runs(float_file, onnx_folder, records, method, per_channel, capfd):
    options = Quantization(calibration_method=method, per_channel=per_channel)
    path = quantization.quantize(float_file, onnx_folder / f"{method}_{per_channel}.onnx", records[:4], options)
    assert onnx_files.predict(path, records).shape == (16, 5)
    assert capfd.readouterr() == ("", "")


def test_layers_of_keep_float_stay_float(float_file, onnx_folder, records):
    options = Quantization(keep_float=("conv1", "sigmoid"))
    path = quantization.quantize(float_file, onnx_folder / "kept.onnx", records, options)
    kinds = quantization.count_convolutions(path)
    assert kinds["QLinearConv"] == 2
    assert kinds.total() == 3


def test_batch_norms_that_are_not_folded_stay_in_the_file(network, onnx_folder, records):
    source = onnx_files.to_onnx(network, onnx_folder / "unfolded.onnx", fold=False)
    for fold, count in ((True, 0), (False, 3)):
        options = Quantization(fold_batch_norm=fold)
        path = quantization.quantize(source, onnx_folder / f"fold_{fold}.onnx", records, options)
        nodes = onnx.load(path).graph.node
        assert sum(node.op_type == "BatchNormalization" for node in nodes) == count


def test_float16_weights_give_nearly_the_same_scores(float_file, onnx_folder, records):
    path = quantization.to_float16(float_file, onnx_folder / "float16.onnx")
    assert {one.data_type for one in _weights(path)} == {TensorProto.FLOAT16}
    np.testing.assert_allclose(onnx_files.predict(path, records), onnx_files.predict(float_file, records), atol=1e-2)
