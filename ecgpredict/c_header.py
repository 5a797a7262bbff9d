"""A released int8 model as a C header, for firmware that runs it with an interpreter.

The header has the file's bytes and every constant that converts voltages to inputs and outputs to decisions.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.firmware import c_source
from ecgpredict.spec import apply_temperature


def c_header(path: Path, entry: Mapping, name: str) -> str:
    """A .tflite file as a C header.

    Parameters
    ----------
    path : the file
    entry : what the manifest says of it (:func:`ecgpredict.released.entry`)
    name : of the array, and in capitals the prefix of the macros

    Raises
    ------
    InputError : not a valid C identifier
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        expected, hint = "letters, digits and _", "give another name"
        raise InputError("not a C identifier", where="C header", expected=expected, found=name, hint=hint)
    content = path.read_bytes()
    lines = [content[start : start + 16] for start in range(0, len(content), 16)]
    # The manifest's thresholds refer to calibrated probabilities, those of the header to the file's own outputs.
    thresholds = apply_temperature(np.array(entry["thresholds"], float), 1 / entry["temperature"])
    thresholds = np.nan_to_num(thresholds, nan=2)  # of a class without a threshold: no probability reaches 2
    scales = ("mean", "scale", "input_scale", "output_scale")
    values = {
        "entry": entry,
        "name": name,
        "upper": name.upper(),
        "real": {key: c_source.real(entry[key]) for key in scales},
        "thresholds": ", ".join(map(c_source.real, thresholds)),
        "bytes": len(content),
        "lines": [" ".join(f"0x{byte:02x}," for byte in line) for line in lines],
    }
    return c_source.render("../header.h", values)


def write(path: Path, entry: Mapping, target: Path, name: str) -> Path:
    """The file that :func:`c_header` was written to."""
    files.write_text(target, c_header(path, entry, name))
    return Path(target)
