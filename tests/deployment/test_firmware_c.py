"""The C file on this computer: its answers against LiteRT's, its stream against its windows, and what compilers say."""

import shutil
import subprocess

import numpy as np
import pytest
from conftest import lacking

from ecglib.deployment import examples, firmware, released
from ecglib.deployment.firmware import c_source, golden, graph, native, plan, proof, reference
from ecglib.deployment.firmware.graph import Convolution, Network, Quantization
from ecglib.evaluation import calibration

NAMES = ("student_micro_64k", "student_micro")
SMALL = NAMES[0]


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            lacking("toolchain", f"{tool} is not installed")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """{name: its firmware folder}"""
    return {name: firmware.write(name, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.fixture(scope="module")
def compiled(folders, tmp_path_factory):
    need("cc")
    return {name: native.Compiled(folder, tmp_path_factory.mktemp("library")) for name, folder in folders.items()}


@pytest.fixture(scope="module")
def walk():
    """60 s of a random walk that covers the range of int8: int16 (6000, 12) in µV."""
    steps = np.random.default_rng(3).normal(0, 120, (6000, 12)).cumsum(axis=0)
    return (np.abs(steps % 20000 - 10000) - 5000).astype(np.int16)


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_that_of_litert_s_reference_kernels(compiled, name):
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    path = released.load_verified(name)[0]
    network = graph.read(path)
    x = np.concatenate([proof.uniform(network, 20), proof.extremes(network)])
    found = proof.differences(compiled[name].classify_int8(x), proof.answers(path, proof.REFERENCE, x), [0] * 5)
    assert found["recordings"] == 32 and found["answers"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_recordings_in_microvolts_have_the_probabilities_of_the_pc(compiled, name):
    path, entry = released.load_verified(name)
    network, recordings = graph.read(path), golden.recordings()
    x = np.clip(
        np.round((recordings.astype(np.float32) / 1000 - np.float32(entry["mean"])) / np.float32(entry["scale"])
                 / entry["input_scale"]) + entry["input_zero"], -128, 127,
    ).astype(np.int8)  # fmt: skip
    raw = (reference.outputs(network, x).astype(np.float32) - entry["output_zero"]) * entry["output_scale"]
    wanted = calibration.apply_temperature(raw, entry["temperature"])
    np.testing.assert_allclose(compiled[name].probabilities(recordings), wanted, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_answers_every_second_as_its_last_ten_do_alone(compiled, name, walk):
    stream = compiled[name].push(walk)
    assert len(stream) == (51 if 5999 in stream else 50)
    for row, (at, answer) in enumerate(stream.items()):
        window = walk[100 * row : 100 * row + 1000]
        assert -1 <= at - (100 * row + 1000) <= 3
        np.testing.assert_array_equal(answer, compiled[name].classify_microvolts(window[None])[0])


def test_the_golden_recording_comes_with_its_answers(folders):
    text = (folders[SMALL] / "ecg_golden.c").read_text()
    first = ", ".join(map(str, (np.round(next(iter(examples.signals().values())) * 1000).astype(int))[0]))
    assert f"{{{first}}}," in text and "ecg_golden_answers[ECG_CLASSES] = {" in text


def test_the_header_promises_what_the_compiler_finds(folders, tmp_path):
    need("cc", "size")
    planned = plan.of(graph.read(released.load_verified(SMALL)[0]), SMALL)
    native.run(["cc", "-O2", "-c", str(folders[SMALL] / "ecg_model.c"), "-o", str(tmp_path / "model.o")])
    _, data, bss = map(int, native.run(["size", str(tmp_path / "model.o")]).splitlines()[1].split()[:3])
    assert planned.arena + planned.stream <= bss <= planned.arena + planned.stream + 64
    assert data <= 256  # constant tables of pointers, which PCs relocate when they load them


def test_it_calls_nothing_but_what_compilers_call_themselves(folders, tmp_path):
    need("cc", "nm")
    native.run(["cc", "-std=c99", "-O2", "-c", str(folders[SMALL] / "ecg_model.c"), "-o", str(tmp_path / "model.o")])
    called = set(native.run(["nm", "-u", str(tmp_path / "model.o")]).replace("U", "").split())
    assert called <= {"memcpy", "memmove", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("flags", [(), ("-DECG_STREAMING=0",), ("-O0", "-Wpedantic")])
def test_compilers_have_nothing_to_say(folders, tmp_path, compiler, flags):
    need(compiler)
    for source in ("ecg_model.c", "ecg_golden.c", "pc/check.c", "pc/classify.c", "pc/replay.c"):
        if "ECG_STREAMING" in "".join(flags) and "pc" in source:
            continue
        command = [
            compiler,
            *native.WARNINGS,
            "-O2",
            *flags,
            f"-I{folders[SMALL]}",
            "-c",
            "-o",
            str(tmp_path / "one.o"),
        ]
        assert native.run([*command, str(folders[SMALL] / source)]) == ""


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizers_find_nothing(folders, tmp_path, compiler):
    need(compiler)
    folder, program = folders[SMALL], tmp_path / "check"
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{folder}"]
    sources = [str(folder / name) for name in ("ecg_model.c", "ecg_golden.c", "pc/check.c")]
    native.run([compiler, *native.WARNINGS, *flags, "-o", str(program), *sources])
    assert "has the answers that it should have" in native.run([str(program)])


def test_it_is_a_header_for_c_plus_plus_too(folders, tmp_path):
    need("g++")
    source = tmp_path / "main.cpp"
    source.write_text('#include "ecg_model.h"\nint main() { return ecg_quantize(0) > 100; }\n')
    native.run(
        ["g++", "-Wall", "-Wextra", "-Werror", f"-I{folders[SMALL]}", "-c", "-o", str(tmp_path / "o"), str(source)]
    )


def test_two_commands_of_cmake_build_it_and_check_it(folders, tmp_path):
    need("cmake", "cc")
    native.run(["cmake", "-S", str(folders[SMALL]), "-B", str(tmp_path)])
    said = native.run(["cmake", "--build", str(tmp_path), "--target", "check"])
    assert "has the answers that it should have" in said and "answers of a stream compared" in said
    found = native.run([str(tmp_path / "ecg_classify"), str(folders[SMALL] / "recordings.bin")])
    assert found.count("recording ") == 3 and "NORM 0." in found


def test_a_replay_names_the_line_that_differs(folders, compiled, tmp_path):
    need("cc")
    folder, tool, log = folders[SMALL], tmp_path / "replay", tmp_path / "device.log"
    sources = [str(folder / "pc" / "replay.c"), str(folder / "ecg_model.c")]
    native.run(["cc", "-O2", f"-I{folder}", "-o", str(tool), *sources])
    answers = compiled[SMALL].classify_microvolts(golden.recordings())
    lines = [f"classify {row}: {' '.join(map(str, one))}\n" for row, one in enumerate(answers.tolist())]
    log.write_text("hello\n" + "".join(lines))
    command = [str(tool), str(folder / "recordings.bin"), str(log)]
    assert native.run(command) == "3 recordings and 0 answers of a stream compared, 0 differ\n"
    answers[1, 2] += 1
    log.write_text(
        "hello\n" + "".join(f"classify {row}: {' '.join(map(str, one))}\n" for row, one in enumerate(answers.tolist()))
    )
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith("line 3: the device says")


def network_of(samples: int, channels: tuple[int, ...], taps: int, rng: np.random.Generator) -> Network:
    """A network with random weights."""
    blocks, scales = [], 0.1
    for into, out in zip((12, *channels), channels):
        weights = rng.integers(-127, 128, (out, taps, into)).astype(np.int8)
        bias = rng.integers(-3000, 3000, out).astype(np.int32)
        source = Quantization(scales, int(rng.integers(-128, 20)) if not blocks else blocks[-1].sink.zero)
        sink = Quantization(0.1 * 1.7, int(rng.integers(-128, -60)))
        blocks.append(Convolution(weights, bias, rng.uniform(0.001, 0.01, out), source, sink, sink.zero))
        scales = sink.scale
    linear = rng.integers(-127, 128, (5, channels[-1])).astype(np.int8)
    bias = rng.integers(-999, 999, 5).astype(np.int32)
    mean, logit = Quantization(0.11, -100), Quantization(0.09, 3)
    return Network(
        samples, 12, tuple(blocks), mean, linear, bias, rng.uniform(0.001, 0.01, 5), logit, Quantization(1 / 256, -128)
    )


@pytest.mark.parametrize(
    ("samples", "channels", "taps"),
    [(250, (6, 5, 7), 5), (250, (3,), 4), (400, (9, 2), 3), (1000, (5, 3, 4, 1), 10)],
)
def test_other_shapes_are_computed_as_in_numpy(tmp_path, samples, channels, taps):
    """Odd channels, windows of 2.5 s, more and fewer layers: whole recordings and, sample by sample, a stream."""
    need("cc")
    rng = np.random.default_rng(samples + len(channels))
    network = network_of(samples, channels, taps, rng)
    entry = released.load_verified(SMALL)[1] | {"samples": samples}
    planned = plan.of(network, tmp_path, hop=104 if len(channels) == 4 else 100)
    values = c_source.known(network, planned, entry, "other", tmp_path)
    for name in ("ecg_model.c", "ecg_model.h"):
        (tmp_path / name).write_text(c_source.render(name, values))
    library = native.Compiled(
        tmp_path, tmp_path / "library", ("-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all")
    )
    x = rng.integers(-128, 128, (5, samples, 12)).astype(np.int8)
    np.testing.assert_array_equal(library.classify_int8(x), reference.outputs(network, x))
    signal = rng.normal(0, 900, (samples + 1100, 12)).astype(np.int16)
    stream = library.push(signal)
    assert len(stream) >= 10
    windows = np.stack(
        [signal[planned.hop * row :][:samples] for row in range(len(stream)) if planned.hop * row <= 1100]
    )
    wanted = reference.outputs(network, values["microvolts"](windows))
    np.testing.assert_array_equal(list(stream.values())[: len(wanted)], wanted)
    assert all(
        -planned.earliest <= at - (planned.hop * row + samples) <= planned.latest for row, at in enumerate(stream)
    )
