"""Estimates of run time and energy on microcontrollers, and whether a model fits their memory.

Input: counts of bytes and instructions. Output: ranges in ms and mJ. Instructions are not cycles: on a Cortex-M4 most
instructions take one cycle and loads take up to two (ARM DDI 0439), and flash that is slower than the core adds wait
states.
"""

from __future__ import annotations

CYCLES = (1.0, 2.0)  # per instruction, lower and upper bound
CLOCKS = (80, 168)  # MHz
CURRENT, VOLTAGE = 79e-6, 3.0  # A per MHz, and V: an STM32L412 running from flash with its linear regulator
MODEL_SHARE = 0.75  # of flash and of RAM that the model may use; the application needs the rest

# device -> key of its data sheet in the bibliography
SHEETS = {
    "STM32L053 (Cortex-M0+)": "stm32l053",
    "STM32L412 (Cortex-M4)": "stm32l412",
    "nRF52832 (Cortex-M4)": "nrf52832",
    "STM32L476 (Cortex-M4)": "stm32l476",
    "nRF52840 (Cortex-M4)": "nrf52840",
    "RP2040 (Cortex-M0+, flash outside)": "rp2040",
    "STM32F746 (Cortex-M7)": "stm32f746",
    "ESP32-S3 (Xtensa LX7, flash outside)": "esp32s3",
    "STM32H743 (Cortex-M7)": "stm32h743",
}
# (flash, RAM) in KB, in addition to ecglib.compression.tflite_micro.DEVICES: a small device with DSP instructions
MORE_DEVICES = {"STM32L412 (Cortex-M4)": (128, 40)}


def milliseconds(instructions: int, clock: int) -> tuple[float, float]:
    """Lower and upper bound of the run time at a clock in MHz."""
    return tuple(instructions * cycles / clock / 1e3 for cycles in CYCLES)


def millijoules(instructions: int) -> tuple[float, float]:
    """Lower and upper bound of the energy; independent of the clock, since current is proportional to it."""
    return tuple(instructions * cycles * CURRENT / 1e6 * VOLTAGE * 1e3 for cycles in CYCLES)


def fits(flash: int, ram: int, device: tuple[int, int]) -> bool:
    """Whether bytes of flash and RAM leave a quarter of a device's (flash, RAM), in KB, to the application."""
    return flash <= MODEL_SHARE * device[0] * 1024 and ram <= MODEL_SHARE * device[1] * 1024
