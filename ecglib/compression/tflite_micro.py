"""The student for microcontrollers: rebuilt in Keras for a .tflite file, and what tflite-micro needs for such files."""

from __future__ import annotations

import itertools
import math
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib.compression import tflite_files
from ecglib.data.dataset import check_records
from ecglib.networks import weights
from ecglib.networks.keras_backend import keras
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES

_ARENA_BYTES = 4 * 2**20  # offered to the interpreter; it reports how much it uses
_MAX_FRACTION = 0.75  # of flash and of RAM that a model may take; the rest is for the program

# a typical microcontroller of each class -> (flash, RAM) in KB of 1024 bytes, as stated by the manufacturer
DEVICES = {
    "STM32L053 (Cortex-M0+)": (64, 8),
    "nRF52832 (Cortex-M4)": (512, 64),
    "STM32L476 (Cortex-M4)": (1024, 128),
    "nRF52840 (Cortex-M4)": (1024, 256),
    "RP2040 (Cortex-M0+, flash outside)": (2048, 264),
    "STM32F746 (Cortex-M7)": (1024, 320),
    "ESP32-S3 (Xtensa LX7, flash outside)": (8192, 512),
    "STM32H743 (Cortex-M7)": (2048, 1024),
}


def to_keras(path: Path) -> keras.Model:
    """The network of a torch weights file in Keras, with the same weights: float32 (b, 1, 1000, 12) -> (b, 5)."""
    state = {name: value.astype(np.float32) for name, value in weights.read(path).items()}
    kernels = sorted(
        (int(name.split(".")[1]), name) for name, value in state.items() if name.endswith("weight") and value.ndim == 3
    )
    # two-dimensional layers of height 1: TensorFlow Lite has no others and would copy every activation back and forth
    x = ecg = keras.layers.Input((1, N_SAMPLES, len(LEADS)), name="ecg")
    filled: list[tuple[keras.Layer, list[np.ndarray]]] = []
    for number, (at, name) in enumerate(kernels):
        convolution = keras.layers.Conv2D(state[name].shape[0], (1, state[name].shape[2]), name=f"conv{number + 1}")
        norm = keras.layers.BatchNormalization(epsilon=1e-5, name=f"norm{number + 1}")
        x = keras.layers.MaxPooling2D((1, 2))(keras.layers.ReLU()(norm(convolution(x))))
        filled += [
            (convolution, [state[name].transpose(2, 1, 0)[None], state[f"features.{at}.bias"]]),
            (norm, [state[f"features.{at + 1}.{key}"] for key in ("weight", "bias", "running_mean", "running_var")]),
        ]
    x = keras.layers.GlobalAveragePooling2D()(x)
    linear = keras.layers.Dense(len(CLASSES), activation="sigmoid", name="linear")
    model = keras.Model(ecg, linear(x), name="student")
    for layer, values in [*filled, (linear, [state["linear.weight"].T, state["linear.bias"]])]:
        layer.set_weights(values)
    return model


@dataclass(frozen=True)
class Footprint:
    """The memory that a .tflite file needs on a microcontroller.

    Attributes
    ----------
    file_bytes : flash for the model
    arena_bytes : RAM for everything that the interpreter allocates
    persistent_bytes : the persistent part of the arena, for descriptions of tensors and operators
    operators : the file's operators in order of execution
    """

    file_bytes: int
    arena_bytes: int
    persistent_bytes: int
    operators: tuple[str, ...]


def footprint(path: Path) -> Footprint:
    """Load a .tflite file with tflite-micro's own interpreter and read what it allocated.

    Raises
    ------
    InputError : tflite-micro cannot run the file
    """
    from tflite_micro.python.tflite_micro import runtime

    try:
        interpreter = runtime.Interpreter.from_file(str(path), arena_size=_ARENA_BYTES)
        interpreter.set_input(np.zeros(interpreter.get_input_details(0)["shape"], np.int8), 0)
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        raise InputError(
            "a model that tflite-micro cannot run",
            where=path,
            expected="a full-integer .tflite file",
            found=error,
            hint="convert it with representative records",
        ) from error
    printed = _capture(interpreter.print_allocations)
    sizes = {part: int(size) for part, size in re.findall(r"Arena allocation (\w+) (\d+) bytes", printed)}
    return Footprint(Path(path).stat().st_size, sizes["total"], sizes["tail"], operators(path))


def peak_activations(model: keras.Model) -> tuple[tuple[str, tuple[int, ...]], tuple[str, tuple[int, ...]]]:
    """The two consecutive layers of a :func:`to_keras` model with the largest outputs, which fill most of the arena.

    Returns
    -------
    for each of the two, its name and the (samples, channels) of its output
    """
    # batch normalization and ReLU are fused into the convolution before them
    kinds = (keras.layers.Conv2D, keras.layers.MaxPooling2D)
    shapes = [("ecg", tuple(model.input_shape[2:]))]
    shapes += [(layer.name, tuple(layer.output.shape[2:])) for layer in model.layers if isinstance(layer, kinds)]
    return max(itertools.pairwise(shapes), key=lambda pair: sum(math.prod(shape) for _, shape in pair))


def fits(one: Footprint, flash: int, ram: int) -> bool:
    """Whether a model leaves a quarter of `flash` and of `ram`, both in KB, to the rest of the program."""
    return one.file_bytes <= _MAX_FRACTION * flash * 1024 and one.arena_bytes <= _MAX_FRACTION * ram * 1024


def scales(path: Path) -> dict[str, float]:
    """Scale and zero point of a .tflite file's input and output: real = (q - zero) * scale."""
    ready = tflite_files.interpreter(path)
    named = {"input": ready.get_input_details()[0], "output": ready.get_output_details()[0]}
    return {
        f"{name}_{key}": value(one)
        for name, one in named.items()
        for key, value in (("scale", _scale), ("zero", _zero))
    }


def predict(path: Path, x: np.ndarray) -> np.ndarray:
    """Probabilities float32 (n, 5) of normalized records (n, 1000, 12), computed by tflite-micro."""
    from tflite_micro.python.tflite_micro import runtime

    check_records(x)
    interpreter = runtime.Interpreter.from_file(str(path), arena_size=_ARENA_BYTES)
    source, sink = interpreter.get_input_details(0), interpreter.get_output_details(0)
    score = np.empty((len(x), len(CLASSES)), np.float32)
    for row, record in enumerate(x):
        values = tflite_files.quantized(record, _scale(source), _zero(source))
        interpreter.set_input(values.reshape(source["shape"]), 0)
        interpreter.invoke()
        score[row] = (interpreter.get_output(0)[0].astype(np.float32) - _zero(sink)) * _scale(sink)
    return score


def operators(path: Path) -> tuple[str, ...]:
    """The operators of a .tflite file, in order of execution."""
    details = tflite_files.interpreter(path)._get_ops_details()
    return tuple(one["op_name"] for one in details if one["op_name"] != "DELEGATE")


def _scale(detail: dict) -> float:
    return float(detail["quantization_parameters"]["scales"][0])


def _zero(detail: dict) -> int:
    return int(detail["quantization_parameters"]["zero_points"][0])


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
