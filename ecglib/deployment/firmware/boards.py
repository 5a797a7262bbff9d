"""Where the firmware fits, how long it takes there, and what that costs: estimates, each with where it comes from.

In come counts of bytes and instructions; out come ranges in ms and mJ. Instructions are not cycles: on a Cortex-M4 most
take one cycle and loads up to two (ARM DDI 0439), and flash that is slower than the processor makes it wait.
"""

from __future__ import annotations

CYCLES = (1.0, 2.0)  # for an instruction, at best and at worst
CLOCKS = (80, 168)  # MHz
CURRENT, VOLTAGE = 79e-6, 3.0  # A a MHz and V: an STM32L412 running from flash with its linear regulator
PROGRAM = 0.75  # of flash and of RAM at most; the rest is for the program around it

# where a maker says how much flash and RAM a device has, and ours that is the smallest one with ARM's DSP instructions
SHEETS = {
    "STM32L053 (Cortex-M0+)": "stm32l053", "STM32L412 (Cortex-M4)": "stm32l412", "nRF52832 (Cortex-M4)": "nrf52832",
    "STM32L476 (Cortex-M4)": "stm32l476", "nRF52840 (Cortex-M4)": "nrf52840",
    "RP2040 (Cortex-M0+, flash outside)": "rp2040", "STM32F746 (Cortex-M7)": "stm32f746",
    "ESP32-S3 (Xtensa LX7, flash outside)": "esp32s3", "STM32H743 (Cortex-M7)": "stm32h743",
}  # fmt: skip
MORE = {"STM32L412 (Cortex-M4)": (128, 40)}  # beside ecglib.compression.tflite_micro.DEVICES


def milliseconds(instructions: int, clock: int) -> tuple[float, float]:
    """From best to worst at a clock in MHz."""
    return tuple(instructions * cycles / clock / 1e3 for cycles in CYCLES)


def millijoules(instructions: int) -> tuple[float, float]:
    """From best to worst; the clock does not matter, as current grows with it and time shrinks."""
    return tuple(instructions * cycles * CURRENT / 1e6 * VOLTAGE * 1e3 for cycles in CYCLES)


def fits(flash: int, ram: int, device: tuple[int, int]) -> bool:
    """Whether bytes of flash and RAM leave a quarter of a device's, in KB, to the program around."""
    return flash <= PROGRAM * device[0] * 1024 and ram <= PROGRAM * device[1] * 1024
