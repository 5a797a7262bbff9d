"""Latency of model files: one record on one thread, ONNX Runtime for .onnx and LiteRT for .tflite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.compression import onnx_files, tflite_files
from ecglib.evaluation.latency import measure_latencies
from ecgpredict.spec import LEADS, N_SAMPLES


def file_call(path: Path) -> Callable[[], object]:
    """A function without arguments that runs a model file on one record of random numbers, on one thread."""
    record = np.random.default_rng(0).standard_normal((1, N_SAMPLES, len(LEADS))).astype(np.float32)
    if Path(path).suffix == ".onnx":
        channels_first = np.ascontiguousarray(record.transpose(0, 2, 1))
        return partial(onnx_files.session(path).run, None, {onnx_files.INPUT: channels_first})
    interpreter = tflite_files.interpreter(path)
    tflite_files.set_input(interpreter, record)
    return interpreter.invoke


def time_files(
    paths: Mapping[str, Path], n_timing_runs: int, *, reference: str | Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Time {name: .onnx or .tflite file} side by side, as :func:`ecglib.evaluation.latency.measure_latencies` calls."""
    return measure_latencies(
        {name: file_call(path) for name, path in paths.items()}, n_timing_runs, reference=reference
    )
