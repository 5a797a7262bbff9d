"""Post-training quantization of ONNX files, and the gate that every compressed model passes or fails.

In come a float32 file of :mod:`ecglib.export` and records of folds 1-8 that set the ranges of the
activations; out comes a file whose convolutions are integer ones (Jacob et al. 2018), which is looked up in the graph
that ONNX Runtime executes and not taken for granted.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from ecglib import export, files
from ecglib.errors import InputError
from ecglib.evaluation import macro_auc
from ecglib.ptbxl import LEADS
from ecglib.signals import SAMPLES, check_records

KINDS = ("static", "dynamic")
RANGES = ("minmax", "entropy", "percentile")
_STEP = 1 / 255  # of a probability in 8 bits
_INTEGER = ("QLinearConv", "ConvInteger")


@dataclass(frozen=True)
class Quantization:
    """How a file is quantized to 8 bits.

    Attributes
    ----------
    kind : "static" (ranges of activations fixed from calibration records) or "dynamic" (taken anew in each run)
    per_channel : one scale for each output channel of a weight, or one for the whole weight
    ranges : how calibration chooses a range: "minmax", "entropy" (least Kullback-Leibler divergence) or "percentile"
    keep_float : layers that stay float32, by the names of :func:`layers`
    fold : compute batch normalisation into the convolution before it, where the file has not done so
    """

    kind: str = "static"
    per_channel: bool = True
    ranges: str = "minmax"
    keep_float: tuple[str, ...] = ()
    fold: bool = True


def quantize(source: Path, target: Path, calibration: np.ndarray | None, how: Quantization = Quantization()) -> Path:
    """Write a quantized copy of a float32 file, whole or not at all.

    Parameters
    ----------
    source : a file of :func:`ecglib.export.to_onnx`
    calibration : float32 (n, 1000, 12), normalised records of folds 1-8; None for dynamic quantization

    Raises
    ------
    InputError : no calibration record, one of another shape or with missing values; an unknown choice or layer; a
        source that is quantized already, takes other inputs, or is no ONNX file
    """
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    model = _checked(source)
    for name, value, known in (("kind", how.kind, KINDS), ("ranges", how.ranges, RANGES)):
        if value not in known:
            raise InputError(
                "unknown choice", where=f"quantization, {name}", expected=", ".join(known), found=value,
                mend="give one of the expected choices",
            )  # fmt: skip
    known = layers(model)
    if unknown := [name for name in how.keep_float if name not in known]:
        raise InputError(
            "unknown layer", where="quantization, keep_float", expected=", ".join(known), found=unknown[0],
            mend="give one of the expected layers",
        )  # fmt: skip
    methods = {
        "minmax": CalibrationMethod.MinMax, "entropy": CalibrationMethod.Entropy,
        "percentile": CalibrationMethod.Percentile,
    }  # fmt: skip
    if how.kind == "static" and calibration is None:
        raise InputError(
            "no calibration records", where="quantization", expected="normalised records of folds 1-8", found="none",
            mend="give some, or choose dynamic quantization",
        )  # fmt: skip
    logging.getLogger().addFilter(_no_advice)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            files.replacing(target) as temporary,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            prepared = Path(folder) / "prepared.onnx"
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True, skip_optimization=not how.fold)
            model = onnx.load(prepared)
            names = layers(model)
            left_out = [names[name] for name in how.keep_float]
            left_out += [node.name for node in model.graph.node if node.op_type == "BatchNormalization"]
            common = {"per_channel": how.per_channel, "weight_type": QuantType.QInt8, "nodes_to_exclude": left_out}
            if how.kind == "dynamic":
                del model.graph.value_info[:]  # it transposes weights and would meet their old shapes
                quantize_dynamic(model, temporary, **common)
            else:
                check_records(calibration, "the calibration records")
                quantize_static(
                    prepared, temporary, _Reader(calibration), quant_format=QuantFormat.QDQ,
                    activation_type=QuantType.QUInt8, calibrate_method=methods[how.ranges], **common,
                )  # fmt: skip
    finally:
        logging.getLogger().removeFilter(_no_advice)
    return Path(target)


def to_float16(source: Path, target: Path) -> Path:
    """Write a copy whose weights and activations are float16; inputs and outputs stay float32."""
    from onnxruntime.transformers.float16 import convert_float_to_float16

    model = convert_float_to_float16(_checked(source), keep_io_types=True)
    with files.replacing(target) as temporary:
        onnx.save(model, temporary)
    return Path(target)


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


def convolutions(path: Path) -> Counter:
    """How many convolutions of each kind ONNX Runtime executes for a file, looked up in its optimised graph.

    Returns
    -------
    Counter of operators: "QLinearConv" and "ConvInteger" compute in integers, "Conv", "FusedConv" and the like in float
    """
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(Path(folder) / "optimised.onnx")
        # the level above rewrites memory layouts for this very processor; which operators compute does not change
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.log_severity_level = 3
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        nodes = onnx.load(options.optimized_model_filepath).graph.node
    return Counter(node.op_type for node in nodes if "Conv" in node.op_type)


@dataclass(frozen=True)
class Limits:
    """What a compressed model may lose and must gain against its float32 file."""

    auc_loss: float = 0.001
    bytes_share: float = 0.28
    speed: float = 2.5


@dataclass(frozen=True)
class Checked:
    """A compressed model's figures against its float32 file, each with whether it keeps within the limits.

    Attributes
    ----------
    integer_convolutions : e.g. "4 of 4"
    auc_change : macro AUC less that of float32
    score_change : mean absolute difference of a probability
    clipped : share of float32's probabilities that lie more than a step of 8 bits beyond all that the file gives
    bytes_share : file bytes over float32 file bytes
    speed : float32 latency over latency
    passed : {check: bool}
    """

    integer_convolutions: str
    auc_change: float
    score_change: float
    clipped: float
    bytes_share: float
    speed: float
    passed: Mapping[str, bool]


def gate(
    path: Path, reference: Path, score: np.ndarray, reference_score: np.ndarray, truth: np.ndarray,
    latency: Mapping[Path, float], limits: Limits = Limits(),
) -> Checked:  # fmt: skip
    """Hold a compressed file to its float32 file.

    Parameters
    ----------
    path, reference : the compressed file and the float32 one
    score, reference_score : their probabilities (n, 5) of the same records
    truth : bool (n, 5)
    latency : ms of both files, measured in the same run
    """
    kinds = convolutions(path)
    integer = sum(kinds[kind] for kind in _INTEGER)
    auc_change = macro_auc(truth, score) - macro_auc(truth, reference_score)
    bytes_share = path.stat().st_size / reference.stat().st_size
    speed = latency[reference] / latency[path]
    low, high = score.min(axis=0) - _STEP, score.max(axis=0) + _STEP
    clipped = (reference_score < low) | (reference_score > high)
    score_change = float(np.abs(score - reference_score).mean())
    return Checked(
        f"{integer} of {kinds.total()}", auc_change, score_change, float(clipped.mean()), bytes_share, speed,
        {
            "integer convolutions": integer == kinds.total() > 0, "AUC": -auc_change <= limits.auc_loss,
            "bytes": bytes_share <= limits.bytes_share, "speed": speed >= limits.speed,
        },
    )  # fmt: skip


class _Reader:
    """Hands the calibration records to ONNX Runtime, one at a time."""

    def __init__(self, records: np.ndarray):
        self.records = iter(records)

    def get_next(self) -> dict | None:
        record = next(self.records, None)
        return None if record is None else {export.INPUT: np.ascontiguousarray(record.T[None], np.float32)}


def _checked(source: Path) -> onnx.ModelProto:
    """The model of a float32 file with the networks' input."""
    try:
        model = onnx.load(source)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf, ValidationError and OSError have no common base
        raise InputError(
            "no ONNX file", where=source, expected="a float32 file of ecglib.export", found=str(error).split("\n")[0],
            mend="export the network again",
        ) from error  # fmt: skip
    if any(
        "Quant" in node.op_type or "QLinear" in node.op_type or "Integer" in node.op_type for node in model.graph.node
    ):
        raise InputError(
            "already quantized", where=source, expected="a float32 file", found="integer operators",
            mend="give the file that it was made from",
        )  # fmt: skip
    shapes = {
        given.name: [dim.dim_value or None for dim in given.type.tensor_type.shape.dim] for given in model.graph.input
    }
    if shapes != {export.INPUT: [None, len(LEADS), SAMPLES]}:
        raise InputError(
            "an ONNX file with other inputs", where=source,
            expected=f"{export.INPUT}: (records, {len(LEADS)}, {SAMPLES})", found=shapes,
            mend="export the network with ecglib.export.to_onnx",
        )  # fmt: skip
    return model


def _no_advice(record: logging.LogRecord) -> bool:
    return "pre-processing" not in record.getMessage()
