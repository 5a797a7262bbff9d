"""Comparison of the C file with other inference engines: equality of outputs, and latency on this computer.

Input: a released .tflite file, the C file compiled from it, and inputs. Output: counts of differences, and times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from device.native import CompiledModel

from ecglib.evaluation.latency import measure_latencies
from ecglib.quiet import silence
from ecgpredict.firmware.graph import Network

C_FILE = "C"
REFERENCE = "LiteRT, reference kernels"
XNNPACK = "LiteRT, XNNPACK"
TFLITE_MICRO = "tflite-micro"
ENGINES = (REFERENCE, "LiteRT, optimized kernels", XNNPACK, TFLITE_MICRO)
_ARENA = 4 * 2**20  # bytes, more than any released model needs


def load_engine(path: Path, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """One of :data:`ENGINES`, computing in the calling thread: int8 (samples, leads) -> int8 (classes,)."""
    if name == TFLITE_MICRO:
        return _load_tflite_micro(path)
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = {
        REFERENCE: OpResolverType.BUILTIN_REF,
        "LiteRT, optimized kernels": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        XNNPACK: OpResolverType.BUILTIN,
    }[name]
    with silence():
        interpreter = Interpreter(str(path), num_threads=1, experimental_op_resolver_type=kernels)
        interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]["index"]

    def classify(recording: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source["index"], recording.reshape(source["shape"]))
        interpreter.invoke()
        return interpreter.get_tensor(sink)[0].copy()

    return classify


def _load_tflite_micro(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_file(str(path), arena_size=_ARENA)

    def classify(recording: np.ndarray) -> np.ndarray:
        interpreter.set_input(recording[None, None], 0)
        interpreter.invoke()
        return interpreter.get_output(0)[0].copy()

    return classify


def extreme_inputs(network: Network) -> np.ndarray:
    """int8 (n, samples, leads) of -128 and 127 only: constant, alternating over time and leads, and a single step."""
    low, high = np.int8(-128), np.int8(127)
    time, lead = np.mgrid[: network.samples, : network.leads]
    odd = [time % 2, lead % 2, (time + lead) % 2, time // 4 % 2, time * 2 // network.samples]
    patterns = [np.zeros_like(time), np.ones_like(time), *odd, *(1 - one for one in odd)]
    return np.stack([np.where(one, high, low) for one in patterns]).astype(np.int8)


def random_inputs(network: Network, count: int, seed: int = 0) -> np.ndarray:
    """int8 (count, samples, leads), uniformly distributed."""
    shape = (count, network.samples, network.leads)
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


def compare_outputs(ours: np.ndarray, theirs: np.ndarray, thresholds: Sequence[int]) -> dict[str, int]:
    """Count the differences between two int8 (n, classes) arrays of outputs.

    Returns
    -------
    recordings : number compared
    recordings_that_differ : in at least one output
    outputs_that_differ : single outputs
    largest_difference : in quantization steps
    decisions_that_differ : outputs that are on different sides of their threshold
    """
    apart = ours != theirs
    largest = np.abs(ours.astype(int) - theirs.astype(int)).max(initial=0)
    decided = ((ours >= np.asarray(thresholds)) != (theirs >= np.asarray(thresholds))).sum()
    return {
        "recordings": len(ours),
        "recordings_that_differ": int(apart.any(axis=1).sum()),
        "outputs_that_differ": int(apart.sum()),
        "largest_difference": int(largest),
        "decisions_that_differ": int(decided),
    }


def outputs(path: Path, name: str, x: np.ndarray) -> np.ndarray:
    """int8 (n, samples, leads) -> int8 (n, classes), computed by one of :data:`ENGINES`."""
    classify = load_engine(path, name)
    return np.stack([classify(one) for one in x])


def latencies(path: Path, compiled: CompiledModel, recording: np.ndarray, n_timing_runs: int = 50) -> pd.DataFrame:
    """Time per recording of the C file and of LiteRT, in the columns of :func:`measure_latencies`.

    The ratio of the C file refers to LiteRT's reference kernels, those of LiteRT's faster kernels to the C file.

    Parameters
    ----------
    recording : int8 (samples, leads)
    """
    engines = {name: load_engine(path, name) for name in ENGINES if name != TFLITE_MICRO}
    calls = {name: (lambda engine=engine: engine(recording)) for name, engine in engines.items()}
    references = {name: C_FILE for name in engines if name != REFERENCE} | {C_FILE: REFERENCE}
    own = {C_FILE: lambda: compiled.classify_int8(recording[None])}
    return measure_latencies(own | calls, n_timing_runs, reference=references)
