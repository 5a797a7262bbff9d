"""Values of the front end's templates: the filter of `predict` as integers, and the limits of its quality warnings."""

from collections.abc import Container, Sequence

import numpy as np

from ecgpredict.recordings import quality
from ecgpredict.recordings.resampling import low_pass
from ecgpredict.spec import INDEPENDENT_LEADS, LEADS, N_SAMPLES, SAMPLING_RATE

RATES = (500, 250)  # Hz of the converter; 250 Hz takes every other tap of the filter at 500 Hz
BITS = 16  # fraction bits of the taps
# in fixed point, from I and II, which are then the first two inputs
_COMPUTED = {
    "III": "values[1] - values[0]",
    "aVR": "-((values[0] + values[1]) >> 1)",
    "aVL": "values[0] - (values[1] >> 1)",
    "aVF": "values[1] - (values[0] >> 1)",
}


def inputs(leads: Sequence[str]) -> list[str]:
    """The leads that a converter measures for these."""
    measured = {"I", "II"} if set(leads) & set(_COMPUTED) else set()
    return [lead for lead in INDEPENDENT_LEADS if lead in measured | set(leads)]


def template_values(leads: Sequence[str] = LEADS) -> dict:
    """Values of the names in ``ecg_front.h`` and ``ecg_front.c``; times in s, amplitudes in µV."""
    fast, down = RATES[0], RATES[0] // SAMPLING_RATE
    real = low_pass(fast)
    taps, half = _integers(real * 2**BITS), len(real) // 2
    rows = [", ".join(map(str, taps[start : start + 15])) for start in range(0, len(taps), 15)]
    # III is the difference of two leads. Both are off by the rounding of their inputs, of which each sample's is taken
    # back by the next one, and by that of the taps; the sums lose less than 2^-8 each, and so does an offset.
    fixed = 0.5 + 2 * (0.5 * _largest_gain(taps / 2**BITS, differences=True) + 2.0**-7)
    measured = inputs(leads)
    return {
        "leads": list(leads),
        "inputs": measured,
        "computed": [lead for lead in leads if lead in _COMPUTED],
        "expressions": [_COMPUTED.get(lead) or f"values[{measured.index(lead)}]" for lead in leads],
        "bits_of_inputs": [_bits(leads, [lead]) for lead in measured],
        "computed_bits": _bits(leads, _COMPUTED),
        "limb_bits": _bits(leads, LEADS[:6]),
        "rate": SAMPLING_RATE,
        "samples": N_SAMPLES,
        "delay": half / fast,
        "fixed": np.ceil(10 * fixed) / 10,
        "relative": np.ceil(1e4 * 2 * _largest_gain(taps / 2**BITS - real)) / 1e4,
        "taps": taps,
        "lines": "\n".join(f"    {row}," for row in rows),
        "bits": BITS,
        "down": down,
        "open": 2 * half // down + 1,
        "early": half // down,
        "phase": half % down,
        "extremes": round(0.01 * (N_SAMPLES - 1)) + 1,  # as quality's quantiles
        "constant_s": round(quality.CONSTANT_S),
        "clipped": {rate: max(2, round(quality.CLIPPED_S * rate)) for rate in RATES},
        "clipped_ms": round(1000 * quality.CLIPPED_S),
        "clipped_times": quality.CLIPPED_TIMES,
        "clipped_range": round(1000 * quality.CLIPPED_MIN_RANGE_MV),
        "flat": round(1000 * quality.FLAT_MV),
        "limb_max": round(1000 * quality.LIMB_MAX_MV),
        "any_max": round(1000 * quality.ANY_MAX_MV),
        "largest_min": round(1000 * quality.LARGEST_MIN_MV),
    }


def _bits(leads: Sequence[str], chosen: Container[str]) -> int:
    """A bit for each lead that is among the chosen ones."""
    return sum(1 << bit for bit, lead in enumerate(leads) if lead in chosen)


def _integers(taps: np.ndarray) -> np.ndarray:
    """Taps rounded so that the sum is that of the real ones, also of every other tap: a constant stays as it is."""
    rounded = np.round(taps).astype(int)
    for each in (slice(0, None, 2), slice(1, None, 2)):
        rest = taps[each] - rounded[each]
        missing = round(rest.sum())
        nearest = np.argsort(-np.sign(missing) * rest)[: abs(missing)]
        rounded[each][nearest] += np.sign(missing)
    return rounded


def _largest_gain(taps: np.ndarray, differences: bool = False) -> float:
    """The largest output at either rate for inputs of at most 1, or for their differences from sample to sample."""
    filters = [step * taps[phase::step] for step in (1, 2) for phase in range(step)]
    return max(np.abs(np.diff(each, prepend=0, append=0) if differences else each).sum() for each in filters)
