"""Latency of model files: one record on one thread, ONNX Runtime for .onnx and LiteRT for .tflite."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from ecglib.compression import onnx_files, tflite_files
from ecgpredict.spec import N_SAMPLES


def file_call(path: Path) -> Callable[[], object]:
    """A function without arguments that runs a model file on one record of random numbers, on one thread."""
    random = np.random.default_rng(0)
    if Path(path).suffix == ".onnx":
        session = onnx_files.session(path)
        record = random.standard_normal((1, N_SAMPLES, session.get_inputs()[0].shape[1])).astype(np.float32)
        return partial(session.run, None, {onnx_files.INPUT: np.ascontiguousarray(record.transpose(0, 2, 1))})
    interpreter = tflite_files.interpreter(path)
    leads = interpreter.get_input_details()[0]["shape"][-1]
    tflite_files.set_input(interpreter, random.standard_normal((N_SAMPLES, leads)).astype(np.float32))
    return interpreter.invoke
