"""Latencies of calls timed in one session, and their speedups over a reference, with intervals.

Each round times every call once, in random order and after its own warm-up: the call before it leaves its data in the
processor's caches, so a call that is always timed after the largest network would look slow. Slow periods of the
machine affect whole rounds, so ratios are computed within rounds. The CPU time of the calling thread is measured, not
the wall-clock time, so that other programs on the machine do not count; in wall-clock time they would slow down long
calls more than short ones. On an idle machine both are equal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.stats import quantile_test

COLUMNS = ("ms", "low", "high", "ratio", "ratio_low", "ratio_high")
_N_WARM_UP = 3  # calls before each timed one
_LEVEL = 0.95


def measure_latencies(
    calls: Mapping[str, Callable[[], object]],
    n_timing_runs: int,
    *,
    reference: str | Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Median ms of calls {name: call in this thread}, and their speedups over a reference, one for all or one by name.

    Returns
    -------
    DataFrame, one row per name in the order given, with ms, low, high (median and its interval), ratio, ratio_low and
    ratio_high (median over rounds of the reference's time divided by the call's own, and its interval; NaN without a
    reference). The 95 % intervals are those of the sign test, which makes no assumption about the distribution; with
    fewer than 6 rounds they are the whole range.
    """
    references = dict.fromkeys(calls, reference) if isinstance(reference, str) else dict(reference or {})
    milliseconds = _time_rounds(calls, n_timing_runs)
    rows = {}
    for name, own in milliseconds.items():
        ratio = milliseconds[references[name]] / own if name in references else None
        rows[name] = (*_median(own), *((np.nan,) * 3 if ratio is None else _median(ratio)))
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).rename_axis("name")


def _time_rounds(calls: Mapping[str, Callable[[], object]], n_rounds: int) -> dict[str, np.ndarray]:
    """{name: times in ms, one per round}."""
    names, rng = list(calls), np.random.default_rng(0)
    seconds = np.empty((n_rounds, len(names)))
    for one_round in seconds:
        for index in rng.permutation(len(names)):
            call = calls[names[index]]
            for _ in range(_N_WARM_UP):
                call()
            start = time.thread_time()
            call()
            one_round[index] = time.thread_time() - start
    return dict(zip(names, seconds.T * 1e3))


def _median(values: np.ndarray) -> tuple[float, float, float]:
    """Median and its 95 % interval by the sign test; the range if there are too few values for an interval."""
    interval = quantile_test(values, q=np.median(values), p=0.5).confidence_interval(_LEVEL)
    low, high = np.nan_to_num(interval.low, nan=values.min()), np.nan_to_num(interval.high, nan=values.max())
    return float(np.median(values)), float(low), float(high)
