"""What tflite-micro, the interpreter for microcontrollers, needs for a .tflite file, and what it computes."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib.compression import tflite_files
from ecgpredict.spec import CLASSES

_ARENA_BYTES = 4 * 2**20  # offered to the interpreter; it reports how much it uses


@dataclass(frozen=True)
class Footprint:
    """The memory that a .tflite file needs on a microcontroller, and its operators in order of execution."""

    file_bytes: int  # flash for the model
    arena_bytes: int  # RAM for everything that the interpreter allocates
    persistent_bytes: int  # the part of the arena that describes tensors and operators
    operators: tuple[str, ...]


def footprint(path: Path) -> Footprint:
    """What tflite-micro's own interpreter allocates for a full-integer .tflite file."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_file(str(path), arena_size=_ARENA_BYTES)
    interpreter.set_input(np.zeros(interpreter.get_input_details(0)["shape"], np.int8), 0)
    interpreter.invoke()
    printed = _capture(interpreter.print_allocations)
    sizes = {part: int(size) for part, size in re.findall(r"Arena allocation (\w+) (\d+) bytes", printed)}
    return Footprint(Path(path).stat().st_size, sizes["total"], sizes["tail"], operators(path))


def scales(path: Path) -> dict[str, float]:
    """Scale and zero point of a .tflite file's input and output: real = (q - zero) * scale."""
    ready = tflite_files.interpreter(path)
    (source,), (sink,) = ready.get_input_details(), ready.get_output_details()
    return {
        f"{name}_{key}": value
        for name, detail in (("input", source), ("output", sink))
        for key, value in zip(("scale", "zero"), detail["quantization"])
    }


def predict(path: Path, x: np.ndarray) -> np.ndarray:
    """Probabilities float32 (n, 5) of normalized records (n, 1000, leads), computed by tflite-micro."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_file(str(path), arena_size=_ARENA_BYTES)
    source = interpreter.get_input_details(0)
    (scale, zero), (sink_scale, sink_zero) = map(_quantization, (source, interpreter.get_output_details(0)))
    score = np.empty((len(x), len(CLASSES)), np.float32)
    for row, record in enumerate(x):
        values = tflite_files.quantized(record, scale, zero)
        interpreter.set_input(tflite_files.with_axes(values, source["shape"]), 0)
        interpreter.invoke()
        score[row] = (interpreter.get_output(0)[0].astype(np.float32) - sink_zero) * sink_scale
    return score


def operators(path: Path) -> tuple[str, ...]:
    """The operators of a .tflite file, in order of execution."""
    details = tflite_files.interpreter(path)._get_ops_details()
    return tuple(one["op_name"] for one in details if one["op_name"] != "DELEGATE")


def _quantization(detail: dict) -> tuple[float, int]:
    parameters = detail["quantization_parameters"]
    return float(parameters["scales"][0]), int(parameters["zero_points"][0])


def _capture(function) -> str:
    """The text that a C++ function writes to standard output and standard error."""
    with tempfile.TemporaryFile() as captured:
        saved = os.dup(1), os.dup(2)
        os.dup2(captured.fileno(), 1)
        os.dup2(captured.fileno(), 2)
        try:
            function()
        finally:
            for stream, original in zip((1, 2), saved):
                os.dup2(original, stream)
                os.close(original)
        captured.seek(0)
        return captured.read().decode(errors="replace")
