"""The front end in C compiled for this computer: counts of an ADC in, microvolts and quality flags out."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from device import emulation, native

from ecgpredict.firmware import c_source, front
from ecgpredict.spec import LEADS

_WHOLE = """
#include "ecg_front.h"
int whole(int samples, const int32_t counts[][ECG_FRONT_INPUTS], const uint8_t off[],
          int16_t microvolts[][ECG_FRONT_LEADS], ecg_front_quality *quality) {
    ecg_front front;
    int written = 0;
    ecg_front_start(&front);
    for (int i = 0; i < samples; i++) written += ecg_front_push(&front, counts[i], off[i], microvolts[written]);
    *quality = ecg_front_judge(&front);
    return written;
}
"""


def write(folder: Path, leads: Sequence[str] = LEADS) -> Path:
    """The folder, with the front end's two files and those of a program for an emulated Cortex-M4F."""
    values = {"version": "", "front": front.template_values(leads)}
    for name in ("ecg_front.h", "ecg_front.c", "cortex-m/startup.c", "cortex-m/mps2.ld"):
        (folder / Path(name).name).write_text(c_source.render(name, values))
    return folder


def emulate(folder: Path, rate: int, optimization: str = "-O2") -> dict[str, int]:
    """Bytes of flash and RAM, and instructions, of the front end on an emulated Cortex-M4F."""
    program, compiled, board = folder / "front.elf", folder / "front.o", emulation.BOARDS["cortex-m4"]
    options = "-std=gnu99 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -nostartfiles --specs=nano.specs"
    cc = ["arm-none-eabi-gcc", *options.split(), optimization, f"-DECG_ADC_RATE={rate}", f"-I{folder}"]
    native.run([*cc, "-c", str(folder / "ecg_front.c"), "-o", str(compiled)])
    main = Path(__file__).with_name("front_device.c")
    sources = [str(main), str(folder / "startup.c"), str(compiled)]
    native.run([*cc, "-T", str(folder / "mps2.ld"), *sources, "-o", str(program)])
    qemu = f"qemu-system-arm -M {board} -nographic -monitor none -serial none -icount shift=0,sleep=off"
    semihosting = "enable=on,target=native,chardev=out,arg=device"
    files = ["-chardev", "stdio,id=out", "-kernel", str(program), "-semihosting-config", semihosting]
    names = ("instructions", "instructions_at_most", "instructions_to_judge", "ram")
    printed = map(int, native.run([*qemu.split(), *files]).split())
    return dict(zip(names, printed)) | {"flash": emulation.object_sizes(compiled)["flash"]}


class _Quality(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint16) for name in ("off", "saturated", "flat", "constant", "clipped")),
        *((name, ctypes.c_uint8) for name in ("high", "low")),
    )


class CompiledFront:
    """The front end of a folder for a network of these leads and a converter of this rate, in Hz, of `uv` microvolts.

    Raises
    ------
    InputError : there is no C compiler, or compilation fails
    """

    def __init__(
        self,
        folder: Path,
        target: Path,
        rate: int,
        uv: float = 0.05,
        flags: Sequence[str] = (),
        leads: Sequence[str] = LEADS,
    ):
        target.mkdir(parents=True, exist_ok=True)
        source, library = target / "whole.c", target / "front.so"
        source.write_text(_WHOLE)
        self.leads, self.measured = len(leads), [LEADS.index(lead) for lead in front.inputs(leads)]
        self.uv = round(uv * 2**23) / 2**23
        converter = (f"-DECG_ADC_RATE={rate}", f"-DECG_ADC_REFERENCE_UV={round(uv * 2**23)}", "-DECG_ADC_GAIN=1")
        options = (*native.WARNINGS, "-O2", *converter, *flags, f"-I{folder}", "-shared", "-fPIC", "-o", str(library))
        native.run(["cc", *options, str(source), str(folder / "ecg_front.c")])
        self._whole = ctypes.CDLL(str(library.resolve())).whole

    def counts(self, millivolts: np.ndarray) -> np.ndarray:
        """What the converter gives of the leads (n, 12) in mV: int32 (n, inputs)."""
        wide = np.round(millivolts[:, self.measured].astype(float) * 1000 / self.uv)
        return np.clip(wide, -(2**23), 2**23 - 1).astype(np.int32)

    def __call__(self, counts: np.ndarray, off: np.ndarray | None = None) -> tuple[np.ndarray, dict[str, int]]:
        """Int16 (m, leads) in µV at 100 Hz from int32 counts (n, inputs), and the quality flags of all of it."""
        counts = np.ascontiguousarray(counts, np.int32)
        off = np.zeros(len(counts), np.uint8) if off is None else off.astype(np.uint8)
        microvolts, quality = np.empty((len(counts), self.leads), np.int16), _Quality()
        given = (array.ctypes.data_as(ctypes.c_void_p) for array in (counts, off, microvolts))
        written = self._whole(len(counts), *given, ctypes.byref(quality))
        return microvolts[:written], {name: getattr(quality, name) for name, _ in _Quality._fields_}
