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

# device -> (flash, RAM) in KB of 1024 bytes, as stated by the manufacturer; key of its data sheet in the bibliography
DEVICES = {
    "STM32L053 (Cortex-M0+)": (64, 8, "stm32l053"),
    "STM32L412 (Cortex-M4)": (128, 40, "stm32l412"),
    "nRF52832 (Cortex-M4)": (512, 64, "nrf52832"),
    "nRF52840 (Cortex-M4)": (1024, 256, "nrf52840"),
    "RP2040 (Cortex-M0+, flash outside)": (2048, 264, "rp2040"),
    "STM32F746 (Cortex-M7)": (1024, 320, "stm32f746"),
    "ESP32-S3 (Xtensa LX7, flash outside)": (8192, 512, "esp32s3"),
}


def milliseconds(instructions: int, clock: int) -> tuple[float, float]:
    """Lower and upper bound of the run time at a clock in MHz."""
    return tuple(instructions * cycles / clock / 1e3 for cycles in CYCLES)


def millijoules(instructions: int) -> tuple[float, float]:
    """Lower and upper bound of the energy; independent of the clock, since current is proportional to it."""
    return tuple(instructions * cycles * CURRENT / 1e6 * VOLTAGE * 1e3 for cycles in CYCLES)


def fits(flash: int, ram: int, device: str) -> bool:
    """Whether bytes of flash and RAM leave a quarter of a device's to the application."""
    return flash <= MODEL_SHARE * DEVICES[device][0] * 1024 and ram <= MODEL_SHARE * DEVICES[device][1] * 1024
