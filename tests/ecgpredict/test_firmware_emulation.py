"""The C file on emulated Cortex-M processors: outputs equal to the PC's, memory and instructions."""

import json
import shutil

import numpy as np
import pytest
from conftest import lacking
from device import boards, emulation, native, proof
from typer.testing import CliRunner

from ecglib import cli
from ecgpredict import firmware, released, synthetic_ecg
from ecgpredict.errors import InputError
from ecgpredict.firmware import golden

SMALL = "student_micro_64k"

emulated = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    for tool in emulation.TOOLS:
        if not shutil.which(tool):
            lacking("toolchain", f"{tool} is not installed")
    return firmware.write(SMALL, tmp_path_factory.mktemp("firmware"))


@pytest.fixture(scope="module")
def programs(folder, tmp_path_factory):
    """{(processor, optimization, flags): program}"""
    wanted = [
        ("cortex-m4", "-O2", ""),
        ("cortex-m4", "-Os", ""),
        ("cortex-m7", "-O2", ""),
        ("cortex-m4", "-O2", "-DECG_PORTABLE"),
    ]
    return {one: emulation.build(folder, tmp_path_factory.mktemp("build"), *one) for one in wanted}


@pytest.fixture(scope="module")
def forty_recordings(tmp_path_factory):
    """Forty synthetic recordings int16 (40, 1000, 12) in µV, and their file."""
    rng = np.random.default_rng(5)
    made = [
        synthetic_ecg.ecg([list(synthetic_ecg.STATEMENTS)[row % len(synthetic_ecg.STATEMENTS)]], rng)
        for row in range(40)
    ]
    recordings = np.round(np.stack(made) * 1000).astype(np.int16)
    path = tmp_path_factory.mktemp("recordings") / "forty.bin"
    golden.write(path, recordings)
    return recordings, path


@pytest.fixture(scope="module")
def expected(folder, forty_recordings, tmp_path_factory):
    """Outputs on this computer."""
    return native.CompiledModel(folder, tmp_path_factory.mktemp("library")).classify_microvolts(forty_recordings[0])


@emulated
def test_outputs_of_forty_recordings_equal_the_pc(programs, forty_recordings, expected):
    for (cpu, _, flags), program in programs.items():
        found = emulation.classify(program, forty_recordings[1], cpu)
        assert found.kernel == ("portable" if flags else "dual")
        np.testing.assert_array_equal(found.outputs, expected)


@emulated
def test_stream_results_equal_the_pc(programs, folder, tmp_path):
    stream = emulation.stream(programs["cortex-m4", "-O2", ""], folder / "recordings.bin")
    wanted = native.CompiledModel(folder, tmp_path).push(golden.recordings().reshape(-1, 12))
    assert stream.index.tolist() == list(wanted)
    np.testing.assert_array_equal(stream.outputs, list(wanted.values()))


@emulated
def test_golden_outputs_match_on_both_boards(programs):
    for cpu in emulation.BOARDS:
        assert "golden recording: outputs match" in emulation.golden(programs[cpu, "-O2", ""], cpu)


@emulated
def test_dual_inner_loop_takes_at_most_two_thirds_of_the_instructions(programs, folder):
    counts = {
        flags: emulation.classify(programs["cortex-m4", "-O2", flags], folder / "recordings.bin").instructions
        for flags in ("", "-DECG_PORTABLE")
    }
    assert counts[""] * 3 < counts["-DECG_PORTABLE"] * 2


@emulated
def test_one_second_of_a_stream_takes_at_most_an_eighth_of_a_recording(programs, folder):
    program, file = programs["cortex-m4", "-O2", ""], folder / "recordings.bin"
    assert 8 * 100 * emulation.stream(program, file).instructions < emulation.classify(program, file).instructions


@emulated
def test_instruction_count_is_reproducible(programs, folder):
    program = programs["cortex-m4", "-O2", ""]
    one, other = (emulation.classify(program, folder / "recordings.bin") for _ in range(2))
    assert one.instructions == other.instructions


@emulated
def test_flash_ram_and_stack_are_small(programs, folder):
    program = programs["cortex-m4", "-Os", ""]
    found = emulation.sizes(program.parent)
    assert found["flash"] < 90_000 and found["ram"] < 5_000
    assert emulation.classify(program, folder / "recordings.bin").stack < 512


@emulated
def test_replay_compares_every_line_of_the_device(folder, tmp_path):
    native.run(["cmake", "-S", str(folder), "-B", str(tmp_path / "pc")])
    native.run(["cmake", "--build", str(tmp_path / "pc"), "--target", "ecg_replay"])
    native.run(["cmake", "-S", str(folder / "cortex-m"), "-B", str(tmp_path / "m7"), "-D", "CPU=cortex-m7"])
    native.run(["cmake", "--build", str(tmp_path / "m7"), "--target", "replay"])
    log = tmp_path / "m7" / "device.log"
    printed = native.run([str(tmp_path / "pc" / "ecg_replay"), str(folder / "recordings.bin"), str(log)])
    assert printed == "3 recordings and 21 windows of a stream compared, 0 differ\n"


def test_estimates_are_ranges_proportional_to_instructions():
    low, high = boards.milliseconds(34_000_000, 80)
    assert (low, high) == (425, 850)
    assert boards.millijoules(2_000_000)[0] == pytest.approx(2 * boards.millijoules(1_000_000)[0])


def test_device_must_leave_a_quarter_to_the_application():
    assert boards.fits(96 * 1024, 1000, (128, 40)) and not boards.fits(97 * 1024, 1000, (128, 40))


def test_command_writes_the_folder(tmp_path):
    done = CliRunner().invoke(cli.app, ["firmware", SMALL, "--out", str(tmp_path / "ecg")])
    assert done.exit_code == 0, done.output
    names = {path.relative_to(tmp_path / "ecg").as_posix() for path in (tmp_path / "ecg").rglob("*") if path.is_file()}
    assert {"ecg_model.c", "ecg_model.h", "README.md", "CMakeLists.txt", "recordings.bin", "pc/replay.c"} <= names
    assert "cmake" in done.output


def test_model_for_other_machines_is_rejected(tmp_path):
    done = CliRunner().invoke(cli.app, ["firmware", "student_distilled_int8", "--out", str(tmp_path / "ecg")])
    assert done.exit_code == 1 and not (tmp_path / "ecg").exists()


def test_published_figures_refer_to_the_released_models_and_the_generator_refuses_the_others(project, tmp_path):
    """The compact models have padded, strided convolutions, which the C code does not have."""
    measured = json.loads((project / "results" / "full" / "firmware.json").read_text(encoding="utf-8"))["models"]
    micro = {name: one["files"]["tflite"] for name, one in released.entries(project / "models").items()}
    assert {name: one["sha256"] for name, one in measured.items()} == {name: micro[name]["sha256"] for name in measured}
    for name in micro.keys() - measured.keys():
        with pytest.raises(InputError, match="unsupported"):
            firmware.write(name, tmp_path / name)


def test_published_outputs_equal_the_reference(project):
    measured = json.loads((project / "results" / "full" / "firmware.json").read_text(encoding="utf-8"))["models"]
    for one in measured.values():
        assert [found["outputs_that_differ"] for found in one["equality"][proof.REFERENCE].values()] == [0, 0, 0]
        assert one["equality"][proof.REFERENCE]["folds"]["recordings"] > 4000
        assert all(row["recordings_that_differ"] == row["stream_results_that_differ"] == 0 for row in one["emulated"])


def test_data_sheet_of_each_device_is_in_the_bibliography(project):
    text = (project / "book" / "references.bib").read_text(encoding="utf-8")
    assert all(f"{{{key}," in text for key in boards.SHEETS.values())
