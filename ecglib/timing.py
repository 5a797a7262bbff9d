"""How long things take, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

_WARM_UP = 10  # first turns, which are left out


def turns(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median time of each call, in ms.

    The calls take turns, so that a slow spell of the machine falls on all of them alike.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + _WARM_UP):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= _WARM_UP:
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(values)) * 1e3 for name, values in times.items()}
