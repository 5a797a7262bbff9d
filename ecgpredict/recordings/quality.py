"""Warnings about a recording's signal quality, judged in the same windows of ten seconds that the models classify."""

from dataclasses import dataclass

import numpy as np

from ecgpredict.recordings import arm_reversal
from ecgpredict.recordings.raw import Recording
from ecgpredict.recordings.resampling import WINDOW_S, fill_gaps, window_starts
from ecgpredict.spec import INDEPENDENT_LEADS, LEADS, positions

FLAT_MV = 0.01  # range of a lead's values, without the lowest and highest 1 %
CLIPPED_MIN_RANGE_MV = 0.05  # a lead that hardly moves is flat, not clipped
EINTHOVEN_MV = 0.1  # 95th percentile of the deviation from a law, after its median is removed
CLIPPED_S, CLIPPED_TIMES = 0.03, 5
CONSTANT_S = 1.0
# The largest range (as of FLAT_MV) of a limb lead and of any lead, and the smallest of the largest lead.
# benchmarks/quality.py has their distribution on PTB-XL and LUDB, and how often each warning is a false alarm.
LIMB_MAX_MV, ANY_MAX_MV, LARGEST_MIN_MV = 4.2, 9.7, 0.77
EQUAL_RANGES = 1e-3  # relative
LAWS = ("I + III = II (Einthoven)", "aVR + aVL + aVF = 0 (Goldberger)", "aVR = -(I + II) / 2")


@dataclass(frozen=True)
class _Window:
    """Findings in one window: bool (12,) per lead and (3,) per law, ranges (12,) in mV, and the score of the arms."""

    missing: np.ndarray
    flat: np.ndarray
    constant: np.ndarray
    clipped: np.ndarray
    ranges: np.ndarray
    broken: np.ndarray
    arms: float


def quality_warnings(recording: Recording) -> list[str]:
    """Reasons to distrust a recording.

    What reading it noted; missing samples, leads that are flat, constant for a second or clipped; amplitudes that
    suggest a wrong unit or gain, or a normalized recording; limb leads that break the laws between them; and left and
    right arm electrodes that seem to be swapped (:mod:`.arm_reversal`). A warning that does not apply to every window
    of a long recording states in how many it was found; swapped electrodes are judged over all windows together.
    With fewer than twelve leads, rules that need the others find nothing: comparisons with NaN are false.
    """
    signal, missing = fill_gaps(recording.signal), np.isnan(recording.signal) & ~recording.absent
    length = min(len(signal), round(WINDOW_S * recording.rate))
    judged = [
        _judge(np.ascontiguousarray(signal[start:][:length].T), missing[start:][:length].any(axis=0), recording.rate)
        for start in window_starts(len(signal), length)
    ]
    found = list(recording.notes)
    for text, attribute in (
        ("missing samples, interpolated", "missing"),
        ("flat", "flat"),
        (f"constant for {CONSTANT_S:g} s or more", "constant"),
        ("clipped", "clipped"),
    ):
        marked = np.stack([getattr(window, attribute) for window in judged])
        if marked.any():
            leads = " ".join(np.asarray(LEADS)[marked.any(axis=0)])
            found.append(f"{text}: {leads}{_how_often(marked.any(axis=1))}")
    found += _amplitudes(np.stack([window.ranges for window in judged]))
    if normalized(signal):
        found.append("equal ranges in all leads: normalized? the models take millivolts")
    broken = np.stack([window.broken for window in judged])
    for law, windows in zip(LAWS, broken.T):
        if windows.any():
            found.append(f"limb leads violate {law}: leads swapped or mislabeled?{_how_often(windows)}")
    if not broken.any() and np.median([window.arms for window in judged]) < arm_reversal.THRESHOLD:
        found.append("left and right arm electrodes swapped, or dextrocardia?")
    return found


def _amplitudes(ranges: np.ndarray) -> list[str]:
    """Warnings about ranges (windows, 12) in mV that hardly occur with the right unit and gain."""
    low = ranges.max(axis=1) < LARGEST_MIN_MV  # of twelve leads
    ranges = np.nan_to_num(ranges)
    limb, largest = ranges[:, :6].max(axis=1), ranges.max(axis=1)
    high = (limb > LIMB_MAX_MV) | (largest > ANY_MAX_MV)
    return [
        f"unusually {size} amplitudes, up to {peak:g} mV: wrong unit or gain?{_how_often(marked)}"
        for size, marked, peak in (("high", high, _rounded(largest.max())), ("low", low, _rounded(largest.min())))
        if marked.any()
    ]


def _rounded(millivolts: float) -> float:
    return float(f"{millivolts:.2g}")


def normalized(signal: np.ndarray) -> bool:
    """Whether the measured leads of a signal (samples, 12), three or more, have one range or one standard deviation."""
    measured = signal[:, positions(INDEPENDENT_LEADS)]
    measured = measured[:, ~np.isnan(measured).any(axis=0)]
    if measured.shape[1] < 3:
        return False  # two may be equal by chance
    for spread in (np.ptp(measured, axis=0), measured.std(axis=0)):
        if spread.min() > FLAT_MV and np.ptp(spread) < EQUAL_RANGES * spread.max():
            return True
    return False


def _how_often(windows: np.ndarray) -> str:
    return "" if windows.all() else f" (in {windows.sum()} of {len(windows)} windows)"


def _judge(leads: np.ndarray, missing: np.ndarray, rate: float) -> _Window:
    """Judge one window, leads (12, samples) in mV."""
    low, high = _quantiles(leads, 0.01, 0.99)
    flat = high - low < FLAT_MV
    one, two, three, avr, avl, avf = leads[:6]
    residuals = np.stack([one + three - two, avr + avl + avf, avr + (one + two) / 2])
    (median,) = _quantiles(residuals, 0.5)
    (spread,) = _quantiles(np.abs(residuals - median[:, None]), 0.95)
    arms = 1.0 if flat[[0, 1]].any() or flat[arm_reversal.CHEST].any() else arm_reversal.score(leads, rate)
    clipped = _clipped(leads, rate) & ~flat
    return _Window(missing, flat, _constant(leads, rate) & ~flat, clipped, high - low, spread > EINTHOVEN_MV, arms)


def _quantiles(leads: np.ndarray, *fractions: float) -> list[np.ndarray]:
    """Quantiles of each row without interpolation: several times as fast as numpy.quantile."""
    ordered = np.sort(leads, axis=1)
    return [ordered[:, round(fraction * (leads.shape[1] - 1))] for fraction in fractions]


def _constant(leads: np.ndarray, rate: float) -> np.ndarray:
    """bool (12,): whether a lead keeps exactly one value for CONSTANT_S or more."""
    length = round(CONSTANT_S * rate) - 1  # steps
    still = np.cumsum(np.diff(leads, axis=1, prepend=np.nan) == 0, axis=1, dtype=np.int32)
    return (still[:, length:] - still[:, :-length] >= length).any(axis=1)


def _clipped(leads: np.ndarray, rate: float) -> np.ndarray:
    """bool (12,): whether a lead stays at its minimum or maximum for 30 ms or more, five times or more."""
    length = max(2, round(CLIPPED_S * rate))
    low, high = leads.min(axis=1, keepdims=True), leads.max(axis=1, keepdims=True)
    at_limit = (leads >= high - 1e-6) | (leads <= low + 1e-6)
    found = (at_limit.sum(axis=1) >= CLIPPED_TIMES * length) & ((high - low)[:, 0] > CLIPPED_MIN_RANGE_MV)
    for lead in np.flatnonzero(found):  # long enough in total: now check the individual runs
        runs = np.diff(np.flatnonzero(np.diff(at_limit[lead].astype(int), prepend=0, append=0)))[::2]
        found[lead] = (runs >= length).sum() >= CLIPPED_TIMES
    return found
