"""The C file on this computer: outputs against LiteRT, a stream against its windows, and compiler diagnostics."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
import yaml
from conftest import require
from device import native, proof
from random_networks import random_network

from ecgpredict import __version__, firmware, released
from ecgpredict.errors import InputError
from ecgpredict.firmware import c_source, golden, graph, plan, reference
from ecgpredict.spec import LEADS, Normalization, apply_temperature

NAMES = (released.microcontroller(), released.default())
SMALL = NAMES[0]
LEADS_OF = {name: released.entry(name, kind=released.TFLITE)["leads"] for name in NAMES}


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
    """{name: a random walk of 60 s that covers the range of int8, int16 (6000, leads) in µV}"""
    steps = np.random.default_rng(3).normal(0, 120, (6000, 12)).cumsum(axis=0)
    signal = (np.abs(steps % 20000 - 10000) - 5000).astype(np.int16)
    return {name: signal[:, : len(leads)] for name, leads in LEADS_OF.items()}


@pytest.mark.parametrize("name", NAMES)
def test_outputs_equal_litert_s_reference_kernels(compiled, name):
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    path = released.load_verified(name, kind=released.TFLITE)[0]
    network = graph.read(path)
    x = np.concatenate([proof.random_inputs(network, 20), proof.extreme_inputs(network)])
    found = proof.compare_outputs(compiled[name].classify_int8(x), proof.outputs(path, x), [0] * 5)
    assert found["recordings"] == 32 and found["outputs_that_differ"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_microvolts_give_the_calibrated_probabilities(compiled, name):
    path, entry = released.load_verified(name, kind=released.TFLITE)
    network, recordings = graph.read(path), golden.recordings(entry["leads"])
    real = Normalization(entry["mean"], entry["scale"])(recordings.astype(np.float32) / 1000)
    x = np.clip(np.round(real / entry["input_scale"]) + entry["input_zero"], -128, 127).astype(np.int8)
    raw = (reference.outputs(network, x).astype(np.float32) - entry["output_zero"]) * entry["output_scale"]
    outputs = compiled[name].classify(recordings)
    wanted = apply_temperature(raw, entry["temperature"])
    np.testing.assert_allclose(compiled[name].probability(outputs), wanted, atol=1 / 65536)


@pytest.mark.parametrize("name", NAMES)
def test_stream_results_equal_those_of_separate_windows(compiled, name, walk):
    path, _ = released.load_verified(name, kind=released.TFLITE)
    planned = plan.plan_memory(graph.read(path), path)
    stream = compiled[name].push(walk[name])
    lateness = [end - 1000 - planned.hop * row for row, end in enumerate(stream)]
    assert (min(lateness), max(lateness)) == planned.delays and len(stream) >= 5000 // planned.hop
    windows = np.stack([walk[name][planned.hop * row :][:1000] for row in range(len(stream))])
    np.testing.assert_array_equal(list(stream.values()), compiled[name].classify(windows))


@pytest.mark.parametrize("offset", [1, 37, 99])
def test_a_stream_may_start_at_any_sample(compiled, walk, offset):
    signal = walk[SMALL][offset:]
    first, *_ = compiled[SMALL].push(signal[:1200]).values()
    np.testing.assert_array_equal(first, compiled[SMALL].classify(signal[None, :1000])[0])


def test_streams_and_recordings_do_not_disturb_each_other(compiled, walk):
    signal = walk[SMALL]
    one, other, results = compiled[SMALL].stream(), compiled[SMALL].stream(), []
    for row in range(1150):
        results.append(one(signal[row]))
        other(signal[row + 50])
        if row % 300 == 0:
            compiled[SMALL].classify(signal[None, :1000])
    alone = compiled[SMALL].push(signal[:1150])
    assert [row + 1 for row, outputs in enumerate(results) if outputs is not None] == list(alone)
    np.testing.assert_array_equal([outputs for outputs in results if outputs is not None], list(alone.values()))


@pytest.fixture(scope="module")
def model_object(folders, tmp_path_factory):
    """The small model as an object file."""
    require("cc")
    target = tmp_path_factory.mktemp("object") / "model.o"
    native.run(["cc", "-std=c99", "-O1", "-c", str(folders[SMALL] / "ecg_model.c"), "-o", str(target)])
    return target


def test_the_model_has_no_memory_of_its_own(model_object):
    """The sizes of arena and stream are compared with the header's by the compiler."""
    require("size")
    _, data, bss = map(int, native.run(["size", str(model_object)]).splitlines()[1].split()[:3])
    assert bss == 0 and data <= 512  # constant tables of pointers, which PCs relocate when they load a program


def test_header_defines_the_constants_of_the_manifest(folders):
    entry, text = released.load_verified(SMALL, kind=released.TFLITE)[1], (folders[SMALL] / "ecg_model.h").read_text()
    found = {name: float(value) for name, value in re.findall(r"#define ECG_(\w+) \(?(-?[\d.]+)", text)}
    for key in ("mean", "scale", "input_scale", "input_zero", "output_scale", "output_zero", "temperature"):
        assert found[key.upper()] == pytest.approx(entry[key], rel=1e-6)
    assert entry["sha256"] in (folders[SMALL] / "ecg_model.c").read_text()


def test_model_calls_only_functions_that_compilers_insert(model_object):
    require("nm")
    called = set(native.run(["nm", "-u", str(model_object)]).replace("U", "").split())
    assert called <= {"memcpy", "memmove", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}


@pytest.mark.parametrize("compiler", ["gcc", pytest.param("clang", marks=pytest.mark.slow)])
@pytest.mark.parametrize("flags", [("-O2",), ("-O0", "-Wpedantic")])
def test_sources_compile_without_warnings(folders, tmp_path, compiler, flags):
    require(compiler)
    sources = ["ecg_model.c", "ecg_golden.c", "pc/check.c", "pc/classify.c", "pc/replay.c"]
    options = [*native.WARNINGS, *flags, f"-I{folders[SMALL]}", "-c", "-o", str(tmp_path / "one.o")]
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
    source.write_text(
        '#include "ecg_model.h"\nstatic ecg_stream stream;\nstatic int16_t sample[ECG_LEADS];\n'
        "int main() { int8_t outputs[ECG_CLASSES]; return ecg_push(&stream, sample, outputs); }\n"
    )
    options = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{folders[SMALL]}", "-c", "-o", str(tmp_path / "main.o")]
    native.run(["g++", *options, str(source)])


@pytest.mark.slow
def test_two_cmake_commands_build_and_check_the_model(folders, tmp_path):
    require("cmake", "cc")
    native.run(["cmake", "-S", str(folders[SMALL]), "-B", str(tmp_path)])
    printed = native.run(["cmake", "--build", str(tmp_path), "--target", "check"])
    assert "golden recording: outputs match" in printed and re.search(r"stream: outputs of \d+ windows match", printed)
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


def write_log(path, outputs):
    """What a device prints of recordings."""
    lines = [f"classify {row}: {' '.join(map(str, one))}\n" for row, one in enumerate(outputs.tolist())]
    path.write_text("device started\n" + "".join(lines))


def test_replay_reports_the_line_that_differs(folders, compiled, tmp_path):
    require("cc")
    folder, log = folders[SMALL], tmp_path / "device.log"
    command = [str(compile_program(folder, "replay", tmp_path / "replay")), str(folder / "recordings.bin"), str(log)]
    outputs = compiled[SMALL].classify(golden.recordings(LEADS_OF[SMALL]))
    write_log(log, outputs)
    assert native.run(command) == "3 recordings and 0 windows of a stream compared, 0 differ\n"
    outputs[1, 2] += 1
    write_log(log, outputs)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.startswith('line 3: device "classify 1:')


SAME = 1, 1, 1  # stride 1, one column of padding at either end
PLAIN = {
    "compact": [(8, 10, 2, 0, 0, True), (8, 7, 1, 3, 3, True), (12, 7, 1, 3, 3, False)],
    "without padding": [(8, 10, 2, 0, 0, True), (6, 7, 1, 0, 0, True), (7, 7, 1, 0, 0, False)],
    "pools throughout": [(6, 5, 1, 0, 0, True), (5, 5, 1, 0, 0, True), (7, 5, 1, 0, 0, True)],
    "stem of stride 4": [(5, 10, 4, 0, 0, True), (9, 3, *SAME, False)],
    "two a stage": [(4, 8, 2, 0, 0, True), (4, 3, *SAME, False), (6, 3, *SAME, True), (3, 3, *SAME, False)],
    "even kernels": [(4, 4, 2, 0, 0, True), (4, 4, 2, 1, 1, False), (4, 5, 2, 2, 2, True), (6, 4, 1, 1, 2, False)],
}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize(("samples", "leads", "classes"), [(250, 12, 5), (261, 12, 5), (255, 1, 99), (254, 3, 2)])
def test_other_architectures_equal_numpy(tmp_path, kind, samples, leads, classes):
    """Complete recordings, and a stream, with undefined behavior checked."""
    require("cc")
    rng = np.random.default_rng(samples)
    network = random_network(samples, PLAIN[kind], rng, leads, classes)
    names = {"leads": LEADS[:leads], "classes": [f"class {i}" for i in range(classes)], "thresholds": [0.5] * classes}
    entry = released.entry(SMALL) | {"samples": samples} | names
    planned = plan.plan_memory(network, tmp_path)
    values = c_source.template_values(network, planned, entry, "other", tmp_path)
    for name in ("ecg_model.c", "ecg_model.h"):
        (tmp_path / name).write_text(c_source.render(name, values))
    flags = ("-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all")
    library = native.CompiledModel(tmp_path, tmp_path / "library", flags)
    x = rng.integers(-128, 128, (5, samples, leads)).astype(np.int8)
    np.testing.assert_array_equal(library.classify_int8(x), reference.outputs(network, x))
    signal = rng.normal(0, 900, (samples + 510, leads)).astype(np.int16)
    stream = library.push(signal)
    delays = [end - samples - planned.hop * row for row, end in enumerate(stream)]
    assert (min(delays), max(delays)) == planned.delays
    windows = np.stack([signal[planned.hop * row :][:samples] for row in range(len(stream))])
    assert len(stream) >= 510 // planned.hop
    np.testing.assert_array_equal(list(stream.values()), reference.outputs(network, values["quantizer"](windows)))


@pytest.fixture
def statements(monkeypatch, tmp_path):
    """The folder of a file of two leads and 99 classes, whose names are given."""
    network = random_network(1000, PLAIN["without padding"], np.random.default_rng(0), 2, 99)
    monkeypatch.setattr(graph, "read", lambda path: network)
    (tmp_path / "own.tflite").write_bytes(b"")
    classes = [f"statement {i}" for i in range(99)]
    return firmware.write(tmp_path / "own.tflite", tmp_path / "folder", leads=("II", "V5"), classes=classes)


def test_a_file_of_two_leads_and_99_classes_is_checked_and_replayed(statements, tmp_path):
    require("cc")
    printed = native.run([str(compile_program(statements, "check", tmp_path / "check"))])
    assert "golden recording: outputs match" in printed and "stream: outputs of" in printed
    outputs = native.CompiledModel(statements, tmp_path).classify(golden.recordings(("II", "V5")))
    write_log(tmp_path / "log", outputs)
    replay = str(compile_program(statements, "replay", tmp_path / "replay"))
    printed = native.run([replay, str(statements / "recordings.bin"), str(tmp_path / "log")])
    assert printed.startswith("3 recordings and 0 windows") and printed.endswith(" 0 differ\n")


@pytest.mark.parametrize(
    ("names", "message"), [({}, "other samples, leads or classes"), ({"leads": ("II", "MCL1")}, "unknown lead")]
)
def test_names_that_do_not_fit_a_file_are_refused(statements, tmp_path, names, message):
    classes = [f"statement {i}" for i in range(99)]
    with pytest.raises(InputError, match=message):
        firmware.write(tmp_path / "own.tflite", tmp_path / "other", classes=classes, **names)


def test_a_padded_first_convolution_is_rejected(tmp_path):
    network = random_network(250, [(4, 3, *SAME, True), (4, 3, *SAME, False)], np.random.default_rng(0))
    with pytest.raises(InputError, match="unsupported first convolution"):
        plan.plan_memory(network, tmp_path)


PROGRAM = """
#include <stdio.h>
#include <string.h>
#include "one_front.h"
#include "one_golden.h"
#include "two_front.h"
#include "two_golden.h"
static one_front front;
static two_front second_front;
static one_stream stream;
static two_stream another;
static one_arena arena;
static two_arena scratch;
static int16_t samples[2000][ONE_LEADS], others[2000][TWO_LEADS];
static int8_t results[64][ONE_CLASSES], more[64][TWO_CLASSES];
int main(void) {
    int8_t again[ONE_CLASSES];
    int count = 0, ones = 0, twos = 0, equal = 0;
    one_front_start(&front);
    two_front_start(&second_front);
    for (int i = 0; count < 1600; i++) {
        int32_t counts[8];
        for (int lead = 0; lead < 8; lead++) counts[lead] = (i * (lead + 3) * 37) % 20000 - 10000;
        const int done = one_front_push(&front, counts, 0, samples[count]);
        if (done != two_front_push(&second_front, counts, 0, others[count])) return 1;
        if (!done) continue;
        ones += one_push(&stream, samples[count], results[ones]);
        twos += two_push(&another, others[count], more[twos]);
        count++;
    }
    for (int i = 0; i < 6; i++) {
        one_classify(&arena, samples[i * ONE_HOP], again);
        equal += !memcmp(results[i], again, sizeof again);
        two_classify(&scratch, others[i * TWO_HOP], again);
        equal += !memcmp(more[i], again, sizeof again);
    }
    one_classify(&arena, one_golden_microvolts[0], again);
    equal += !memcmp(again, one_golden_outputs, sizeof again);
    two_classify(&scratch, two_golden_microvolts[0], again);
    equal += !memcmp(again, two_golden_outputs, sizeof again);
    printf("%d equal\\n", ones >= 6 && twos >= 6 ? equal : -1);
    return 0;
}
"""


def test_two_models_in_one_program(tmp_path):
    """One by its name and one by its file: front ends, streams, recordings and golden outputs."""
    require("cc")
    firmware.write(SMALL, tmp_path, prefix="one")
    firmware.write(released.load_verified(NAMES[1], kind=released.TFLITE)[0], tmp_path, prefix="two")
    (tmp_path / "main.c").write_text(PROGRAM)
    sources = [f"{prefix}_{part}.c" for prefix in ("one", "two") for part in ("front", "model", "golden")]
    native.run(["cc", *native.WARNINGS, "-O2", "-I.", "-o", "main", "main.c", *sources], cwd=tmp_path)
    assert native.run([str(tmp_path / "main")]) == "14 equal\n"


def test_a_prefix_is_a_c_identifier(tmp_path):
    with pytest.raises(InputError, match="not a C identifier"):
        firmware.write(SMALL, tmp_path, prefix="my-model")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no such file(.|\n)*absent\.tflite"):
        firmware.write(tmp_path / "absent.tflite", tmp_path)


def test_packages_name_the_source_files(folders):
    """The form of what PlatformIO, Arduino, Zephyr and ESP-IDF read; none of them was run."""
    folder = folders[SMALL]
    library = json.loads((folder / "library.json").read_text())
    assert library["build"]["srcFilter"] == "+<ecg_model.c> +<ecg_front.c>" and library["version"] == __version__
    properties = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
    assert {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url"} <= set(properties)
    assert yaml.safe_load((folder / "zephyr" / "module.yml").read_text())["build"] == {"cmake": "."}
    assert yaml.safe_load((folder / "idf_component.yml").read_text())["version"] == __version__
