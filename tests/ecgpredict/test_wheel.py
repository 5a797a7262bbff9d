"""`pip install .` installs the package with its released models, and a command that needs no checkout."""

import os
import re
import subprocess
import sys
import zipfile

import pytest
from conftest import copy_checkout, require
from device import emulation, native

from ecgpredict import examples, released


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the content of the wheel, built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    copy_checkout(folder / "checkout")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)],
        cwd=folder / "checkout",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_has_the_released_models_and_no_weights(installed):
    names = {path.name for path in (installed / "ecgpredict" / "models").iterdir()}
    assert {"manifest.json", f"{released.default()}.onnx", f"{released.microcontroller()}.tflite"} <= names
    assert not [path for path in installed.rglob("*") if path.suffix in (".safetensors", ".npz", ".ipynb")]


def test_one_command_classifies_a_recording(installed, tmp_path):
    examples.write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", "from ecglib import cli; cli.app()", "predict", "normal.hea", "--report", "normal.html"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(installed), "COLUMNS": "120"},
    )
    assert done.returncode == 0, done.stderr
    assert "normal" in done.stdout and "Not a medical device" in done.stdout
    assert "Not a medical device" in (tmp_path / "normal.html").read_text(encoding="utf-8")


PROGRAM = """
#include <stdio.h>
#include <string.h>
#include "one_front.h"
#include "one_model.h"
#include "two_front.h"
#include "two_model.h"
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
    printf("%d equal\\n", ones >= 6 && twos >= 6 ? equal : -1);
    return 0;
}
"""


@pytest.mark.slow
def test_a_newcomer_gets_from_the_package_to_two_models_in_one_program(installed, tmp_path):
    """Folders written by the installed package; checked here and on two emulated processors; front end and streams."""
    require(*emulation.TOOLS, "cc")
    environment = os.environ | {"PYTHONPATH": str(installed)}
    for prefix, model in (("one", released.microcontroller()), ("two", released.default())):
        arguments = ["firmware", model, "--out", prefix, "--prefix", prefix]
        command = [sys.executable, "-c", "from ecglib import cli; cli.app()", *arguments]
        subprocess.run(command, cwd=tmp_path, check=True, env=environment)
    native.run(["cmake", "-S", "one", "-B", "build"], cwd=tmp_path)
    printed = native.run(["cmake", "--build", "build", "--target", "check"], cwd=tmp_path)
    assert "golden recording: outputs match" in printed and re.search(r"stream: outputs of \d+ windows match", printed)
    for cpu in ("cortex-m4", "cortex-m55"):
        native.run(["cmake", "-S", "one/cortex-m", "-B", cpu, "-D", f"CPU={cpu}"], cwd=tmp_path)
        printed = native.run(["cmake", "--build", cpu, "--target", "emulate"], cwd=tmp_path)
        assert "golden recording: outputs match" in printed
    (tmp_path / "main.c").write_text(PROGRAM)
    sources = ["main.c", *(f"{name}/{name}_{part}.c" for name in ("one", "two") for part in ("front", "model"))]
    native.run(["cc", *native.WARNINGS, "-O2", "-Ione", "-Itwo", "-o", "program", *sources], cwd=tmp_path)
    assert native.run([str(tmp_path / "program")]) == "12 equal\n"
