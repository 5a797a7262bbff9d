"""Keras networks as .tflite files, float32 or int8 throughout; they run in LiteRT without Keras and TensorFlow."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecglib.quiet import silence
from ecgpredict import files

if TYPE_CHECKING:
    from ecglib.networks.keras_backend import keras


def to_tflite(model: keras.Model, path: Path, representative: np.ndarray | None = None) -> Path:
    """Write a model as a .tflite file of one record: float32, or int8 throughout if representative records are given.

    Parameters
    ----------
    model : trained, on the TensorFlow backend
    path : the file to write
    representative : float32 (n, 1000, leads) normalized records of folds 1-8, which determine the ranges of the
        activations; None for a float32 file
    """
    from ecglib.networks.keras_backend import keras  # before TensorFlow, to silence its log

    import tensorflow as tf  # isort: skip

    shape = (1, *model.input_shape[1:])  # one record: for any number the file would have to compute with shapes
    single = keras.models.clone_model(model, input_tensors=keras.layers.Input(batch_shape=shape, name="ecg"))
    single.set_weights(model.get_weights())
    converter = tf.lite.TFLiteConverter.from_keras_model(single)
    converter.exclude_conversion_metadata = True  # TensorFlow's version and the options of the conversion
    if representative is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([with_axes(record, shape)] for record in representative)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with silence(), warnings.catch_warnings(action="ignore"):
        content = converter.convert()
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return Path(path)


def interpreter(path: Path, threads: int = 1, *, reference: bool = False):
    """A LiteRT interpreter with its tensors allocated; `reference` kernels compute the same on every processor."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
    with silence():
        ready = Interpreter(str(path), num_threads=threads, experimental_op_resolver_type=kernels)
        ready.allocate_tensors()
    return ready


def predict(path: Path, x: np.ndarray, *, reference: bool = False) -> np.ndarray:
    """Probabilities float32 (n, outputs) of normalized records (n, 1000, leads), see :func:`interpreter`."""
    ready = interpreter(path, reference=reference)
    sink = ready.get_output_details()[0]
    score = np.empty((len(x), sink["shape"][1]), np.float32)
    for row, record in enumerate(x):
        set_input(ready, record)
        ready.invoke()
        score[row] = _dequantized(ready.get_tensor(sink["index"])[0], sink)
    return score


def tensor_types(path: Path) -> Counter:
    """Number of tensors of each type in a file, which shows whether it is a full-integer one."""
    return Counter(np.dtype(detail["dtype"]).name for detail in interpreter(path).get_tensor_details())


def set_input(interpreter, record: np.ndarray) -> None:
    """Set an interpreter's input to a normalized record (1000, leads), quantized if the input is int8."""
    source = interpreter.get_input_details()[0]
    interpreter.set_tensor(source["index"], _quantized(with_axes(record, source["shape"]), source))


def with_axes(record: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """A record (1000, leads) with as many axes as a file's input, (1, 1000, leads) or (1, 1, 1000, leads)."""
    return np.expand_dims(record, tuple(range(len(shape) - record.ndim)))


def quantized(values: np.ndarray, scale: float, zero: int) -> np.ndarray:
    """Quantize real numbers to int8."""
    return np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)


def _quantized(values: np.ndarray, detail: dict) -> np.ndarray:
    return values.astype(np.float32) if detail["dtype"] == np.float32 else quantized(values, *detail["quantization"])


def _dequantized(values: np.ndarray, detail: dict) -> np.ndarray:
    if detail["dtype"] == np.float32:
        return values
    scale, zero = detail["quantization"]
    return (values.astype(np.float32) - zero) * np.float32(scale)
