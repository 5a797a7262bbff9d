"""The reals of a network as integers, in the way of TensorFlow Lite's reference kernels.

In come scales; out come multipliers, shifts and tables. A product with a real is one with an integer of 32 bits and a
shift (Jacob et al. 2018). Convolutions and means round it twice, fully connected layers once: that is how the kernels
came to be, and what the tests find them to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib.data.normalization import Normalization
from ecglib.deployment.firmware.graph import Quantization
from ecglib.errors import InputError
from ecglib.evaluation import calibration

INTEGERS = np.arange(-128, 128)  # what an int8 can be
_MICROVOLTS = np.arange(-32768, 32768)  # what a sample can be
_MOST_BITS = 36  # after the point, on the way from microvolts to integers: the factor has 31 at most


def multiplier(real: float) -> tuple[int, int]:
    """A positive real as (multiplier, shift): real = multiplier * 2**(shift - 31), as TFLite's QuantizeMultiplier."""
    fraction, shift = np.frexp(real)
    whole = int(np.floor(fraction * (1 << 31) + 0.5))
    return (whole // 2, int(shift) + 1) if whole == 1 << 31 else (whole, int(shift))


def divided(real: float, count: int) -> tuple[int, int]:
    """:func:`multiplier` of a real, divided by a count in the way of TFLite's mean."""
    whole, shift = multiplier(real)
    more = min(count.bit_length() - 1, 32, 31 + shift)
    return (whole << more) // count, shift - more


def rescale(values: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Integers times (multiplier, shift), rounded as TFLite's MultiplyByQuantizedMultiplier does."""
    multiplier, shift = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    high = ((values.astype(np.int64) << np.maximum(shift, 0)) * multiplier + (1 << 30)) >> 31
    right = np.maximum(-shift, 0)
    mask = (np.int64(1) << right) - 1
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))


def rescale_once(values: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Integers times (multiplier, shift), rounded once, halves upwards, as TFLite's fully connected layers do."""
    right = 31 - np.asarray(shift, np.int64)
    return (values.astype(np.int64) * np.asarray(multiplier, np.int64) + (np.int64(1) << (right - 1))) >> right


def logistic(logit: Quantization, output: Quantization) -> np.ndarray:
    """int8 (256,): the logistic function of every int8, from -128 on, as TFLite's reference kernel tabulates it."""
    real = np.float32(logit.scale) * (INTEGERS - logit.zero).astype(np.float32)
    value = 1 / (1 + np.exp(-real))
    return np.clip(np.round(value / np.float32(output.scale)) + output.zero, -128, 127).astype(np.int8)


@dataclass(frozen=True)
class Microvolts:
    """Samples in microvolts as integers: q = (uv * factor + offset) >> bits, clipped to int8."""

    factor: int
    offset: int
    bits: int

    def __call__(self, microvolts: np.ndarray) -> np.ndarray:
        """int16 -> int8"""
        wide = microvolts.astype(np.int64) * self.factor + self.offset
        return np.clip(wide >> self.bits, -128, 127).astype(np.int8)


def microvolts(normalization: Normalization, source: Quantization, where: Path) -> Microvolts:
    """Integers for the way that a PC goes in float32, the same for each of the 65,536 values of a sample.

    Raises
    ------
    InputError : there are none, because the line does not fall into the range of a sample or float32 is too coarse
    """
    millivolts = _MICROVOLTS.astype(np.float32) / np.float32(1000)
    wanted = np.clip(np.round(normalization(millivolts) / source.scale) + source.zero, -128, 127).astype(np.int64)
    steps = np.arange(int(wanted[0]) + 1, int(wanted[-1]) + 1)
    first = _MICROVOLTS[np.searchsorted(wanted, steps)]  # the smallest sample of each step
    # a line at or above each step at its first sample, and below it one sample before: two steps bound its slope
    rise, run = steps[None] - steps[:, None], first[None] - 1 - first[:, None]
    slopes = rise / np.where(run == 0, 1, run)
    least, most = slopes[run < 0].max(initial=0), slopes[run > 0].min(initial=np.inf)
    for bits in range(16, _MOST_BITS + 1):
        factor = int(np.floor(least * 2**bits)) + 1
        if least < most < np.inf and factor < most * 2**bits:
            low, high = (steps * 2**bits - first * factor).max(), (steps * 2**bits - (first - 1) * factor).min()
            found = Microvolts(factor, int(low + high) // 2, bits)
            if np.array_equal(found(_MICROVOLTS), wanted):
                return found
    raise InputError(
        "voltages that no integers follow", where=where, expected="steps of a few microvolts within ±32 mV",
        found=f"{1000 * normalization.scale * source.scale:.3g} µV around {normalization.mean:.3g} mV",
        hint="convert the model with another input scale",
    )  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """What the int8 outputs mean.

    Attributes
    ----------
    probability : float32 (256,), calibrated, of every int8 from -128 on
    thresholds : int8 (classes,), outputs from which on a class is found
    """

    probability: np.ndarray
    thresholds: np.ndarray


def answers(output: Quantization, entry: Mapping) -> Answers:
    """Probabilities and thresholds as the manifest's entry of a model gives them.

    Raises
    ------
    InputError : a threshold that no output reaches
    """
    raw = (INTEGERS.astype(np.float32) - output.zero) * np.float32(output.scale)
    probability = calibration.apply_temperature(raw, entry["temperature"])
    thresholds = [np.flatnonzero(probability >= one) for one in entry["thresholds"]]
    if not all(len(one) for one in thresholds):
        raise InputError(
            "a threshold out of reach", where=entry["file"], expected=f"at most {probability.max():.4f}",
            found=max(entry["thresholds"]), hint="fetch models/ again",
        )  # fmt: skip
    lowest = np.array([INTEGERS[one[0]] for one in thresholds], np.int8)
    return Answers(probability.astype(np.float32), lowest)
