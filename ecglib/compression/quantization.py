"""Post-training quantization of ONNX files: convolutions that compute in integers (Jacob et al. 2018).

Whether they do is looked up in the graph that ONNX Runtime executes.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from ecglib.compression import onnx_files
from ecgpredict.runtime import onnxruntime

INTEGER_CONVOLUTIONS = ("QLinearConv", "ConvInteger")  # operators of ONNX Runtime


@dataclass(frozen=True)
class Quantization:
    """How a file is quantized to 8 bits.

    Attributes
    ----------
    kind : "static" (ranges of activations fixed from representative records) or "dynamic" (determined in each run)
    per_channel : one scale for each output channel of a weight, or one for the whole weight
    calibration_method : how a range is chosen from the values observed: "minmax", "entropy" (smallest Kullback-Leibler
        divergence) or "percentile"
    keep_float : layers that stay float32, by the names of :func:`layers`
    fold_batch_norm : fold batch normalization into the convolution before it, if the file has not done so
    reduce_range : weights from -64 to 64, which takes 7 bits. Processors without 8-bit dot products (x86 without VNNI)
        add two products of an activation and a weight in 16 bits, and 8-bit weights can overflow there: the same file
        would then predict something else on each kind of processor
    """

    kind: str = "static"
    per_channel: bool = True
    calibration_method: str = "minmax"
    keep_float: tuple[str, ...] = ()
    fold_batch_norm: bool = True
    reduce_range: bool = True


def quantize(
    source: Path, target: Path, representative: np.ndarray | None, options: Quantization = Quantization()
) -> Path:
    """Write a quantized copy of a float32 file, atomically.

    Parameters
    ----------
    source : a file of :func:`ecglib.compression.onnx_files.to_onnx`
    representative : float32 (n, 1000, 12), normalized records of folds 1-8; None for dynamic quantization
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    methods = {
        "minmax": CalibrationMethod.MinMax,
        "entropy": CalibrationMethod.Entropy,
        "percentile": CalibrationMethod.Percentile,
    }
    logging.getLogger().addFilter(_drop_preprocessing_hint)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            prepared, quantized = Path(folder) / "prepared.onnx", Path(folder) / "quantized.onnx"
            quant_pre_process(
                str(source), str(prepared), skip_symbolic_shape=True, skip_optimization=not options.fold_batch_norm
            )
            model = onnx.load(prepared)
            names = layers(model)
            left_out = [names[name] for name in options.keep_float]
            left_out += [node.name for node in model.graph.node if node.op_type == "BatchNormalization"]
            common = {
                "per_channel": options.per_channel,
                "weight_type": QuantType.QInt8,
                "nodes_to_exclude": left_out,
                "reduce_range": options.reduce_range,
            }
            if options.kind == "dynamic":
                del model.graph.value_info[:]  # it transposes weights and would meet their old shapes
                quantize_dynamic(model, quantized, **common)
            else:
                quantize_static(
                    prepared,
                    quantized,
                    _CalibrationReader(representative),
                    quant_format=QuantFormat.QDQ,
                    activation_type=QuantType.QUInt8,
                    calibrate_method=methods[options.calibration_method],
                    **common,
                )
            return onnx_files.write(onnx.load(quantized), target)
    finally:
        logging.getLogger().removeFilter(_drop_preprocessing_hint)


def to_float16(source: Path, target: Path) -> Path:
    """Write a copy whose weights and activations are float16; inputs and outputs stay float32."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    return onnx_files.write(convert_float_to_float16(onnx.load(source), keep_io_types=True), target)


def layers(model: onnx.ModelProto) -> dict[str, str]:
    """The layers of a file: conv1, conv2, …, linear, sigmoid -> the name of the node."""
    found, count = {}, 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            count += 1
            found[f"conv{count}"] = node.name
        elif node.op_type in ("Gemm", "MatMul"):
            found["linear"] = node.name
        elif node.op_type == "Sigmoid":
            found["sigmoid"] = node.name
    return found


def count_convolutions(path: Path) -> Counter:
    """How many convolutions of each kind ONNX Runtime executes for a file, from its optimized graph.

    Returns
    -------
    Counter of operators: "QLinearConv" and "ConvInteger" compute in integers, "Conv", "FusedConv" and the like in float
    """
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
        # the level above rewrites memory layouts for this very processor; which operators compute does not change
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.log_severity_level = 3
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        nodes = onnx.load(options.optimized_model_filepath).graph.node
    return Counter(node.op_type for node in nodes if "Conv" in node.op_type)


class _CalibrationReader:
    """Gives ONNX Runtime the representative records, one at a time."""

    def __init__(self, records: np.ndarray):
        self.records = iter(records)

    def get_next(self) -> dict | None:
        record = next(self.records, None)
        return None if record is None else {onnx_files.INPUT: np.ascontiguousarray(record.T[None], np.float32)}


def _drop_preprocessing_hint(record: logging.LogRecord) -> bool:
    return "pre-processing" not in record.getMessage()
