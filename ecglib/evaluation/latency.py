"""How long calls take beside each other, and how many times as fast one is as another, with intervals.

In come calls without arguments; out comes a table of medians. A round times every call once, in an order drawn anew,
each after warming up on its own: what ran before it leaves its data in the processor's caches, and a call that is
always timed after the largest network would look slow. A slow spell of the machine falls on whole rounds, so that
ratios are taken within rounds. What is measured is the time that the calling thread computes, so that other programs on
the machine do not count, which by the clock would slow down long calls more than short ones. On an idle machine both
are equal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.stats import quantile_test

from ecglib.errors import InputError

COLUMNS = ("ms", "low", "high", "ratio", "ratio_low", "ratio_high")
_N_WARM_UP = 3  # calls before each one that is timed
_LEVEL = 0.95


def measure_latencies(
    calls: Mapping[str, Callable[[], object]], n_timing_runs: int, *,
    reference: str | Mapping[str, str] | None = None, seed: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Median time of each call in ms, and how many times as fast as its reference it is.

    Parameters
    ----------
    calls : {name: call without arguments, which computes in the thread that calls it}
    n_timing_runs : rounds; fewer than 6 give no interval narrower than all that was measured
    reference : the call that all ratios refer to, or one for each name; names left out have no ratio
    seed : of the order within rounds

    Returns
    -------
    DataFrame, one row per name in the order given, with ms, low, high (median and its interval), ratio, ratio_low and
    ratio_high (median over rounds of the reference's time divided by the call's own, and its interval; NaN without a
    reference). The 95 % intervals are those of the sign test: they assume nothing about how times are distributed.

    Raises
    ------
    InputError : no round, or a reference that is not timed
    """
    references = dict.fromkeys(calls, reference) if isinstance(reference, str) else dict(reference or {})
    if unknown := [name for name in (*references, *references.values()) if name not in calls]:
        raise InputError(
            "unknown reference", where="latency", expected=f"one of {', '.join(calls)}", found=unknown[0],
            hint="time it together with the others",
        )  # fmt: skip
    if n_timing_runs < 1:
        raise InputError(
            "no timing runs", where="latency", expected="1 or more", found=n_timing_runs, hint="give n_timing_runs"
        )
    milliseconds = _time_rounds(calls, n_timing_runs, seed)
    rows = {}
    for name, own in milliseconds.items():
        ratio = milliseconds[references[name]] / own if name in references else None
        rows[name] = (*_median(own), *((np.nan,) * 3 if ratio is None else _median(ratio)))
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS)).rename_axis("name")


def _time_rounds(calls: Mapping[str, Callable[[], object]], n_rounds: int, seed: int) -> dict[str, np.ndarray]:
    """{name: ms in each round}."""
    names, rng = list(calls), np.random.default_rng(seed)
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
    """Median and its 95 % interval by the sign test; the range where there are too few values for one."""
    interval = quantile_test(values, q=np.median(values), p=0.5).confidence_interval(_LEVEL)
    low, high = np.nan_to_num(interval.low, nan=values.min()), np.nan_to_num(interval.high, nan=values.max())
    return float(np.median(values)), float(low), float(high)
