"""The C file compiled for this computer and called from Python.

Input: a firmware folder. Output: the outputs that its functions compute.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError

_MEMORY = 1 << 16  # words, more than any arena or stream
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")


class CompiledModel:
    """A compiled model, loaded as a shared library.

    Parameters
    ----------
    folder : written by :func:`ecgpredict.firmware.write`
    target : folder of the shared library
    flags : compiler options after the warnings

    Raises
    ------
    InputError : there is no C compiler, or compilation fails
    """

    def __init__(
        self, folder: Path, target: Path, flags: Sequence[str] = ("-O3", "-march=native"), compiler: str = "cc"
    ):
        target.mkdir(parents=True, exist_ok=True)
        library = target / "ecg_model.so"
        run([compiler, *WARNINGS, *flags, "-shared", "-fPIC", "-o", str(library), str(folder / "ecg_model.c")])
        self._library = ctypes.CDLL(str(library.resolve()))
        self.classes = int(re.search(r"#define ECG_CLASSES (\d+)", (folder / "ecg_model.h").read_text())[1])

    def classify_int8(self, x: np.ndarray) -> np.ndarray:
        """int8 (n, samples, leads) -> int8 (n, classes)."""
        return self._classify(self._library.ecg_classify_int8, np.ascontiguousarray(x, np.int8))

    def classify(self, x: np.ndarray) -> np.ndarray:
        """int16 (n, samples, leads) in µV -> int8 (n, classes)."""
        return self._classify(self._library.ecg_classify, np.ascontiguousarray(x, np.int16))

    def stream(self) -> Callable[[np.ndarray], np.ndarray | None]:
        """A new stream: a function of the next sample, int16 (leads,) in µV, that returns int8 (classes,) or None."""
        state, outputs = np.zeros(_MEMORY, np.uint32), np.empty(self.classes, np.int8)

        def push(sample: np.ndarray) -> np.ndarray | None:
            sample = np.ascontiguousarray(sample, np.int16)
            done = self._library.ecg_push(_pointer(state), _pointer(sample), _pointer(outputs))
            return outputs.copy() if done else None

        return push

    def push(self, x: np.ndarray) -> dict[int, np.ndarray]:
        """A stream of int16 (n, leads) in µV -> {samples pushed: int8 (classes,)}, one item per result."""
        push = self.stream()
        results = {row + 1: push(sample) for row, sample in enumerate(x)}
        return {row: outputs for row, outputs in results.items() if outputs is not None}

    def probability(self, outputs: np.ndarray) -> np.ndarray:
        """int8 -> calibrated probabilities float, of the same shape."""
        function = self._library.ecg_probability
        function.argtypes, function.restype = [ctypes.c_int8], ctypes.c_uint16
        return np.array([function(int(output)) for output in outputs.ravel()]).reshape(outputs.shape) / 65536

    def quantize(self, microvolts: np.ndarray) -> np.ndarray:
        """int16 (n,) in µV -> int8 (n,)."""
        function = self._library.ecg_quantize
        function.argtypes, function.restype = [ctypes.c_int16], ctypes.c_int8
        return np.array([function(int(one)) for one in microvolts], np.int8)

    def _classify(self, function, x: np.ndarray) -> np.ndarray:
        arena, outputs = np.zeros(_MEMORY, np.uint32), np.empty((len(x), self.classes), np.int8)
        for row, recording in enumerate(x):
            function(_pointer(arena), _pointer(recording), _pointer(outputs[row]))
        return outputs


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run a tool of the toolchain and return its standard output.

    Raises
    ------
    InputError : the tool is not installed, or fails
    """
    if not shutil.which(command[0]):
        raise InputError(
            "a tool is missing",
            where=command[0],
            expected="on the PATH",
            found="not found",
            hint="install it; the page on microcontrollers lists Debian's packages",
        )
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise InputError(
            "a tool of the toolchain failed",
            where=" ".join(command),
            expected="exit status 0",
            found=f"{done.returncode}\n{(done.stdout + done.stderr)[-4000:]}",
            hint="see the tool's messages above",
        )
    return done.stdout


def _pointer(array: np.ndarray):
    return array.ctypes.data_as(ctypes.c_void_p)
