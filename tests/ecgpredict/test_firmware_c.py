"""The C file on this computer: outputs against LiteRT, a stream against its windows, and compiler diagnostics."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from conftest import lacking
from device import native, proof

from ecgpredict import examples, firmware, released
from ecgpredict.firmware import c_source, golden, graph, plan, reference
from ecgpredict.firmware.graph import Convolution, Network, Quantization
from ecgpredict.spec import apply_temperature

NAMES = ("student_micro_64k", "student_micro")
SMALL = NAMES[0]


def require(*tools):
    for tool in tools:
        if not shutil.which(tool):
            lacking("toolchain", f"{tool} is not installed")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """{name: firmware folder}"""
    return {name: firmware.write(name, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.fixture(scope="module")
def compiled(folders, tmp_path_factory):
    """{name: model compiled for this computer}"""
    require("cc")
    return {name: native.CompiledModel(folder, tmp_path_factory.mktemp("library")) for name, folder in folders.items()}


@pytest.fixture(scope="module")
def walk():
    """A random walk of 60 s that covers the range of int8: int16 (6000, 12) in µV."""
    steps = np.random.default_rng(3).normal(0, 120, (6000, 12)).cumsum(axis=0)
    return (np.abs(steps % 20000 - 10000) - 5000).astype(np.int16)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_equal_litert_s_reference_kernels(compiled, name):
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    path = released.load_verified(name)[0]
    network = graph.read(path)
    x = np.concatenate([proof.random_inputs(network, 20), proof.extreme_inputs(network)])
    found = proof.compare_outputs(compiled[name].classify_int8(x), proof.outputs(path, proof.REFERENCE, x), [0] * 5)
    assert found["recordings"] == 32 and found["outputs_that_differ"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_microvolts_give_the_calibrated_probabilities(compiled, name):
    path, entry = released.load_verified(name)
    network, recordings = graph.read(path), golden.recordings()
    x = np.clip(
        np.round(
            (recordings.astype(np.float32) / 1000 - np.float32(entry["mean"]))
            / np.float32(entry["scale"])
            / entry["input_scale"]
        )
        + entry["input_zero"],
        -128,
        127,
    ).astype(np.int8)
    raw = (reference.outputs(network, x).astype(np.float32) - entry["output_zero"]) * entry["output_scale"]
    wanted = apply_temperature(raw, entry["temperature"])
    np.testing.assert_allclose(compiled[name].probabilities(recordings), wanted, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_stream_results_equal_those_of_separate_windows(compiled, name, walk):
    stream = compiled[name].push(walk)
    assert len(stream) == (51 if 5999 in stream else 50)
    for row, (samples, outputs) in enumerate(stream.items()):
        window = walk[100 * row : 100 * row + 1000]
        assert -1 <= samples - (100 * row + 1000) <= 3
        np.testing.assert_array_equal(outputs, compiled[name].classify_microvolts(window[None])[0])


def test_folder_contains_the_golden_recording_and_its_outputs(folders):
    text = (folders[SMALL] / "ecg_golden.c").read_text()
    first = ", ".join(map(str, (np.round(next(iter(examples.signals().values())) * 1000).astype(int))[0]))
    assert f"{{{first}}}," in text and "ecg_golden_outputs[ECG_CLASSES] = {" in text


@pytest.fixture(scope="module")
def model_object(folders, tmp_path_factory):
    """The small model as an object file."""
    require("cc")
    target = tmp_path_factory.mktemp("object") / "model.o"
    native.run(["cc", "-std=c99", "-O1", "-c", str(folders[SMALL] / "ecg_model.c"), "-o", str(target)])
    return target


def test_sizes_in_the_header_equal_those_of_the_object_file(model_object):
    require("size")
    planned = plan.plan_memory(graph.read(released.load_verified(SMALL)[0]), SMALL)
    _, data, bss = map(int, native.run(["size", str(model_object)]).splitlines()[1].split()[:3])
    assert planned.arena + planned.stream <= bss <= planned.arena + planned.stream + 64
    assert data <= 256  # constant tables of pointers, which PCs relocate when they load a program


def test_header_defines_the_constants_of_the_manifest(folders):
    entry, text = released.load_verified(SMALL)[1], (folders[SMALL] / "ecg_model.h").read_text()
    found = {name: float(value) for name, value in re.findall(r"#define ECG_(\w+) \(?(-?[\d.]+)", text)}
    for macro, key in (
        ("MEAN", "mean"),
        ("SCALE", "scale"),
        ("INPUT_SCALE", "input_scale"),
        ("INPUT_ZERO", "input_zero"),
        ("OUTPUT_SCALE", "output_scale"),
        ("OUTPUT_ZERO", "output_zero"),
        ("TEMPERATURE", "temperature"),
    ):
        assert found[macro] == pytest.approx(entry[key], rel=1e-6)
    assert entry["sha256"] in (folders[SMALL] / "ecg_model.c").read_text()


def test_model_calls_only_functions_that_compilers_insert(model_object):
    require("nm")
    called = set(native.run(["nm", "-u", str(model_object)]).replace("U", "").split())
    assert called <= {"memcpy", "memmove", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}


@pytest.mark.parametrize("compiler", ["gcc", pytest.param("clang", marks=pytest.mark.slow)])
@pytest.mark.parametrize("flags", [(), ("-DECG_STREAMING=0",), ("-O0", "-Wpedantic")])
def test_sources_compile_without_warnings(folders, tmp_path, compiler, flags):
    require(compiler)
    sources = ["ecg_model.c"]
    if "-DECG_STREAMING=0" not in flags:  # the programs use the stream
        sources += ["ecg_golden.c", "pc/check.c", "pc/classify.c", "pc/replay.c"]
    options = [*native.WARNINGS, "-O2", *flags, f"-I{folders[SMALL]}", "-c", "-o", str(tmp_path / "one.o")]
    for source in sources:
        assert native.run([compiler, *options, str(folders[SMALL] / source)]) == ""


@pytest.mark.slow
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizers_report_nothing(folders, tmp_path, compiler):
    require(compiler)
    folder, program = folders[SMALL], tmp_path / "check"
    flags = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{folder}"]
    sources = [str(folder / name) for name in ("ecg_model.c", "ecg_golden.c", "pc/check.c")]
    native.run([compiler, *native.WARNINGS, *flags, "-o", str(program), *sources])
    assert "golden recording: outputs match" in native.run([str(program)])


def test_header_compiles_as_c_plus_plus(folders, tmp_path):
    require("g++")
    source = tmp_path / "main.cpp"
    source.write_text('#include "ecg_model.h"\nint main() { return ecg_quantize(0) > 100; }\n')
    options = ["-Wall", "-Wextra", "-Werror", f"-I{folders[SMALL]}", "-c", "-o", str(tmp_path / "main.o")]
    native.run(["g++", *options, str(source)])


@pytest.mark.slow
def test_two_cmake_commands_build_and_check_the_model(folders, tmp_path):
    require("cmake", "cc")
    native.run(["cmake", "-S", str(folders[SMALL]), "-B", str(tmp_path)])
    printed = native.run(["cmake", "--build", str(tmp_path), "--target", "check"])
    assert "golden recording: outputs match" in printed and "stream: outputs of 21 windows match" in printed
    printed = native.run([str(tmp_path / "ecg_classify"), str(folders[SMALL] / "recordings.bin")])
    assert printed.count("recording ") == 3 and "NORM 0." in printed


def compile_program(folder, name, target):
    """One of the PC programs with the small model."""
    sources = [str(folder / one) for one in (f"pc/{name}.c", "ecg_model.c", "ecg_golden.c")]
    native.run(["cc", "-O2", f"-I{folder}", "-o", str(target), *sources])
    return target


def test_check_fails_if_a_golden_output_differs(folders, tmp_path):
    require("cc")
    folder = shutil.copytree(folders[SMALL], tmp_path / "firmware")
    text = (folder / "ecg_golden.c").read_text()
    (folder / "ecg_golden.c").write_text(re.sub(r"(outputs\[ECG_CLASSES\] = {)-?\d+", r"\g<1>-128", text))
    done = subprocess.run([compile_program(folder, "check", tmp_path / "check")], capture_output=True, text=True)
    assert done.returncode == 1 and "golden recording: outputs DIFFER" in done.stdout


def test_replay_reports_the_line_that_differs(folders, compiled, tmp_path):
    require("cc")
    folder, log = folders[SMALL], tmp_path / "device.log"
    command = [str(compile_program(folder, "replay", tmp_path / "replay")), str(folder / "recordings.bin"), str(log)]
    outputs = compiled[SMALL].classify_microvolts(golden.recordings())

    def write_log():
        lines = [f"classify {row}: {' '.join(map(str, one))}\n" for row, one in enumerate(outputs.tolist())]
        log.write_text("device started\n" + "".join(lines))

    write_log()
    assert native.run(command) == "3 recordings and 0 windows of a stream compared, 0 differ\n"
    outputs[1, 2] += 1
    write_log()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith('line 3: device "classify 1:')


def test_latencies_compare_the_c_file_with_litert(compiled):
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    path = released.load_verified(SMALL)[0]
    recording = proof.random_inputs(graph.read(path), 1)[0]
    found = proof.latencies(path, compiled[SMALL], recording, n_timing_runs=3)
    assert list(found.index) == [proof.C_FILE, *(name for name in proof.ENGINES if name != proof.TFLITE_MICRO)]
    assert (found["ms"] > 0).all() and found.index[found["ratio"].isna()].tolist() == [proof.REFERENCE]


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
def test_other_architectures_equal_numpy(tmp_path, samples, channels, taps):
    """Odd numbers of channels, windows of 2.5 s, one to four layers: complete recordings, and a stream."""
    require("cc")
    rng = np.random.default_rng(samples + len(channels))
    network = network_of(samples, channels, taps, rng)
    entry = released.load_verified(SMALL)[1] | {"samples": samples}
    planned = plan.plan_memory(network, tmp_path, hop=104 if len(channels) == 4 else 100)
    values = c_source.template_values(network, planned, entry, "other", tmp_path)
    for name in ("ecg_model.c", "ecg_model.h"):
        (tmp_path / name).write_text(c_source.render(name, values))
    library = native.CompiledModel(
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
    wanted = reference.outputs(network, values["quantizer"](windows))
    np.testing.assert_array_equal(list(stream.values())[: len(wanted)], wanted)
    assert all(
        -planned.samples_before_end <= at - (planned.hop * row + samples) <= planned.samples_after_end
        for row, at in enumerate(stream)
    )
