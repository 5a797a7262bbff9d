"""Is the C file's every answer the one that other engines give, and how fast is it?

In come a released .tflite file, the C file compiled from it, and inputs; out come counts of differences and times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ecglib.deployment.firmware.graph import Network
from ecglib.deployment.firmware.native import Compiled
from ecglib.evaluation.latency import median_latencies
from ecglib.quiet import silence

REFERENCE = "LiteRT, reference kernels"
ENGINES = (REFERENCE, "LiteRT, optimized kernels", "LiteRT, XNNPACK", "tflite-micro")
_ARENA = 4 * 2**20


def engine(path: Path, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """One of :data:`ENGINES` on one thread: int8 (samples, leads) -> int8 (classes,)."""
    if name == "tflite-micro":
        return _micro(path)
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = {
        REFERENCE: OpResolverType.BUILTIN_REF,
        "LiteRT, optimized kernels": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        "LiteRT, XNNPACK": OpResolverType.BUILTIN,
    }[name]
    with silence():
        ready = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kernels)
        ready.allocate_tensors()
    source, sink = ready.get_input_details()[0]["index"], ready.get_output_details()[0]["index"]

    def classify(record: np.ndarray) -> np.ndarray:
        ready.set_tensor(source, record[None])
        ready.invoke()
        return ready.get_tensor(sink)[0].copy()

    return classify


def _micro(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    from tflite_micro.python.tflite_micro import runtime

    ready = runtime.Interpreter.from_file(str(path), arena_size=_ARENA)

    def classify(record: np.ndarray) -> np.ndarray:
        ready.set_input(record[None], 0)
        ready.invoke()
        return ready.get_output(0)[0].copy()

    return classify


def extremes(network: Network) -> np.ndarray:
    """int8 (n, samples, leads): least and greatest everywhere, in turns over time, over leads, and by halves."""
    low, high = np.int8(-128), np.int8(127)
    time, lead = np.mgrid[: network.samples, : network.leads]
    odd = [time % 2, lead % 2, (time + lead) % 2, time // 4 % 2, time * 2 // network.samples]
    made = [np.zeros_like(time), np.ones_like(time), *odd, *(1 - one for one in odd)]
    return np.stack([np.where(one, high, low) for one in made]).astype(np.int8)


def uniform(network: Network, count: int, seed: int = 0) -> np.ndarray:
    """int8 (count, samples, leads), every value as likely as any other."""
    shape = (count, network.samples, network.leads)
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


def differences(ours: np.ndarray, theirs: np.ndarray, thresholds: Sequence[int]) -> dict[str, int]:
    """How far int8 (n, classes) answers are apart.

    Returns
    -------
    recordings compared and those that differ anywhere, answers that differ, the largest difference in steps of int8,
    and decisions that differ
    """
    apart = ours != theirs
    largest = np.abs(ours.astype(int) - theirs.astype(int)).max(initial=0)
    decided = ((ours >= np.asarray(thresholds)) != (theirs >= np.asarray(thresholds))).sum()
    return {
        "recordings": len(ours), "recordings_that_differ": int(apart.any(axis=1).sum()), "answers": int(apart.sum()),
        "largest": int(largest), "decisions": int(decided),
    }  # fmt: skip


def answers(path: Path, name: str, x: np.ndarray) -> np.ndarray:
    """int8 (n, samples, leads) -> int8 (n, classes), by one of :data:`ENGINES`."""
    classify = engine(path, name)
    return np.stack([classify(one) for one in x])


def times(path: Path, compiled: Compiled, record: np.ndarray, repeats: int = 50) -> dict[str, float]:
    """Median ms of one recording on one thread, of the C file and of LiteRT; they take turns."""
    calls = {name: engine(path, name) for name in ENGINES if name.startswith("LiteRT")}
    turns = {name: (lambda one=one: one(record)) for name, one in calls.items()}
    return median_latencies({"C": lambda: compiled.classify_int8(record[None]), **turns}, repeats)
