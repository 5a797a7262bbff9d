"""A released int8 model as a C header, for firmware that runs it with an interpreter.

Input: a .tflite file and its entry in the manifest. Output: a header with the file's bytes and every constant that
firmware needs to convert voltages to inputs and outputs to decisions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import apply_temperature


def c_header(path: Path, entry: Mapping, name: str) -> str:
    """A .tflite file as a C header.

    Parameters
    ----------
    path : the file
    entry : its entry of the manifest (:func:`ecgpredict.released.write`), with the scales of input and output
    name : of the array, and in capitals the prefix of the macros

    Raises
    ------
    InputError : not a valid C identifier, or a model without quantization scales
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise InputError(
            "not a C identifier",
            where="C header",
            expected="letters, digits and _",
            found=name,
            hint="give another name",
        )
    if "input_scale" not in entry:
        raise InputError(
            "not an int8 model",
            where=path,
            expected="a microcontroller model",
            found=Path(path).name,
            hint="give the name of a microcontroller model",
        )
    content, upper = Path(path).read_bytes(), name.upper()
    lines = (content[start : start + 16] for start in range(0, len(content), 16))
    # The manifest's thresholds refer to calibrated probabilities, those of the header to the file's own outputs.
    uncalibrated = apply_temperature(np.asarray(entry["thresholds"]), 1 / entry["temperature"])
    return "\n".join(
        [
            "/* Written by ecglib. Not a medical device.",
            f"   Input: int8, {entry['samples']} samples x {len(entry['leads'])} leads at {entry['rate']} Hz, samples",
            f"   outermost; leads {' '.join(entry['leads'])}.",
            f"   q = round(x / INPUT_SCALE) + INPUT_ZERO, clipped to int8, where x = ({entry['unit']} - MEAN) / SCALE.",
            f"   Output: int8, {' '.join(entry['classes'])}; p = (q - OUTPUT_ZERO) * OUTPUT_SCALE;",
            "   a class is predicted if p >= its threshold. */",
            "#pragma once",
            "#include <stdalign.h>",
            "#include <stdint.h>",
            *(
                f"#define {upper}_{macro} {value}"
                for macro, value in (
                    ("MEAN", _float(entry["mean"])),
                    ("SCALE", _float(entry["scale"])),
                    ("INPUT_SCALE", _float(entry["input_scale"])),
                    ("INPUT_ZERO", f"({entry['input_zero']})"),
                    ("OUTPUT_SCALE", _float(entry["output_scale"])),
                    ("OUTPUT_ZERO", f"({entry['output_zero']})"),
                    ("THRESHOLDS", f"{{{', '.join(map(_float, uncalibrated))}}}"),
                    ("BYTES", len(content)),
                )
            ),
            f"alignas(16) static const uint8_t {name}[{upper}_BYTES] = {{",
            *("  " + " ".join(f"0x{byte:02x}," for byte in line) for line in lines),
            "};",
            "",
        ]
    )


def write(path: Path, entry: Mapping, target: Path, name: str) -> Path:
    """Write :func:`c_header` to a file, atomically."""
    files.write_text(target, c_header(path, entry, name))
    return Path(target)


def _float(value: float) -> str:
    return f"{value:#.9g}f"
