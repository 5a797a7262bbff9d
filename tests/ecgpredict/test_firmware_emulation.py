"""The C file on emulated Cortex-M processors: outputs equal to the PC's, memory and instructions."""

import json
import re
import shlex
import shutil

import numpy as np
import pytest
from conftest import command, require
from device import boards, emulation, native
from random_networks import random_network

from ecgpredict import firmware, released, synthetic_ecg
from ecgpredict.firmware import c_source, golden, graph, plan
from ecgpredict.spec import CLASSES, INDEPENDENT_LEADS, LEADS

SMALL = released.microcontroller()
TAKEN = released.entry(SMALL, kind=released.TFLITE)["leads"]
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
_ARM = {
    "cortex-m0plus": ["-mfloat-abi=soft"],
    "cortex-m3": ["-mfloat-abi=soft"],
    "cortex-m4": ["-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"],
    "cortex-m7": ["-mfloat-abi=hard", "-mfpu=fpv5-d16"],
    "cortex-m33": ["-mfloat-abi=soft"],
    "cortex-m55": ["-mfloat-abi=hard"],
}
COMPILERS = {f"gcc {cpu}": ["arm-none-eabi-gcc", f"-mcpu={cpu}", "-mthumb", *flags] for cpu, flags in _ARM.items()}
COMPILERS |= {
    f"clang {cpu}": ["clang", "--target=arm-none-eabi", f"-mcpu={cpu}", "-ffreestanding", *flags]
    for cpu, flags in _ARM.items()
}
COMPILERS["clang rv32imc"] = ["clang", "--target=riscv32", "-march=rv32imc", "-mabi=ilp32", "-ffreestanding"]
COMPILERS["gcc rv32imc"] = ["riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "-ffreestanding"]
COMPILERS |= {"gcc": ["gcc"], "clang": ["clang"]}

emulated = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    require(*emulation.TOOLS)
    return firmware.write(SMALL, tmp_path_factory.mktemp("firmware"))


@pytest.fixture(scope="module")
def planned():
    """How the C code computes the released model."""
    path, _ = firmware.described(SMALL)
    return plan.plan_memory(graph.read(path), path)


@pytest.fixture(scope="module")
def programs(folder, tmp_path_factory):
    """{(processor, optimization, flags): program}"""
    wanted = [(cpu, "-O2", "") for cpu in emulation.BOARDS]
    wanted += [("cortex-m4", "-Os", ""), ("cortex-m3", "-Os", ""), ("cortex-m4", "-O2", "-DECG_PORTABLE")]
    return {one: emulation.build(folder, tmp_path_factory.mktemp("build"), *one) for one in wanted}


@pytest.fixture(scope="module")
def forty_recordings(tmp_path_factory):
    """Forty synthetic recordings int16 (40, 1000, 12) in µV, and their file."""
    rng, names = np.random.default_rng(5), list(synthetic_ecg.STATEMENTS)
    made = [synthetic_ecg.ecg([names[row % len(names)]], rng) for row in range(40)]
    leads = [LEADS.index(lead) for lead in TAKEN]
    recordings = np.round(np.stack(made) * 1000).astype(np.int16)[:, :, leads]
    path = tmp_path_factory.mktemp("recordings") / "forty.bin"
    golden.write(path, recordings)
    return recordings, path


@pytest.fixture(scope="module")
def expected(folder, forty_recordings, tmp_path_factory):
    """Outputs on this computer."""
    return native.CompiledModel(folder, tmp_path_factory.mktemp("library")).classify(forty_recordings[0])


@emulated
def test_outputs_of_forty_recordings_equal_the_pc(programs, forty_recordings, expected):
    for (cpu, _, flags), program in programs.items():
        found = emulation.classify(program, forty_recordings[1], cpu)
        fast = {"cortex-m0plus": "portable", "cortex-m3": "portable", "cortex-m55": "helium"}.get(cpu, "dual")
        assert found.kernel == ("portable" if flags else fast)
        np.testing.assert_array_equal(found.outputs, expected)


@emulated
def test_stream_results_equal_the_pc(programs, folder, tmp_path):
    stream = emulation.stream(programs["cortex-m4", "-O2", ""], folder / "recordings.bin")
    wanted = native.CompiledModel(folder, tmp_path).push(golden.recordings(TAKEN).reshape(-1, len(TAKEN)))
    assert stream.index.tolist() == list(wanted)
    np.testing.assert_array_equal(stream.outputs, list(wanted.values()))


@emulated
def test_golden_outputs_match_on_every_board(programs):
    for cpu in emulation.BOARDS:
        assert "golden recording: outputs match" in emulation.golden(programs[cpu, "-O2", ""], cpu)


# of a released model, by its work: a loop in C or in other instructions must not become slower unnoticed
@emulated
@pytest.mark.parametrize(
    ("cpu", "optimization", "per_mac"),
    [("cortex-m4", "-O2", 1.37), ("cortex-m3", "-Os", 2.89), ("cortex-m55", "-O2", 0.433)],
)
def test_instructions_per_multiply_accumulate(programs, folder, planned, cpu, optimization, per_mac):
    program = programs[cpu, optimization, ""]
    assert emulation.classify(program, folder / "recordings.bin", cpu).instructions <= per_mac * planned.macs


@emulated
def test_no_sample_of_a_stream_takes_more_than_160_thousand_instructions(programs, folder, planned):
    found = emulation.stream(programs["cortex-m4", "-O2", ""], folder / "recordings.bin")
    assert found.largest <= 160_000 and 100 * found.instructions <= 0.94 * planned.macs


@pytest.fixture
def unpadded(tmp_path, monkeypatch):
    """A function: the folder of a network of some widths without padding, with random weights."""

    def written(first, *widths, leads=INDEPENDENT_LEADS, classes=CLASSES):
        layers = [(first, 10, 2, 0, 0, True), *((width, 7, 1, 0, 0, True) for width in (first, *widths[:-1]))]
        layers.append((widths[-1], 7, 1, 0, 0, False))
        network = random_network(1000, layers, np.random.default_rng(0), len(leads), len(classes))
        monkeypatch.setattr(graph, "read", lambda path: network)
        (tmp_path / "own.tflite").write_bytes(b"")
        return firmware.write(tmp_path / "own.tflite", tmp_path / "folder", leads=leads, classes=classes)

    return written


@pytest.mark.parametrize(("widths", "kilobytes"), [((8, 12, 24), 8), ((12, 24, 44), 16)])
def test_networks_made_for_8_and_16_kb_of_flash_fit_with_their_code(unpadded, tmp_path, widths, kilobytes):
    compiles(unpadded(*widths), tmp_path / "model.o", COMPILERS["gcc cortex-m4"], "-O2")
    assert emulation.object_sizes(tmp_path / "model.o")["flash"] <= 1024 * kilobytes - 64  # for a longer name


@emulated
def test_no_sample_of_a_stream_without_padding_takes_more_than_60_thousand_instructions(unpadded, tmp_path):
    """For the widths of the 32 KB network. Which layers a sample completes repeats every 192 samples."""
    folder = unpadded(16, 20, 28, 44)
    found = emulation.stream(emulation.build(folder, tmp_path / "build"), folder / "recordings.bin")
    assert found.largest <= 60_000 and 100 * found.instructions <= 300_000
    recordings = golden.recordings(INDEPENDENT_LEADS).reshape(-1, 8)
    wanted = native.CompiledModel(folder, tmp_path / "library").push(recordings)
    assert found.index.tolist() == list(wanted)
    np.testing.assert_array_equal(found.outputs, list(wanted.values()))


@emulated
@pytest.mark.parametrize("cpu", ["cortex-m4", "cortex-m55"])
def test_a_network_of_one_lead_and_99_classes_computes_its_golden_outputs(unpadded, tmp_path, cpu):
    folder = unpadded(8, 12, 16, 24, leads=("II",), classes=[f"statement {i}" for i in range(99)])
    printed = emulation.golden(emulation.build(folder, tmp_path / cpu, cpu), cpu)
    assert "golden recording: outputs match" in printed


@emulated
def test_code_and_stack_are_small(programs, folder, planned):
    program = programs["cortex-m4", "-O2", ""]
    found = emulation.sizes(program.parent)
    code = found["flash"] - c_source.weight_bytes(graph.read(firmware.described(SMALL)[0]), planned)
    assert code <= 3_280 and found["ram"] == 0
    assert emulation.stream(program, folder / "recordings.bin").stack < 768


@emulated
def test_replay_compares_every_line_of_the_device(folder, tmp_path):
    native.run(["cmake", "-S", str(folder), "-B", str(tmp_path / "pc")])
    native.run(["cmake", "--build", str(tmp_path / "pc"), "--target", "ecg_replay"])
    native.run(["cmake", "-S", str(folder / "cortex-m"), "-B", str(tmp_path / "m7"), "-D", "CPU=cortex-m7"])
    native.run(["cmake", "--build", str(tmp_path / "m7"), "--target", "replay"])
    log = tmp_path / "m7" / "device.log"
    printed = native.run([str(tmp_path / "pc" / "ecg_replay"), str(folder / "recordings.bin"), str(log)])
    assert re.fullmatch(r"3 recordings and 2\d windows of a stream compared, 0 differ\n", printed)


def test_estimates_are_ranges_proportional_to_instructions():
    low, high = boards.milliseconds(34_000_000, 80)
    assert (low, high) == (425, 850)
    assert boards.millijoules(2_000_000)[0] == pytest.approx(2 * boards.millijoules(1_000_000)[0])


def test_device_must_leave_a_quarter_to_the_application():
    device = "STM32L412 (Cortex-M4)"  # 128 KB of flash
    assert boards.fits(96 * 1024, 1000, device) and not boards.fits(97 * 1024, 1000, device)


def test_command_writes_the_folder(tmp_path):
    done = command("firmware", SMALL, "--out", tmp_path / "ecg")
    assert done.exit_code == 0, done.output
    names = {path.relative_to(tmp_path / "ecg").as_posix() for path in (tmp_path / "ecg").rglob("*") if path.is_file()}
    assert {"ecg_model.c", "ecg_model.h", "README.md", "CMakeLists.txt", "recordings.bin", "pc/replay.c"} <= names
    assert "cmake" in done.output


def compiles(folder, target, compiler, optimization):
    """Compile the model, with warnings as errors."""
    require(compiler[0], requirement="riscv" if "riscv" in compiler[0] else "toolchain")
    call = [*compiler, *WARNINGS, optimization, "-c", str(folder / "ecg_model.c"), "-o", str(target)]
    assert native.run(call) == ""


@pytest.mark.parametrize("compiler", ["gcc cortex-m0plus", "gcc cortex-m4", "gcc cortex-m55"])
@pytest.mark.parametrize("optimization", ["-O0", "-O2"])
def test_the_model_compiles_for_microcontrollers(folder, tmp_path, compiler, optimization):
    compiles(folder, tmp_path / "model.o", COMPILERS[compiler], optimization)


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_model_compiles_everywhere(folder, tmp_path, compiler):
    for optimization in ("-O0", "-O1", "-O2", "-O3", "-Os"):
        compiles(folder, tmp_path / "model.o", COMPILERS[compiler], optimization)


@emulated
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("optimization", ["-O0", "-O1", "-O3", "-Os"])
def test_every_build_computes_the_golden_outputs(folder, programs, tmp_path, compiler, optimization):
    """The model of each compiler in the program of the Cortex-M4 and of the Cortex-M55."""
    for cpu in ("cortex-m4", "cortex-m55"):
        target = shutil.copytree(programs[cpu, "-O2", ""].parent, tmp_path / cpu)
        (compiled,) = target.rglob("ecg_model.c.obj")
        compiles(folder, compiled, COMPILERS[f"{compiler} {cpu}"], optimization)
        link = (target / "CMakeFiles" / "device.elf.dir" / "link.txt").read_text()
        native.run(shlex.split(link), cwd=target)
        assert "golden recording: outputs match" in emulation.golden(target / "device.elf", cpu)


def test_published_figures_are_those_of_the_released_models_whose_outputs_equal_the_reference(project):
    measured = json.loads((project / "results" / "full" / "firmware.json").read_text(encoding="utf-8"))["models"]
    for name in (released.microcontroller(), released.default()):
        assert measured[name]["sha256"] == released.entry(name, kind=released.TFLITE)["sha256"]
    for one in measured.values():
        equality = {kind: found["outputs_that_differ"] for kind, found in one["equality"].items()}
        assert equality == {"folds": 0, "random": 0, "extremes": 0}
        assert one["equality"]["folds"]["recordings"] > 4000
        assert all(row["results_that_differ"] == 0 for row in one["emulated"])


def test_data_sheet_of_each_device_is_in_the_bibliography(project):
    text = (project / "book" / "references.bib").read_text(encoding="utf-8")
    assert all(f"{{{key}," in text for *_, key in boards.DEVICES.values())
