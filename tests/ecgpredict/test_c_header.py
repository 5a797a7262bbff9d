"""The C header: the bytes of the file, and the constants that convert voltages to inputs and outputs to decisions."""

import re
import subprocess

import numpy as np
import pytest
from conftest import command, require

from ecgpredict import c_header, released
from ecgpredict.errors import InputError
from ecgpredict.spec import Normalization, apply_temperature

SCALES = {"input_scale": 0.125, "input_zero": -8, "output_scale": 0.00390625, "output_zero": -128}
THRESHOLDS = (0.4, 0.5, 0.3, 0.2, 0.6)


@pytest.fixture
def model(tmp_path):
    """A released file of arbitrary bytes, and its entry in the manifest."""
    source = tmp_path / "model.tflite"
    source.write_bytes(np.random.default_rng(0).bytes(1000))
    released.write(tmp_path, "micro", [source], Normalization(0.01, 0.2), 1.5, THRESHOLDS, integers=SCALES)
    return released.load_verified("micro", tmp_path, released.TFLITE)


def test_header_contains_the_bytes_of_the_file(model, tmp_path):
    text = c_header.write(*model, tmp_path / "student.h", "ecg_student").read_text()
    content = bytes(int(value, 16) for value in re.findall(r"0x([0-9a-f]{2}),", text))
    assert content == model[0].read_bytes()
    assert "ecg_student[ECG_STUDENT_BYTES]" in text and "#define ECG_STUDENT_BYTES 1000\n" in text


def test_header_defines_normalization_and_quantization(model):
    text = c_header.c_header(*model, "net")
    found = dict(re.findall(r"#define NET_(\w+) (.+)", text))
    values = {name: float(value.strip("()f")) for name, value in found.items() if name != "THRESHOLDS"}
    scales = {name.upper(): value for name, value in SCALES.items()}
    assert values == scales | {"MEAN": 0.01, "SCALE": 0.2, "BYTES": 1000}


def test_thresholds_refer_to_uncalibrated_probabilities(model):
    text = re.search(r"THRESHOLDS {(.+)}", c_header.c_header(*model, "net"))[1]
    uncalibrated = np.array([float(value.strip(" f")) for value in text.split(",")])
    np.testing.assert_allclose(apply_temperature(uncalibrated, 1.5), THRESHOLDS, atol=1e-6)


@pytest.mark.parametrize("language", ["c", "c++"])
def test_header_compiles_without_warnings(model, tmp_path, language):
    require("cc")
    c_header.write(*model, tmp_path / "net.h", "net")
    source = (
        "static const float t[] = NET_THRESHOLDS;\nint main(void) { return t[0] > 1 || sizeof net != NET_BYTES; }\n"
    )
    (tmp_path / "main.c").write_text('#include "net.h"\n' + source)
    call = ["cc", "-x", language, "-Wall", "-Werror", "-o", "main", "main.c"]
    assert subprocess.run(call, cwd=tmp_path, capture_output=True, text=True).stderr == ""
    assert subprocess.run([tmp_path / "main"]).returncode == 0


def test_invalid_identifier_is_rejected(model):
    with pytest.raises(InputError, match="not a C identifier"):
        c_header.c_header(*model, "my model")


def test_the_commands_status_tells_whether_the_header_was_written(model, tmp_path, monkeypatch):
    monkeypatch.setattr(released, "folder", lambda: tmp_path)
    target = tmp_path / "net.h"
    assert command("header", "unknown", target).exit_code == 1
    assert not target.exists()
    assert command("header", "micro", target).exit_code == 0
    assert target.read_text() == c_header.c_header(*model, "ecg_model")
