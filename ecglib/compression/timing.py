"""Latency of model files: one record on one thread, ONNX Runtime for .onnx and LiteRT for .tflite, all in one session.

Input: files by name. Output: the table of :func:`ecglib.evaluation.latency.measure_latencies`, or latency.json, from
which the summary takes its latencies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.compression import onnx_files, tflite_files
from ecglib.evaluation.latency import COLUMNS, measure_latencies
from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS, N_SAMPLES

LATENCIES = "latency.json"


def file_call(path: Path) -> Callable[[], object]:
    """A function without arguments that runs a model file on one record of random numbers, on one thread.

    Raises
    ------
    InputError : neither an .onnx nor a .tflite file
    """
    record = np.random.default_rng(0).standard_normal((1, N_SAMPLES, len(LEADS))).astype(np.float32)
    match Path(path).suffix:
        case ".onnx":
            channels_first = np.ascontiguousarray(record.transpose(0, 2, 1))
            return partial(onnx_files.session(path).run, None, {onnx_files.INPUT: channels_first})
        case ".tflite":
            interpreter = tflite_files.interpreter(path)
            tflite_files.set_input(interpreter, record)
            return interpreter.invoke
    raise InputError(
        "unknown type of model file",
        where=path,
        expected=".onnx or .tflite",
        found=Path(path).suffix or "no suffix",
        hint="export the model",
    )


def time_files(
    paths: Mapping[str, Path], n_timing_runs: int, *, reference: str | Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Time model files in one session, see :func:`ecglib.evaluation.latency.measure_latencies`.

    Parameters
    ----------
    paths : {name: .onnx or .tflite file}
    n_timing_runs : number of rounds
    reference : name of the float32 file of all of them, or {name: name of its float32 file}
    """
    return measure_latencies(
        {name: file_call(path) for name, path in paths.items()}, n_timing_runs, reference=reference
    )


def write_latencies(
    folder: Path, paths: Mapping[str, Path], reference: Mapping[str, str], n_timing_runs: int
) -> pd.DataFrame:
    """Time the files of all models in one session and write ``latency.json`` into a results folder.

    Do not include files for microcontrollers: latencies on a PC say nothing about a microcontroller.

    Parameters
    ----------
    folder : results/<profile>
    paths : {model: file}; other names, such as float32 files without a model of their own, serve as references
    reference : {model: name of its float32 file}

    Returns
    -------
    the table of :func:`time_files`
    """
    table = time_files(paths, n_timing_runs, reference=reference)
    rows = {name: {key: _or_none(row[key]) for key in COLUMNS} for name, row in table.iterrows()}
    content = {"n_timing_runs": n_timing_runs, "models": rows}
    files.write_text(Path(folder) / LATENCIES, json.dumps(content, indent=1) + "\n")
    return table


def read_latencies(folder: Path) -> pd.DataFrame:
    """Read the table that :func:`write_latencies` wrote.

    Raises
    ------
    InputError : no latency.json in the folder
    """
    path = Path(folder) / LATENCIES
    if not path.is_file():
        raise InputError(
            "no latencies",
            where=path,
            expected="a file written by write_latencies",
            found="no such file",
            hint="run the chapter that times the models",
        )
    rows = json.loads(path.read_text(encoding="utf-8"))["models"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).astype(float).rename_axis("name")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
