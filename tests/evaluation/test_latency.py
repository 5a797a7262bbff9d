"""Latencies: order, warm-up, ratios within rounds, and intervals."""

import numpy as np
import pytest

from ecglib.evaluation import latency
from ecglib.evaluation.latency import measure_latencies


@pytest.fixture
def clock(monkeypatch):
    """A clock that the timed calls move forward."""

    class Clock:
        now = 0.0

        def takes(self, seconds):
            def call():
                self.now += seconds() if callable(seconds) else seconds

            return call

    made = Clock()
    monkeypatch.setattr(latency.time, "thread_time", lambda: made.now)
    return made


def test_a_call_twice_as_slow_takes_twice_the_time_at_half_the_ratio(clock):
    table = measure_latencies({"float32": clock.takes(0.002), "int8": clock.takes(0.001)}, 9, reference="float32")
    assert list(table.index) == ["float32", "int8"]
    assert table["ms"].tolist() == pytest.approx([2, 1])
    assert table["ratio"].tolist() == pytest.approx([1, 2])


def test_the_warm_up_is_not_timed(clock):
    calls = []

    def cold_first():
        """Slow if another call came before it."""
        calls.append("a")
        clock.now += 0.1 if calls[-2:-1] != ["a"] else 0.001

    def other():
        calls.append("b")
        clock.now += 0.001

    table = measure_latencies({"a": cold_first, "b": other}, 20)
    assert table["ms"].tolist() == pytest.approx([1, 1])


def test_the_order_within_rounds_varies():
    order = []
    names = ("a", "b", "c")
    measure_latencies({name: lambda name=name: order.append(name) for name in names}, 12)
    rounds = {tuple(dict.fromkeys(part)) for part in np.array(order).reshape(12, -1).tolist()}
    assert len(rounds) > 3
    assert all(sorted(one) == list(names) for one in rounds)


def test_slow_periods_of_the_machine_cancel_in_the_ratio(clock):
    """The machine's speed changes from round to round; all calls of a round have the same speed."""
    rng = np.random.default_rng(0)
    speeds = np.repeat(rng.uniform(0.5, 3, 50), 2 * (latency._N_WARM_UP + 1))
    position = iter(range(len(speeds)))
    calls = {
        name: clock.takes(lambda factor=factor: factor * speeds[next(position)])
        for name, factor in (("slow", 3.0), ("fast", 1.0))
    }
    table = measure_latencies(calls, 50, reference="slow")
    assert table.loc["fast", ["ratio", "ratio_low", "ratio_high"]].tolist() == pytest.approx([3, 3, 3])
    assert table.loc["fast", "high"] > 1.2 * table.loc["fast", "low"]


def test_95_percent_of_intervals_cover_the_median():
    rng = np.random.default_rng(1)
    found = [latency._median(rng.lognormal(0, 1, 31)) for _ in range(500)]
    assert 0.93 <= np.mean([low <= 1 <= high for _, low, high in found]) <= 0.99


def test_each_call_may_have_a_reference_of_its_own(clock):
    calls = {name: clock.takes(seconds) for name, seconds in (("a", 4), ("a8", 1), ("b", 6), ("b8", 2))}
    table = measure_latencies(calls, 3, reference={"a8": "a", "b8": "b"})
    assert table.loc[["a8", "b8"], "ratio"].tolist() == pytest.approx([4, 3])
    assert table.loc[["a", "b"], ["ratio", "ratio_low", "ratio_high"]].isna().all(axis=None)


def test_few_rounds_give_the_range(clock):
    seconds = iter([1.0] * 4 + [2.0] * 4 + [5.0] * 4)
    table = measure_latencies({"one": clock.takes(lambda: next(seconds))}, 3)
    assert table.loc["one", ["ms", "low", "high"]].tolist() == pytest.approx([2000, 1000, 5000])
