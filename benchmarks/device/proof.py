"""Comparison of the C file with LiteRT's reference kernels: inputs, their outputs, and counts of differences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecglib.quiet import silence
from ecgpredict.firmware.graph import Network


def outputs(path: Path, x: np.ndarray) -> np.ndarray:
    """int8 (n, samples, leads) -> int8 (n, classes), computed by LiteRT's reference kernels."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    with silence():
        interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]["index"]
    rows = []
    for recording in x:
        interpreter.set_tensor(source["index"], recording.reshape(source["shape"]))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(sink)[0].copy())
    return np.stack(rows)


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
    decisions_that_differ : outputs that are on different sides of their threshold
    """
    apart = ours != theirs
    decided = ((ours >= np.asarray(thresholds)) != (theirs >= np.asarray(thresholds))).sum()
    return {
        "recordings": len(ours),
        "recordings_that_differ": int(apart.any(axis=1).sum()),
        "outputs_that_differ": int(apart.sum()),
        "decisions_that_differ": int(decided),
    }
