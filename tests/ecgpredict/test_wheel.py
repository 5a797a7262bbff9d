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


@pytest.mark.slow
def test_a_newcomer_gets_from_the_package_to_a_model_on_a_microcontroller(installed, tmp_path):
    """A folder written by the installed package, checked here and on two emulated processors."""
    require(*emulation.TOOLS, "cc")
    arguments = ["firmware", released.microcontroller(), "--out", "one", "--prefix", "one"]
    command = [sys.executable, "-c", "from ecglib import cli; cli.app()", *arguments]
    subprocess.run(command, cwd=tmp_path, check=True, env=os.environ | {"PYTHONPATH": str(installed)})
    native.run(["cmake", "-S", "one", "-B", "build"], cwd=tmp_path)
    printed = native.run(["cmake", "--build", "build", "--target", "check"], cwd=tmp_path)
    assert "golden recording: outputs match" in printed and re.search(r"stream: outputs of \d+ windows match", printed)
    for cpu in ("cortex-m4", "cortex-m55"):
        native.run(["cmake", "-S", "one/cortex-m", "-B", cpu, "-D", f"CPU={cpu}"], cwd=tmp_path)
        printed = native.run(["cmake", "--build", cpu, "--target", "emulate"], cwd=tmp_path)
        assert "golden recording: outputs match" in printed
