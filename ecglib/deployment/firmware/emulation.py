"""The C file on an emulated Cortex-M.

In come a firmware folder and recordings; out come the answers that the emulated processor gave, the instructions and
the stack that it took for them, and the bytes of flash and RAM of what the cross-compiler made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib.deployment.firmware.native import run
from ecglib.errors import InputError

BOARDS = {"cortex-m4": "mps2-an386", "cortex-m7": "mps2-an500"}
TOOLS = ("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm", "cmake")
_PROGRAM = "device.elf"
_HOSTED = "enable=on,target=native,chardev=out"


@dataclass(frozen=True)
class Said:
    """What the emulated processor said.

    Attributes
    ----------
    kernel : "dual" or "portable", the inner loop
    answers : int8 (n, classes), of each recording, or of each window of a stream
    at : int (n,), the recording's number, or the samples of the stream so far
    instructions : for a recording, or for a sample of a stream on average
    stack : bytes that the deepest call took
    """

    kernel: str
    answers: np.ndarray
    at: np.ndarray
    instructions: int
    stack: int


def build(folder: Path, target: Path, cpu: str = "cortex-m4", optimization: str = "-O2", flags: str = "") -> Path:
    """Cross-compile a firmware folder.

    Parameters
    ----------
    folder : of :func:`ecglib.deployment.firmware.write`
    target : folder to build in
    cpu : of :data:`BOARDS`
    optimization, flags : for the compiler

    Raises
    ------
    InputError : the toolchain is missing, or fails
    """
    configure = [
        "cmake", "-S", str(folder / "cortex-m"), "-B", str(target), "-D", f"CPU={cpu}",
        "-D", "CMAKE_BUILD_TYPE=Release", "-D", f"CMAKE_C_FLAGS_RELEASE={optimization}", "-D", f"CMAKE_C_FLAGS={flags}",
    ]  # fmt: skip
    run(configure)
    run(["cmake", "--build", str(target)])
    return target / _PROGRAM


def sizes(target: Path) -> dict[str, int]:
    """Bytes of flash and RAM of the model alone, without the program around it: ecg_model.c as it was compiled."""
    (made,) = target.rglob("ecg_model.c.obj")
    text, data, bss = map(int, run(["arm-none-eabi-size", str(made)]).splitlines()[1].split()[:3])
    return {"flash": text + data, "ram": data + bss}


def classify(program: Path, recordings: Path, cpu: str = "cortex-m4") -> Said:
    """Each of the recordings in a file by itself."""
    return _emulate(program, "classify", recordings, cpu)


def stream(program: Path, recordings: Path, cpu: str = "cortex-m4") -> Said:
    """All recordings in a file as one stream."""
    return _emulate(program, "stream", recordings, cpu)


def golden(program: Path, cpu: str = "cortex-m4") -> str:
    """What the device says of its golden recording; it fails where the answers are not what they should be."""
    return run([*_command(program, cpu), f"{_HOSTED},arg=device"])


def _emulate(program: Path, kind: str, recordings: Path, cpu: str) -> Said:
    configuration = f"{_HOSTED},arg=device,arg={kind},arg={recordings.resolve()}"
    said = run([*_command(program, cpu), configuration])
    answers = re.findall(rf"^{kind} (\d+): (.+)$", said, re.MULTILINE)
    found = re.search(r"(\w+) inner loop.*instructions a \w+ (\d+)\s+bytes of stack (\d+)", said, re.DOTALL)
    if not found or not answers:
        raise InputError(
            "a device that says nothing", where=program, expected="answers, instructions and stack", found=said[-2000:],
            hint="see whether the file holds whole recordings",
        )  # fmt: skip
    values = np.array([one.split() for _, one in answers], np.int8)
    at = np.array([int(one) for one, _ in answers])
    return Said(found[1], values, at, int(found[2]), int(found[3]))


def _command(program: Path, cpu: str) -> list[str]:
    return [
        "qemu-system-arm", "-M", BOARDS[cpu], "-nographic", "-monitor", "none", "-serial", "none",
        "-icount", "shift=0,sleep=off", "-chardev", "stdio,id=out", "-kernel", str(program), "-semihosting-config",
    ]  # fmt: skip
