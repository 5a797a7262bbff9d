"""Measures the firmware: equality with LiteRT's reference kernels, memory, and instructions on emulated processors.

`python benchmarks/firmware.py [STUDENT…]` writes results/full/firmware.json, the source of the numbers on the book's
page on microcontrollers: the released models, and students of config/models.yml as files of eight leads. What was
measured before from the same file is kept. It needs PTB-XL, finished runs, a C compiler, CMake, and Debian's
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
from ecglib.evaluation.scores import Scores
from ecglib.study import measuring, release, results
from ecglib.study.paths import Paths
from ecglib.study.study import Study, open_study
from ecgpredict import firmware, released
from ecgpredict.firmware import c_source, golden, graph, plan

N_EMULATED = 10  # recordings of fold 10 on the emulated processors
N_RANDOM = 1000
RESULT = "firmware"
FEW = [("cortex-m4", "-O2"), ("cortex-m4", "-Os"), ("cortex-m0plus", "-Os")]
BUILDS = [(cpu, optimization) for cpu in emulation.BOARDS for optimization in ("-O2", "-Os")]
STUDENTS = ["compact_flash_8", "compact_flash_16", "compact_16_stream", "compact_32_stream"]


def measure(study: Study, models: list[str | Path], builds: list[tuple[str, str]], work: Path) -> dict:
    """All figures of a model: a released one's name, or a student's files, one a seed, and the first one's costs."""
    path, entry = firmware.described(models[0])
    data = study.data.in_folds(VALIDATION_FOLD, TEST_FOLD).with_leads(entry["leads"])
    microvolts, test = data.microvolts(slice(None)), (data.table["fold"] == TEST_FOLD).to_numpy()
    seeds = [Compiled(model, work / str(seed)) for seed, model in enumerate(models)]
    compiled, outputs = seeds[0].library, [each.library.classify(microvolts) for each in seeds]
    scores = [Scores.from_dataset(data, row, compiled.probability(each)) for row, each in enumerate(outputs)]
    scores, network = Scores.stack_seeds(scores), graph.read(path)
    planned = plan.plan_memory(network, path)
    values = c_source.template_values(network, planned, entry, path.stem, path)
    rows = [emulate(seeds[0], cpu, level, microvolts[test][:N_EMULATED], entry["leads"]) for cpu, level in builds]
    fast = rows[builds.index(FEW[0])]
    fold_9, fold_10 = study.evaluation_set(VALIDATION_FOLD), study.evaluation_set(TEST_FOLD)
    return {
        "file_bytes": path.stat().st_size,
        "sha256": entry["sha256"],
        "leads": network.leads,
        "seeds": len(models),
        "auc": fold_10.macro_auc(scores),
        "fold_10": fold_10.auc(scores).to_dict(),
        "fold_9": fold_9.macro_auc(scores),
        "weight_bytes": values["weight_bytes"],
        "arena": planned.arena,
        "stream": planned.stream,
        "continuous": planned.continuous,
        "hop": planned.hop,
        "delays": planned.delays,
        "macs": planned.macs,
        "layers": [
            {"taps": layer.taps, "inputs": layer.inputs, "window": layer.capacity, "columns": layer.passed}
            for layer in planned.layers
        ],
        "spread": round(costliest_macs(planned) * fast["instructions"] / planned.macs),
        "channels": planned.layers[-1].outputs,
        "tflite_micro_arena": tflite_micro.footprint(path).arena_bytes,
        "emulated": rows,
        "equality": equality(path, network, compiled, values, {"folds": values["quantizer"](microvolts)}, outputs[0]),
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


class Compiled:
    """A model's firmware folder, and its C file compiled for this computer."""

    def __init__(self, model: str | Path, folder: Path):
        self.folder = firmware.write(model, folder)
        self.library = native.CompiledModel(folder, folder / "native")


def emulate(model: Compiled, cpu: str, optimization: str, microvolts: np.ndarray, leads: list[str]) -> dict:
    """Memory, instructions and differences from this computer on one processor."""
    target = model.folder / f"build-{cpu}{optimization}"
    program = emulation.build(model.folder, target, cpu, optimization)
    golden.write(target / "recordings.bin", microvolts)
    single = emulation.classify(program, target / "recordings.bin", cpu)
    stream = emulation.stream(program, model.folder / "recordings.bin", cpu)
    expected = model.library.push(golden.recordings(leads).reshape(-1, len(leads)))
    results_of_stream = dict(zip(stream.index.tolist(), map(tuple, stream.outputs)))
    differing = sum(results_of_stream.get(at) != tuple(wanted) for at, wanted in expected.items())
    differing += (single.outputs != model.library.classify(microvolts)).any(axis=1).sum()
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


def eight_and_twelve_leads(study: Study, selected: dict, work: Path) -> dict:
    """{number of leads: AUC on fold 9, memory and instructions} of a selected student's file with either number."""
    (student,), name = study.model(selected["model"]).made_from, selected["name"]
    run, fold, figures = study.train(student, selected["seed"], progress=False), study.evaluation_set(9), {}
    for leads, folded in ((8, True), (12, False)):
        file = measuring.tflite_file(study, f"{name}_{leads}_leads", run, folded=folded)
        path, entry = firmware.described(file)
        data = study.data.in_folds(VALIDATION_FOLD).with_leads(entry["leads"])
        microvolts, model = data.microvolts(slice(None)), Compiled(file, work / f"{name}{leads}")
        planned = plan.plan_memory(graph.read(path), path)
        probability = model.library.probability(model.library.classify(microvolts))
        row = emulate(model, *FEW[0], microvolts[:1], entry["leads"])
        figures[str(leads)] = {
            "fold_9": fold.macro_auc(Scores.from_dataset(data, 0, probability)),
            "arena": planned.arena,
            "macs": planned.macs,
            "tflite_micro_arena": tflite_micro.footprint(path).arena_bytes,
            **{key: row[key] for key in ("flash", "instructions", "stream_instructions_per_second")},
        }
    return figures


def costliest_macs(planned: plan.MemoryPlan) -> int:
    """Multiply-accumulates of a sample if a padded stream spread each window over the second after it.

    That is three columns a sample, which complete at most a pair of columns in each layer, and two in the second one.
    """
    pairs = [2 * layer.outputs * layer.taps * layer.inputs for layer in planned.layers]
    return sum(pairs) + pairs[1]


def files_of(study: Study, student: str) -> list[Path]:
    """A student's .tflite files of eight leads, one for each seed."""
    return [
        measuring.tflite_file(study, f"{student}_8_leads", run, folded=True)
        for run in measuring.runs_with_weights(study, student)
    ]


def is_measured(figures: dict, files: list, builds: list[tuple[str, str]]) -> bool:
    """Whether these are figures of the same first file, of as many seeds, and of all builds."""
    _, entry = firmware.described(files[0])
    done = {(row["cpu"], row["optimization"]) for row in figures.get("emulated", [])}
    same = (figures.get("sha256"), figures.get("seeds")) == (entry["sha256"], len(files))
    return same and done.issuperset(builds)


def main(students: list[str]) -> None:
    paths, study = Paths.for_profile("full"), open_study("full")
    roles = {"microcontroller": released.microcontroller(), "default": released.default()}
    former = {"leads": {}} | results.read(paths.published_results, RESULT)
    models = {name: [name] for name in roles.values()} | {name: files_of(study, name) for name in students}
    measured = {name: figures for name, figures in former["models"].items() if name not in map(former.get, roles)}
    leads, selected = {}, release.selection(study)
    for name, files in models.items():
        builds = BUILDS if name == roles["microcontroller"] else FEW
        if is_measured(former["models"].get(name, {}), files, builds):
            measured[name] = former["models"][name]
            if name in former["leads"]:
                leads[name] = former["leads"][name]
            continue
        print(name, flush=True)
        with tempfile.TemporaryDirectory() as work:
            measured[name] = measure(study, files, builds, Path(work))
            for role in (role for role in roles if roles[role] == name):
                leads[name] = eight_and_twelve_leads(study, selected[role], Path(work))
    tools = ("arm-none-eabi-gcc", "qemu-system-arm")
    summary = {
        **roles,
        "models": measured,
        "leads": leads,
        "tools": {tool: native.run([tool, "--version"]).splitlines()[0] for tool in tools},
        "cycles": boards.CYCLES,
        "microamperes": round(boards.CURRENT * 1e6),
        "volts": boards.VOLTAGE,
        "model_share": boards.MODEL_SHARE,
        "devices": boards.DEVICES,
    }
    results.write_json(paths.published_results, RESULT, summary)


if __name__ == "__main__":
    main(sys.argv[1:] or STUDENTS)
