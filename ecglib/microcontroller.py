"""The student for micro-controllers: carried to Keras, converted to int8 .tflite, measured with tflite-micro.

In comes a weights file of the torch student; out come the same network in Keras, the arena (RAM) and operators that
tflite-micro's interpreter needs for its .tflite file, and a C header for firmware authors.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib import files, litert, weights
from ecglib.errors import InputError
from ecglib.keras_backend import keras
from ecglib.ptbxl import CLASSES, LEADS
from ecglib.signals import SAMPLES, check_records

_LARGEST = 4 * 2**20  # bytes of arena that are tried


def to_keras(path: Path) -> keras.Model:
    """The network of a torch weights file in Keras, with the same weights: float32 (b, 1000, 12) -> (b, 5).

    Raises
    ------
    InputError : the file is unreadable, or not of a stack of convolution blocks
    """
    state = {name: value.astype(np.float32) for name, value in weights.read(path).items()}
    kernels = sorted(
        (int(name.split(".")[1]), name) for name, value in state.items() if name.endswith("weight") and value.ndim == 3
    )
    if not kernels or "linear.weight" not in state:
        raise InputError(
            "weights of another architecture", where=path, expected="features.N.weight and linear.weight",
            found=", ".join(list(state)[:4]), mend="give the weights of a base CNN or student",
        )  # fmt: skip
    ecg = keras.layers.Input((SAMPLES, len(LEADS)), name="ecg")
    # two-dimensional layers with one row: TensorFlow Lite knows no others, and would copy every activation to and fro
    x = keras.layers.Reshape((1, SAMPLES, len(LEADS)))(ecg)
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
    """What a .tflite file takes on a micro-controller.

    Attributes
    ----------
    file_bytes : flash for the model
    arena_bytes : RAM for everything that the interpreter allocates
    persistent_bytes : the arena's part that lasts, for descriptions of tensors and operators
    operators : of the file, in their order
    """

    file_bytes: int
    arena_bytes: int
    persistent_bytes: int
    operators: tuple[str, ...]


def footprint(path: Path) -> Footprint:
    """Load a .tflite file with tflite-micro's own interpreter and read off what it allocated.

    Raises
    ------
    InputError : tflite-micro cannot run the file
    """
    from tflite_micro.python.tflite_micro import runtime

    try:
        interpreter = runtime.Interpreter.from_file(str(path), arena_size=_LARGEST)
        interpreter.set_input(np.zeros(interpreter.get_input_details(0)["shape"], np.int8), 0)
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        raise InputError(
            "a model that tflite-micro cannot run", where=path, expected="a full-integer .tflite file", found=error,
            mend="convert it with representative records",
        ) from error  # fmt: skip
    said = _said(interpreter.print_allocations)
    sizes = {what: int(size) for what, size in re.findall(r"Arena allocation (\w+) (\d+) bytes", said)}
    return Footprint(Path(path).stat().st_size, sizes["total"], sizes["tail"], operators(path))


def predict(path: Path, x: np.ndarray) -> np.ndarray:
    """Probabilities float32 (n, 5) of normalised records (n, 1000, 12), computed by tflite-micro."""
    from tflite_micro.python.tflite_micro import runtime

    check_records(x)
    interpreter = runtime.Interpreter.from_file(str(path), arena_size=_LARGEST)
    source, sink = interpreter.get_input_details(0), interpreter.get_output_details(0)
    score = np.empty((len(x), len(CLASSES)), np.float32)
    for row, record in enumerate(x):
        interpreter.set_input(litert.quantized(record[None], _scale(source), _zero(source)), 0)
        interpreter.invoke()
        score[row] = (interpreter.get_output(0)[0].astype(np.float32) - _zero(sink)) * _scale(sink)
    return score


def operators(path: Path) -> tuple[str, ...]:
    """The operators of a .tflite file, in the order in which they run."""
    details = litert.interpreter(path)._get_ops_details()
    return tuple(one["op_name"] for one in details if one["op_name"] != "DELEGATE")


def c_header(path: Path, name: str = "ecg_student") -> str:
    """A .tflite file as a C header: the bytes, and what firmware has to know of input and output."""
    ready = litert.interpreter(path)
    source, sink = ready.get_input_details()[0], ready.get_output_details()[0]
    content = Path(path).read_bytes()
    lines = (content[start : start + 16] for start in range(0, len(content), 16))
    rows = ["  " + " ".join(f"0x{byte:02x}," for byte in line) for line in lines]
    upper = name.upper()
    return "\n".join(
        [
            "/* Written by ecglib. Not a medical device.",
            f"   Input: int8, {SAMPLES} samples x {len(LEADS)} leads, 10 s at 100 Hz, samples outermost.",
            f"   Leads: {' '.join(LEADS)}.",
            "   q = round(x / INPUT_SCALE) + INPUT_ZERO, clipped to int8; x is the normalised voltage.",
            f"   Output: int8, {' '.join(CLASSES)}; p = (q - OUTPUT_ZERO) * OUTPUT_SCALE. */",
            "#pragma once",
            "#include <stdint.h>",
            f"#define {upper}_INPUT_SCALE {source['quantization'][0]:.9g}f",
            f"#define {upper}_INPUT_ZERO ({source['quantization'][1]})",
            f"#define {upper}_OUTPUT_SCALE {sink['quantization'][0]:.9g}f",
            f"#define {upper}_OUTPUT_ZERO ({sink['quantization'][1]})",
            f"#define {upper}_BYTES {len(content)}",
            f"alignas(16) static const uint8_t {name}[{upper}_BYTES] = {{",
            *rows,
            "};",
            "",
        ]
    )


def write_c_header(path: Path, target: Path, name: str = "ecg_student") -> Path:
    """Write :func:`c_header` to a file, whole or not at all."""
    files.write_text(target, c_header(path, name))
    return Path(target)


def _scale(detail: dict) -> float:
    return float(detail["quantization_parameters"]["scales"][0])


def _zero(detail: dict) -> int:
    return int(detail["quantization_parameters"]["zero_points"][0])


def _said(function) -> str:
    """What a C++ function writes to standard output and error."""
    with tempfile.TemporaryFile() as heard:
        saved = os.dup(1), os.dup(2)
        os.dup2(heard.fileno(), 1)
        os.dup2(heard.fileno(), 2)
        try:
            function()
        finally:
            for stream, kept in zip((1, 2), saved):
                os.dup2(kept, stream)
                os.close(kept)
        heard.seek(0)
        return heard.read().decode(errors="replace")
