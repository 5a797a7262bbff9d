"""Fixed-point arithmetic as in TensorFlow Lite's reference kernels.

A product with a real factor is computed as a product with a 32-bit integer and a shift (Jacob et al. 2018). The kernels
round it twice in convolutions and means and once in fully connected layers; tests compare each rule with the kernel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.firmware.graph import Quantization
from ecgpredict.spec import Normalization, apply_temperature

INTEGERS = np.arange(-128, 128)  # all values of int8
_MICROVOLTS = np.arange(-32768, 32768)  # all values of a sample
_MOST_BITS = 36  # fraction bits of the microvolt factor, which itself has at most 31 bits


def multiplier(real: float) -> tuple[int, int]:
    """A positive real as (multiplier, shift): real = multiplier * 2**(shift - 31), as TFLite's QuantizeMultiplier."""
    fraction, shift = np.frexp(real)
    whole = int(np.floor(fraction * (1 << 31) + 0.5))
    return (whole // 2, int(shift) + 1) if whole == 1 << 31 else (whole, int(shift))


def mean_multiplier(real: float, count: int) -> tuple[int, int]:
    """:func:`multiplier` of a real, divided by a count as in TFLite's mean over `count` values."""
    whole, shift = multiplier(real)
    more = min(count.bit_length() - 1, 32, 31 + shift)
    return (whole << more) // count, shift - more


def rescale(values: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Integers times (multiplier, shift), rounded twice as in TFLite's MultiplyByQuantizedMultiplier."""
    multiplier, shift = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    high = ((values.astype(np.int64) << np.maximum(shift, 0)) * multiplier + (1 << 30)) >> 31
    right = np.maximum(-shift, 0)
    mask = (np.int64(1) << right) - 1
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))


def rescale_once(values: np.ndarray, multiplier: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Integers times (multiplier, shift), rounded once, ties upwards, as in TFLite's fully connected layers."""
    right = 31 - np.asarray(shift, np.int64)
    return (values.astype(np.int64) * np.asarray(multiplier, np.int64) + (np.int64(1) << (right - 1))) >> right


def logistic_table(logit: Quantization, output: Quantization) -> np.ndarray:
    """int8 (256,): the logistic function of every int8 value from -128 on, as in TFLite's reference kernel."""
    real = np.float32(logit.scale) * (INTEGERS - logit.zero).astype(np.float32)
    value = 1 / (1 + np.exp(-real))
    return np.clip(np.round(value / np.float32(output.scale)) + output.zero, -128, 127).astype(np.int8)


@dataclass(frozen=True)
class MicrovoltQuantizer:
    """Quantization of samples in microvolts: q = (clip(uv, low, high) * factor + offset) >> bits, which is int8."""

    factor: int
    offset: int
    bits: int
    low: int
    high: int

    @property
    def narrow(self) -> bool:
        """Whether 32 bits hold every product."""
        return max(-self.low, self.high) * self.factor + abs(self.offset) < 2**31

    def __call__(self, microvolts: np.ndarray) -> np.ndarray:
        """int16 -> int8."""
        wide = np.clip(microvolts.astype(np.int64), self.low, self.high) * self.factor + self.offset
        return (wide >> self.bits).astype(np.int8)


def microvolt_quantizer(normalization: Normalization, source: Quantization, where: Path) -> MicrovoltQuantizer:
    """Integer constants that reproduce the float32 quantization of a PC for all 65,536 values of a sample.

    Parameters
    ----------
    normalization : of samples in mV
    source : quantization of the network's input
    where : the model file, for error messages

    Raises
    ------
    InputError : no such constants exist, since the input range is outside ±32 mV or float32 is too coarse for it
    """
    millivolts = _MICROVOLTS.astype(np.float32) / np.float32(1000)
    wanted = np.clip(np.round(normalization(millivolts) / source.scale) + source.zero, -128, 127).astype(np.int64)
    steps = np.arange(int(wanted[0]) + 1, int(wanted[-1]) + 1)
    first = _MICROVOLTS[np.searchsorted(wanted, steps)]  # the smallest sample of each step
    # The line must reach each step at its first sample but not one sample before: every two steps bound its slope.
    rise, run = steps[None] - steps[:, None], first[None] - 1 - first[:, None]
    slopes = rise / np.where(run == 0, 1, run)
    least, most = slopes[run < 0].max(initial=0), slopes[run > 0].min(initial=np.inf)
    for bits in range(16, _MOST_BITS + 1):
        factor = int(np.floor(least * 2**bits)) + 1
        if least < most < np.inf and factor < most * 2**bits:
            low, high = (steps * 2**bits - first * factor).max(), (steps * 2**bits - (first - 1) * factor).min()
            found = MicrovoltQuantizer(factor, int(low + high) // 2, bits, int(first[0]) - 1, int(first[-1]))
            if np.array_equal(found(_MICROVOLTS), wanted):
                return found
    what, expected = "no integer quantization of microvolts", "steps of a few microvolts within ±32 mV"
    found = f"{1000 * normalization.scale * source.scale:.3g} µV around {normalization.mean:.3g} mV"
    hint = "convert the model with another input scale"
    raise InputError(what, where=where, expected=expected, found=found, hint=hint)


def output_tables(output: Quantization, entry: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Interpretation of the int8 outputs, from a model's entry in the manifest.

    Returns
    -------
    float32 (256,), the calibrated probability of every int8 value from -128 on; int16 (classes,), the thresholds: a
    class is predicted if its output is at least its threshold, which is 128 for a class that has none
    """
    raw = (INTEGERS.astype(np.float32) - output.zero) * np.float32(output.scale)
    probability = apply_temperature(raw, entry["temperature"])
    # thresholds that were fitted to such a file are among its probabilities, up to the last bit
    bounds = np.array(entry["thresholds"], float)
    thresholds = [np.append(INTEGERS[probability >= bound - 1e-9], 128)[0] for bound in bounds]
    return probability.astype(np.float32), np.array(thresholds, np.int16)
