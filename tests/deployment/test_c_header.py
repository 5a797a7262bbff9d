"""The C header: the file's bytes, and every number between voltages and decisions."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from ecglib.data.normalization import Normalization
from ecglib.deployment import c_header, released
from ecglib.errors import InputError
from ecglib.evaluation import calibration

SCALES = {"input_scale": 0.125, "input_zero": -8, "output_scale": 0.00390625, "output_zero": -128}
THRESHOLDS = (0.4, 0.5, 0.3, 0.2, 0.6)


@pytest.fixture
def model(tmp_path):
    """A released file and its entry; what the bytes are does not matter here."""
    source = tmp_path / "model.tflite"
    source.write_bytes(np.random.default_rng(0).bytes(1000))
    released.write(tmp_path, "micro", source, Normalization(0.01, 0.2), 1.5, THRESHOLDS, **SCALES)
    return released.load_verified("micro", tmp_path)


def test_it_holds_the_files_bytes(model, tmp_path):
    text = c_header.write(*model, tmp_path / "student.h", "ecg_student").read_text()
    content = bytes(int(value, 16) for value in re.findall(r"0x([0-9a-f]{2}),", text))
    assert content == model[0].read_bytes()
    assert "ecg_student[ECG_STUDENT_BYTES]" in text and "#define ECG_STUDENT_BYTES 1000\n" in text


def test_it_says_how_voltages_become_integers_and_integers_probabilities(model):
    text = c_header.c_header(*model, "net")
    found = dict(re.findall(r"#define NET_(\w+) (.+)", text))
    values = {name: float(value.strip("()f")) for name, value in found.items() if name != "THRESHOLDS"}
    assert values == {
        "MEAN": 0.01, "SCALE": 0.2, "INPUT_SCALE": 0.125, "INPUT_ZERO": -8, "OUTPUT_SCALE": 0.00390625,
        "OUTPUT_ZERO": -128, "BYTES": 1000,
    }  # fmt: skip


def test_its_thresholds_are_those_of_probabilities_before_calibration(model):
    text = re.search(r"THRESHOLDS {(.+)}", c_header.c_header(*model, "net"))[1]
    own = np.array([float(value.strip(" f")) for value in text.split(",")])
    np.testing.assert_allclose(calibration.apply_temperature(own, 1.5), THRESHOLDS, atol=1e-6)


@pytest.mark.parametrize("language", ["c", "c++"])
def test_a_compiler_takes_it(model, tmp_path, language):
    if not (compiler := shutil.which("cc")):
        pytest.skip("there is no C compiler")
    c_header.write(*model, tmp_path / "net.h", "net")
    source = (
        "static const float t[] = NET_THRESHOLDS;\nint main(void) { return t[0] > 1 || sizeof net != NET_BYTES; }\n"
    )
    (tmp_path / "main.c").write_text('#include "net.h"\n' + source)
    command = [compiler, "-x", language, "-Wall", "-Werror", "-o", "main", "main.c"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stderr == ""
    assert subprocess.run([tmp_path / "main"]).returncode == 0


def test_a_name_that_c_does_not_take_is_named(model):
    with pytest.raises(InputError, match="no name in C"):
        c_header.c_header(*model, "my model")


def test_a_model_without_integers_is_named(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"model")
    released.write(tmp_path, "large", tmp_path / "model.onnx", Normalization(0.0, 1.0), 1.0, THRESHOLDS)
    with pytest.raises(InputError, match="a model without integers"):
        c_header.c_header(*released.load_verified("large", tmp_path), "net")
