"""The firmware's proof: equality with other engines, memory and instructions on emulated processors, time on this one.

`python benchmarks/firmware.py [MODEL…]` writes results/full/firmware.json, from which the book's page on
microcontrollers is made. Needs PTB-XL, a C compiler, and Debian's gcc-arm-none-eabi, libnewlib-arm-none-eabi,
qemu-system-arm and cmake. Aims: no answer that differs from LiteRT's reference kernels; at most 16,384 bytes of RAM
for the small student and 49,152 for the large one.
"""

import platform
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from ecglib.compression import tflite_micro
from ecglib.deployment import firmware, released
from ecglib.deployment.firmware import boards, c_source, emulation, golden, graph, native, plan, proof
from ecglib.study import results
from ecglib.study.paths import Paths
from ecglib.study.study import open_study

AIMS = {"student_micro_64k": 16_384, "student_micro": 49_152}  # bytes of RAM
RECORDINGS = 40  # run on the emulated processors
FEWER = 4  # of them where the portable inner loop takes its time
RANDOM = 1000
FEWER_BY_MICRO = 500  # of each kind of input that tflite-micro's interpreter, the slowest, is asked for
JOBS, CHUNK = 2, 250

where = Paths.for_profile("full")
study = open_study("full")
scored = study.data.in_folds(9, 10)
microvolts = scored.signals[scored.rows]
tested = microvolts[np.flatnonzero(scored.table["fold"] == 10)[:RECORDINGS]]


def equality(path: Path, network: graph.Network, values: dict, compiled: native.Compiled) -> dict:
    """Differences from each engine, on real recordings, on noise and on extremes."""
    thresholds = [int(one) for one in values["thresholds"].split(",")]
    inputs = {
        "folds": values["microvolts"](microvolts), "random": proof.uniform(network, RANDOM),
        "extremes": proof.extremes(network),
    }  # fmt: skip
    ours = {name: compiled.classify_int8(x) for name, x in inputs.items()}
    quantized = (compiled.classify_microvolts(microvolts) != ours["folds"]).sum()
    found = {"microvolts_that_differ": int(quantized)}
    for engine in proof.ENGINES:
        found[engine] = {}
        for name, x in inputs.items():
            x = x[: FEWER_BY_MICRO if engine == "tflite-micro" else None]
            chunks = Parallel(JOBS)(
                delayed(proof.answers)(path, engine, x[at : at + CHUNK]) for at in range(0, len(x), CHUNK)
            )
            found[engine][name] = proof.differences(ours[name][: len(x)], np.concatenate(chunks), thresholds)
        print(f"  {engine}: {found[engine]['folds']}", flush=True)
    return found


def emulated(folder: Path, expected: np.ndarray, streamed: dict) -> list[dict]:
    """What the model takes on each processor, with each optimization and inner loop."""
    rows = []
    recordings = {"": tested, "-DECG_PORTABLE": tested[:FEWER]}
    for cpu in emulation.BOARDS:
        for optimization in ("-Os", "-O2"):
            for flags in ("", "-DECG_PORTABLE"):
                target = folder / f"build{cpu}{optimization}{flags}"
                program = emulation.build(folder, target, cpu, optimization, flags)
                golden.write(target / "tested.bin", recordings[flags])
                said = emulation.classify(program, target / "tested.bin", cpu)
                stream = emulation.stream(program, folder / "recordings.bin", cpu)
                wrong = int((said.answers != expected[: len(recordings[flags])]).any(axis=1).sum())
                late = [int(at) for at, one in zip(stream.at, stream.answers) if (streamed[int(at)] != one).any()]
                rows.append(
                    {"cpu": cpu, "board": emulation.BOARDS[cpu], "optimization": optimization, "kernel": said.kernel,
                     **emulation.sizes(target), "stack": max(said.stack, stream.stack),
                     "instructions": said.instructions,
                     "instructions_a_second": stream.instructions * 100, "recordings": len(said.at), "differ": wrong,
                     "streamed": len(stream.at), "streamed_differ": len(late)}
                )  # fmt: skip
                print(f"  {rows[-1]}", flush=True)
    return rows


def small(folder: Path) -> dict:
    """Bytes of the model without its stream, which a program can leave out."""
    target = folder / "build-small"
    emulation.build(folder, target, "cortex-m4", "-Os", "")
    flags = ["-mcpu=cortex-m4", "-mthumb", "-Os", "-DECG_STREAMING=0", "-std=c99", "-c", "-o", str(target / "only.o")]
    native.run(["arm-none-eabi-gcc", *flags, str(folder / "ecg_model.c")])
    text, data, bss = map(int, native.run(["arm-none-eabi-size", str(target / "only.o")]).splitlines()[1].split()[:3])
    return {"flash": text + data, "ram": data + bss}


def measure(name: str, work: Path) -> dict:
    """Everything about one model."""
    path, entry = released.load_verified(name)
    folder = firmware.write(name, work / name)
    network = graph.read(path)
    planned = plan.of(network, path)
    values = c_source.known(network, planned, entry, name, path)
    compiled = native.Compiled(folder, work / "native" / name, ("-O3", "-march=native"))
    plain = native.Compiled(folder, work / "plain" / name, ("-O3",))
    ours = compiled.classify_microvolts(tested)
    streamed = compiled.push(golden.recordings().reshape(-1, network.leads))
    record = values["microvolts"](microvolts[:1])[0]
    kept = results.read(where.results, name)["details"]["footprint"]
    rows = emulated(folder, ours, streamed)
    fast = next(one for one in rows if (one["cpu"], one["optimization"], one["kernel"]) == ("cortex-m4", "-O2", "dual"))
    devices = tflite_micro.DEVICES | boards.MORE
    return {
        "file_bytes": entry["bytes"], "sha256": entry["sha256"], "weight_bytes": values["weight_bytes"],
        "arena": planned.arena, "stream": planned.stream, "macs": planned.macs,
        "layer_by_layer": planned.layer_by_layer, "tflite_micro_arena": kept["arena_bytes"], "aim": AIMS[name],
        "early": planned.earliest, "late": planned.latest, "open_windows": planned.open_windows,
        "without_stream": small(folder), "emulated": rows, "equality": equality(path, network, values, compiled),
        "milliseconds": {
            "native": proof.times(path, compiled, record), "plain": proof.times(path, plain, record)["C"],
        },
        "estimates": {
            "milliseconds": {str(clock): boards.milliseconds(fast["instructions"], clock) for clock in boards.CLOCKS},
            "stream_milliseconds": {
                str(clock): boards.milliseconds(fast["instructions_a_second"], clock) for clock in boards.CLOCKS
            },
            "millijoules": boards.millijoules(fast["instructions"]),
            "stream_milliwatts": boards.millijoules(fast["instructions_a_second"]),
        },
        "boards": {
            device: boards.fits(fast["flash"], fast["ram"] + fast["stack"], devices[device]) for device in boards.SHEETS
        },
    }  # fmt: skip


def version(tool: str) -> str:
    return native.run([tool, "--version"]).splitlines()[0]


with tempfile.TemporaryDirectory() as temporary:
    measured = {}
    for one in sys.argv[1:] or AIMS:
        print(one, flush=True)
        measured[one] = measure(one, Path(temporary))
tools = {tool: version(tool) for tool in ("arm-none-eabi-gcc", "qemu-system-arm", "cc")}
processor = (
    re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text()) if Path("/proc/cpuinfo").exists() else None
)
known = tflite_micro.DEVICES | boards.MORE
before = results.read(where.results, "firmware")["models"] if (where.results / "firmware.json").is_file() else {}
results.write_json(
    where.results, "firmware",
    {
        "models": {name: (before | measured)[name] for name in AIMS if name in before | measured},
        "tools": tools, "processor": processor[1] if processor else platform.processor(), "cycles": boards.CYCLES,
        "microamperes": round(boards.CURRENT * 1e6), "volts": boards.VOLTAGE, "share": boards.PROGRAM,
        "devices": {name: [*known[name], sheet] for name, sheet in boards.SHEETS.items()},
    },
)  # fmt: skip
for name, one in measured.items():
    different = sum(found["answers"] for found in one["equality"][proof.REFERENCE].values())
    dual, portable = (
        min(row["instructions"] for row in one["emulated"] if row["kernel"] == kernel)
        for kernel in ("dual", "portable")
    )
    time = one["milliseconds"]["native"]
    print(f"{name}: {different} answers differ from the reference kernels (aim 0)")
    print(f"  {one['arena']:,} bytes of arena; tflite-micro: {one['tflite_micro_arena']:,}")
    print(f"  {one['arena'] + one['stream']:,} bytes of RAM with a stream (aim {one['aim']:,})")
    print(f"  {dual / 1e6:.1f} million instructions a recording, {portable / dual:.2f} times as many without SMLAD")
    print(f"  on this computer {time['C'] / time['LiteRT, XNNPACK']:.1f} times as long as LiteRT with XNNPACK,")
    print(f"  {time['LiteRT, reference kernels'] / time['C']:.1f} times as fast as its reference kernels")
