"""Measures the firmware: equality with LiteRT's reference kernels, memory, and instructions on emulated processors.

`python benchmarks/firmware.py [FILE.tflite…]` writes results/full/firmware.json, the source of the numbers on the
book's page on microcontrollers: the released models and further files, as those of chapter 8 in
artifacts/full/frontier, beside files that were measured before. It needs PTB-XL, a C compiler, CMake, and Debian's
gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from device import boards, emulation, native, proof

from ecglib.compression import tflite_micro
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.metrics import macro_auc
from ecglib.study import results
from ecglib.study.paths import Paths
from ecglib.study.study import open_study
from ecgpredict import firmware, released
from ecgpredict.firmware import c_source, golden, graph, plan

N_EMULATED = 10  # recordings of fold 10 on the emulated processors
N_RANDOM = 1000
RESULT = "firmware"
BUILDS = [(cpu, optimization) for cpu in emulation.BOARDS for optimization in ("-O2", "-Os")]


def measure(model: str | Path, work: Path, data) -> dict:
    """All figures of one model: a released one's name, or a file.

    Parameters
    ----------
    data : records of folds 9 and 10
    """
    microvolts = data.signals[data.rows]
    test = (data.table["fold"] == TEST_FOLD).to_numpy()
    folder = firmware.write(model, work)
    path, entry = firmware.described(model)
    network = graph.read(path)
    planned = plan.plan_memory(network, path)
    values = c_source.template_values(network, planned, entry, path.stem, path)
    compiled = native.CompiledModel(folder, work / "native")
    outputs = compiled.classify(microvolts)
    rows = [emulate(folder, compiled, cpu, level, microvolts[test][:N_EMULATED]) for cpu, level in BUILDS]
    fast = next(row for row in rows if (row["cpu"], row["optimization"]) == ("cortex-m4", "-O2"))
    return {
        "file_bytes": path.stat().st_size,
        "sha256": entry["sha256"],
        "auc": float(macro_auc(data.labels[test] > 0, compiled.probability(outputs)[test])),
        "weight_bytes": values["weight_bytes"],
        "arena": planned.arena,
        "stream": planned.stream,
        "hop": planned.hop,
        "macs": planned.macs,
        "layers": [
            {"taps": layer.taps, "inputs": layer.inputs, "window": layer.capacity, "columns": layer.passed}
            for layer in planned.layers
        ],
        "channels": planned.layers[-1].outputs,
        "tflite_micro_arena": tflite_micro.footprint(path).arena_bytes,
        "emulated": rows,
        "equality": equality(path, network, compiled, values, {"folds": values["quantizer"](microvolts)}, outputs),
        "estimates": {
            "milliseconds": {str(clock): boards.milliseconds(fast["instructions"], clock) for clock in boards.CLOCKS},
            "push_milliseconds": {str(clock): boards.milliseconds(fast["largest"], clock) for clock in boards.CLOCKS},
            "millijoules": boards.millijoules(fast["instructions"]),
            "stream_milliwatts": boards.millijoules(fast["stream_instructions_per_second"]),
        },
        "boards": {
            device: boards.fits(fast["flash"], planned.stream + fast["stack"], device) for device in boards.DEVICES
        },
    }


def emulate(folder: Path, compiled: native.CompiledModel, cpu: str, optimization: str, microvolts: np.ndarray) -> dict:
    """Memory, instructions and differences from this computer on one processor."""
    target = folder / f"build-{cpu}{optimization}"
    program = emulation.build(folder, target, cpu, optimization)
    golden.write(target / "recordings.bin", microvolts)
    single = emulation.classify(program, target / "recordings.bin", cpu)
    stream = emulation.stream(program, folder / "recordings.bin", cpu)
    expected = compiled.push(golden.recordings().reshape(-1, microvolts.shape[2]))
    results_of_stream = dict(zip(stream.index.tolist(), map(tuple, stream.outputs)))
    differing = sum(results_of_stream.get(at) != tuple(wanted) for at, wanted in expected.items())
    differing += (single.outputs != compiled.classify(microvolts)).any(axis=1).sum()
    row = {
        "cpu": cpu,
        "board": emulation.BOARDS[cpu],
        "optimization": optimization,
        "kernel": single.kernel,
        "flash": emulation.sizes(target)["flash"],
        "stack": max(single.stack, stream.stack),
        "instructions": single.instructions,
        "stream_instructions_per_second": stream.instructions * 100,
        "largest": stream.largest,
        "results": len(single.index) + len(expected),
        "results_that_differ": int(differing) + abs(len(expected) - len(stream.index)),
    }
    print(f"  {row}", flush=True)
    return row


def equality(path: Path, network: graph.Network, compiled, values: dict, inputs: dict, outputs: np.ndarray) -> dict:
    """Differences from LiteRT's reference kernels on recordings, random inputs and extreme inputs."""
    thresholds = [int(threshold) for threshold in values["thresholds"].split(",")]
    inputs |= {"random": proof.random_inputs(network, N_RANDOM), "extremes": proof.extreme_inputs(network)}
    differences = {}
    for kind, x in inputs.items():
        ours = outputs if kind == "folds" else compiled.classify_int8(x)
        differences[kind] = proof.compare_outputs(ours, proof.outputs(path, x), thresholds)
        print(f"  {kind}: {differences[kind]}", flush=True)
    return differences


def main(files: list[str]) -> None:
    paths, study = Paths.for_profile("full"), open_study("full")
    data = study.data.in_folds(VALIDATION_FOLD, TEST_FOLD)
    roles = {"microcontroller": released.microcontroller(), "default": released.default()}
    former = results.read(paths.published_results, RESULT)
    measured = {name: one for name, one in former["models"].items() if name not in map(former.get, roles)}
    for model in (*roles.values(), *map(Path, files)):
        name = model.stem.split("_seed")[0] if isinstance(model, Path) else model
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as work:
            measured[name] = measure(model, Path(work), data)
    tools = ("arm-none-eabi-gcc", "qemu-system-arm")
    summary = {
        **roles,
        "models": measured,
        "tools": {tool: native.run([tool, "--version"]).splitlines()[0] for tool in tools},
        "cycles": boards.CYCLES,
        "microamperes": round(boards.CURRENT * 1e6),
        "volts": boards.VOLTAGE,
        "model_share": boards.MODEL_SHARE,
        "devices": boards.DEVICES,
    }
    results.write_json(paths.published_results, RESULT, summary)


if __name__ == "__main__":
    main(sys.argv[1:])
