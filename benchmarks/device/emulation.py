"""The C file on an emulated Cortex-M processor.

Input: a firmware folder and recordings. Output: the outputs that the emulated processor computed, the instructions
and stack that it used, and the bytes of flash and RAM of the cross-compiled model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from device.native import run

from ecgpredict.errors import InputError

BOARDS = {
    "cortex-m0plus": "mps2-an385",  # a Cortex-M3, which executes the same instructions
    "cortex-m3": "mps2-an385",
    "cortex-m4": "mps2-an386",
    "cortex-m7": "mps2-an500",
    "cortex-m33": "mps3-an547",  # a Cortex-M55, likewise
    "cortex-m55": "mps3-an547",
}
TOOLS = ("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm", "cmake")
_PROGRAM = "device.elf"
_SEMIHOSTING = "enable=on,target=native,chardev=out"


@dataclass(frozen=True)
class DeviceRun:
    """What the emulated processor reported.

    Attributes
    ----------
    kernel : "helium", "dual" or "portable", the inner loop that was compiled
    outputs : int8 (n, classes), per recording, or per window of a stream
    index : int (n,), number of the recording, or number of samples of the stream so far
    instructions : mean per recording, or per sample of a stream after the first result
    largest : instructions of the costliest recording or sample
    stack : bytes, largest value of all calls
    """

    kernel: str
    outputs: np.ndarray
    index: np.ndarray
    instructions: int
    largest: int
    stack: int


def build(folder: Path, target: Path, cpu: str = "cortex-m4", optimization: str = "-O2", flags: str = "") -> Path:
    """Cross-compile a firmware folder.

    Parameters
    ----------
    folder : written by :func:`ecgpredict.firmware.write`
    target : build folder
    cpu : of :data:`BOARDS`
    optimization, flags : compiler options

    Returns
    -------
    the program, an ELF file

    Raises
    ------
    InputError : the toolchain is missing or fails
    """
    configure = [
        "cmake",
        "-S",
        str(folder / "cortex-m"),
        "-B",
        str(target),
        "-D",
        f"CPU={cpu}",
        "-D",
        "CMAKE_BUILD_TYPE=Release",
        "-D",
        f"CMAKE_C_FLAGS_RELEASE={optimization}",
        "-D",
        f"CMAKE_C_FLAGS={flags}",
    ]
    run(configure)
    run(["cmake", "--build", str(target)])
    return target / _PROGRAM


def sizes(target: Path) -> dict[str, int]:
    """Bytes of flash and RAM of the compiled ecg_model.c alone, without the program around it."""
    (compiled,) = target.rglob("ecg_model.c.obj")
    return object_sizes(compiled)


def object_sizes(compiled: Path) -> dict[str, int]:
    """Bytes of flash and RAM of an object file."""
    text, data, bss = map(int, run(["arm-none-eabi-size", str(compiled)]).splitlines()[1].split()[:3])
    return {"flash": text + data, "ram": data + bss}


def classify(program: Path, recordings: Path, cpu: str = "cortex-m4") -> DeviceRun:
    """Classify each recording of a file separately."""
    return _emulate(program, "classify", recordings, cpu)


def stream(program: Path, recordings: Path, cpu: str = "cortex-m4") -> DeviceRun:
    """Process all recordings of a file as one stream."""
    return _emulate(program, "stream", recordings, cpu)


def golden(program: Path, cpu: str = "cortex-m4") -> str:
    """Text printed for the golden recording.

    Raises
    ------
    InputError : the outputs are not the expected ones, or the emulator failed
    """
    return run([*_command(program, cpu), f"{_SEMIHOSTING},arg=device"])


def _emulate(program: Path, mode: str, recordings: Path, cpu: str) -> DeviceRun:
    arguments = f"arg=device,arg={mode},arg={recordings.resolve()}"
    printed = run([*_command(program, cpu), f"{_SEMIHOSTING},{arguments}"])
    lines = re.findall(rf"^{mode} (\d+): (.+)$", printed, re.MULTILINE)
    pattern = r"inner loop: (\w+).*instructions per \w+: (\d+)\s+largest: (\d+)\s+stack bytes: (\d+)"
    found = re.search(pattern, printed, re.DOTALL)
    if not found or not lines:
        raise InputError(
            "no results from the emulated device",
            where=program,
            expected="outputs, instructions and stack",
            found=printed[-2000:],
            hint="check that the file contains complete recordings",
        )
    outputs = np.array([values.split() for _, values in lines], np.int8)
    index = np.array([int(one) for one, _ in lines])
    return DeviceRun(found[1], outputs, index, *map(int, found.groups()[1:]))


def _command(program: Path, cpu: str) -> list[str]:
    return [
        "qemu-system-arm",
        "-M",
        BOARDS[cpu],
        "-nographic",
        "-monitor",
        "none",
        "-serial",
        "none",
        "-icount",
        "shift=0,sleep=off",
        "-chardev",
        "stdio,id=out",
        "-kernel",
        str(program),
        "-semihosting-config",
    ]
