"""Processing many items, whatever a single one does."""

import os
import time

import pytest

from ecgpredict import batches


def double(items):
    return [2 * item for item in items]


def test_results_come_in_the_order_of_the_items():
    items = list(range(100))
    assert list(batches.run(double, items, 1, None)) == double(items)
    assert list(batches.run(double, items, 2, None)) == double(items)


def test_an_item_that_kills_its_process_is_lost_alone():
    def task(items):
        if 37 in items:
            os._exit(1)
        return [2 * item for item in items]

    found = list(batches.run(task, list(range(70)), 2, lambda item, reason: (item, reason)))
    assert [one for one in found if not isinstance(one, tuple)] == [2 * i for i in range(70) if i != 37]
    assert found[37][0] == 37 and "died" in found[37][1]


def test_an_endless_loop_ends_at_the_time_limit():
    with pytest.raises(batches.TimeLimitExceeded), batches.limits(0.2):
        while True:
            try:
                sum(range(100))
            except Exception:  # a parser that catches every exception cannot continue
                continue


def test_work_within_the_limit_is_not_interrupted():
    with batches.limits(0.2):
        pass
    time.sleep(0.3)


def allocate(items):
    try:
        with batches.limits(memory=500_000_000):
            return [bytes(item) and "done" for item in items]
    except MemoryError:
        return ["refused"] * len(items)


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the limit on memory needs Linux")  # noqa: PTH110
def test_memory_beyond_the_limit_is_refused():
    assert list(batches.run(allocate, [1000, 2_000_000_000], 2, None)) == ["done", "refused"]
