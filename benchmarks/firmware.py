"""Measures the firmware: equality with other engines, memory and instructions on emulated processors, time on this PC.

`python benchmarks/firmware.py [MODEL…]` writes results/full/firmware.json, the source of all numbers on the book's page
on microcontrollers. If models are named, only these are measured again. It needs PTB-XL, a C compiler, CMake, and
Debian's gcc-arm-none-eabi, libnewlib-arm-none-eabi and qemu-system-arm. Targets: outputs equal to those of LiteRT's
reference kernels; at most 16,384 bytes of RAM for the small student and 49,152 bytes for the large one.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from device import boards, emulation, native, proof
from joblib import Parallel, delayed

from ecglib.compression import tflite_micro
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.study import results
from ecglib.study.paths import Paths
from ecglib.study.study import open_study
from ecglib.training import runs
from ecgpredict import firmware, released
from ecgpredict.firmware import c_source, golden, graph, plan

RAM_TARGETS = {"student_micro_64k": 16_384, "student_micro": 49_152}  # bytes, arena and stream
N_EMULATED = 40  # recordings of fold 10 on the emulated processors
N_EMULATED_PORTABLE = 4  # with the portable inner loop, which takes several times as long
N_RANDOM = 1000
N_TFLITE_MICRO = 500  # of each kind of input; tflite-micro is the slowest engine
N_JOBS, CHUNK = 2, 250
RESULT = "firmware"


@dataclass(frozen=True)
class Measurement:
    """One released model, compiled for this computer."""

    name: str
    path: Path
    folder: Path
    entry: dict
    network: graph.Network
    plan: plan.MemoryPlan
    values: dict
    compiled: native.CompiledModel

    @classmethod
    def prepare(cls, name: str, work: Path) -> Measurement:
        """Write the firmware folder of a model and compile it."""
        path, entry = released.load_verified(name)
        folder = firmware.write(name, work / name)
        network = graph.read(path)
        planned = plan.plan_memory(network, path)
        values = c_source.template_values(network, planned, entry, name, path)
        compiled = native.CompiledModel(folder, work / "native" / name)
        return cls(name, path, folder, entry, network, planned, values, compiled)

    def equality(self, microvolts: np.ndarray) -> dict:
        """Differences from each engine on recordings, random inputs and extreme inputs."""
        thresholds = [int(one) for one in self.values["thresholds"].split(",")]
        inputs = {
            "folds": self.values["quantizer"](microvolts),
            "random": proof.random_inputs(self.network, N_RANDOM),
            "extremes": proof.extreme_inputs(self.network),
        }
        ours = {kind: self.compiled.classify_int8(x) for kind, x in inputs.items()}
        from_microvolts = (self.compiled.classify_microvolts(microvolts) != ours["folds"]).sum()
        found = {"microvolts_that_differ": int(from_microvolts)}
        for engine in proof.ENGINES:
            found[engine] = {}
            for kind, x in inputs.items():
                x = x[: N_TFLITE_MICRO if engine == proof.TFLITE_MICRO else None]
                theirs = self._engine_outputs(engine, x)
                found[engine][kind] = proof.compare_outputs(ours[kind][: len(x)], theirs, thresholds)
            print(f"  {engine}: {found[engine]['folds']}", flush=True)
        return found

    def _engine_outputs(self, engine: str, x: np.ndarray) -> np.ndarray:
        chunks = Parallel(N_JOBS)(
            delayed(proof.outputs)(self.path, engine, x[start : start + CHUNK]) for start in range(0, len(x), CHUNK)
        )
        return np.concatenate(chunks)

    def emulation(self, microvolts: np.ndarray) -> list[dict]:
        """Memory and instructions on each processor, with each optimization level and inner loop."""
        expected = self.compiled.classify_microvolts(microvolts)
        expected_stream = self.compiled.push(golden.recordings().reshape(-1, self.network.leads))
        rows = []
        for cpu in emulation.BOARDS:
            for optimization in ("-Os", "-O2"):
                for flags, count in (("", N_EMULATED), ("-DECG_PORTABLE", N_EMULATED_PORTABLE)):
                    row = self._emulate(cpu, optimization, flags, microvolts[:count], expected[:count], expected_stream)
                    print(f"  {row}", flush=True)
                    rows.append(row)
        return rows

    def _emulate(
        self,
        cpu: str,
        optimization: str,
        flags: str,
        microvolts: np.ndarray,
        expected: np.ndarray,
        expected_stream: Mapping[int, np.ndarray],
    ) -> dict:
        target = self.folder / f"build-{cpu}{optimization}{flags}"
        program = emulation.build(self.folder, target, cpu, optimization, flags)
        golden.write(target / "recordings.bin", microvolts)
        single = emulation.classify(program, target / "recordings.bin", cpu)
        stream = emulation.stream(program, self.folder / "recordings.bin", cpu)
        # a result at a sample where none is expected, or a missing one, counts as different
        samples = {int(one): outputs for one, outputs in zip(stream.index, stream.outputs)}
        stream_differs = sum(
            one not in samples or one not in expected_stream or (samples[one] != expected_stream[one]).any()
            for one in samples.keys() | expected_stream.keys()
        )
        return {
            "cpu": cpu,
            "board": emulation.BOARDS[cpu],
            "optimization": optimization,
            "kernel": single.kernel,
            **emulation.sizes(target),
            "stack": max(single.stack, stream.stack),
            "instructions": single.instructions,
            "stream_instructions_per_second": stream.instructions * self.entry["rate"],
            "recordings": len(single.index),
            "recordings_that_differ": int((single.outputs != expected).any(axis=1).sum()),
            "stream_results": len(stream.index),
            "stream_results_that_differ": int(stream_differs),
        }

    def size_without_stream(self) -> dict[str, int]:
        """Bytes of flash and RAM of the model when it is compiled without streaming."""
        target = self.folder / "without_stream.o"
        flags = ["-mcpu=cortex-m4", "-mthumb", "-Os", "-DECG_STREAMING=0", "-std=c99", "-c", "-o", str(target)]
        native.run(["arm-none-eabi-gcc", *flags, str(self.folder / "ecg_model.c")])
        return emulation.object_sizes(target)

    def latency(self, recording: np.ndarray) -> dict:
        """Milliseconds and ratios per recording on this computer; "plain": without its newer vector instructions."""
        x = self.values["quantizer"](recording)
        plain = native.CompiledModel(self.folder, self.folder / "plain", ("-O3",))
        vector, portable = (proof.latencies(self.path, one, x) for one in (self.compiled, plain))
        return {
            "milliseconds": {"native": vector["ms"].to_dict(), "plain": float(portable.loc[proof.C_FILE, "ms"])},
            "ratios": _ratios(vector),
        }


def _ratios(latencies: pd.DataFrame) -> dict[str, list[float]]:
    """{name: how many times as fast as its reference, and the interval}."""
    return {
        name: [row["ratio"], row["ratio_low"], row["ratio_high"]]
        for name, row in latencies.dropna(subset="ratio").iterrows()
    }


def layer_by_layer(planned: plan.MemoryPlan) -> int:
    """Bytes of a plan that stores complete int8 layers: the largest sum of two neighboring ones."""
    sizes = [planned.samples * planned.layers[0].inputs]
    for layer in planned.layers:
        sizes += [layer.columns * layer.outputs, layer.columns // 2 * layer.outputs]
    return max(before + after for before, after in itertools.pairwise(sizes))


def measure(name: str, work: Path, paths: Paths, microvolts: np.ndarray, test_microvolts: np.ndarray) -> dict:
    """All figures of one model."""
    one = Measurement.prepare(name, work)
    footprint = results.read(paths.published_results, name)["details"]["footprint"]
    rows = one.emulation(test_microvolts[:N_EMULATED])
    fast = next(row for row in rows if (row["cpu"], row["optimization"], row["kernel"]) == ("cortex-m4", "-O2", "dual"))
    per_second = fast["stream_instructions_per_second"]
    devices = tflite_micro.DEVICES | boards.MORE_DEVICES
    return {
        "file_bytes": one.entry["bytes"],
        "sha256": one.entry["sha256"],
        "weight_bytes": one.values["weight_bytes"],
        "arena": one.plan.arena,
        "stream": one.plan.stream,
        "macs": one.plan.macs,
        "layer_by_layer": layer_by_layer(one.plan),
        "tflite_micro_arena": footprint["arena_bytes"],
        "ram_target": RAM_TARGETS[name],
        "samples_before_end": one.plan.samples_before_end,
        "samples_after_end": one.plan.samples_after_end,
        "open_windows": one.plan.open_windows,
        "without_stream": one.size_without_stream(),
        "emulated": rows,
        "equality": one.equality(microvolts),
        **one.latency(microvolts[0]),
        "estimates": {
            "milliseconds": {str(clock): boards.milliseconds(fast["instructions"], clock) for clock in boards.CLOCKS},
            "stream_milliseconds": {str(clock): boards.milliseconds(per_second, clock) for clock in boards.CLOCKS},
            "millijoules": boards.millijoules(fast["instructions"]),
            "stream_milliwatts": boards.millijoules(per_second),
        },
        "boards": {
            device: boards.fits(fast["flash"], fast["ram"] + fast["stack"], devices[device]) for device in boards.SHEETS
        },
    }


def write(paths: Paths, measured: dict[str, dict]) -> None:
    """Merge the figures of the measured models with the published ones of the others."""
    folder, devices = paths.published_results, tflite_micro.DEVICES | boards.MORE_DEVICES
    published = results.read(folder, RESULT)["models"] if (folder / f"{RESULT}.json").is_file() else {}
    models = published | measured
    results.write_json(
        folder,
        RESULT,
        {
            "models": {name: models[name] for name in RAM_TARGETS if name in models},
            "tools": {tool: _version(tool) for tool in ("arm-none-eabi-gcc", "qemu-system-arm", "cc")},
            "processor": runs.processor(),
            "cycles": boards.CYCLES,
            "microamperes": round(boards.CURRENT * 1e6),
            "volts": boards.VOLTAGE,
            "model_share": boards.MODEL_SHARE,
            "devices": {name: [*devices[name], sheet] for name, sheet in boards.SHEETS.items()},
        },
    )


def _version(tool: str) -> str:
    return native.run([tool, "--version"]).splitlines()[0]


def summarize(name: str, found: dict) -> str:
    """The measured figures beside their targets."""
    different = sum(kind["outputs_that_differ"] for kind in found["equality"][proof.REFERENCE].values())
    dual, portable = (
        min(row["instructions"] for row in found["emulated"] if row["kernel"] == kernel)
        for kernel in ("dual", "portable")
    )
    ratios = found["ratios"]
    return (
        f"{name}: {different} outputs differ from the reference kernels (target 0)\n"
        f"  arena {found['arena']:,} bytes; tflite-micro {found['tflite_micro_arena']:,} bytes\n"
        f"  RAM with a stream {found['arena'] + found['stream']:,} bytes (target {found['ram_target']:,})\n"
        f"  {dual / 1e6:.1f} million instructions per recording, {portable / dual:.2f} times as many without SMLAD\n"
        f"  on this computer LiteRT with XNNPACK is {_interval(ratios[proof.XNNPACK])} times as fast as the C file,\n"
        f"  the C file is {_interval(ratios[proof.C_FILE])} times as fast as LiteRT's reference kernels"
    )


def _interval(ratio: list[float]) -> str:
    return "{:.2f} ({:.2f} to {:.2f})".format(*ratio)


def main(names: list[str]) -> None:
    if unknown := [name for name in names if name not in RAM_TARGETS]:
        sys.exit(f"unknown model {unknown[0]}; expected {' or '.join(RAM_TARGETS)}")
    paths, study = Paths.for_profile("full"), open_study("full")
    scored = study.data.in_folds(VALIDATION_FOLD, TEST_FOLD)
    microvolts = scored.signals[scored.rows]
    test_microvolts = microvolts[(scored.table["fold"] == TEST_FOLD).to_numpy()]
    measured = {}
    with tempfile.TemporaryDirectory() as work:
        for name in names or RAM_TARGETS:
            print(name, flush=True)
            measured[name] = measure(name, Path(work), paths, microvolts, test_microvolts)
    write(paths, measured)
    for name, found in measured.items():
        print(summarize(name, found))


if __name__ == "__main__":
    main(sys.argv[1:])
