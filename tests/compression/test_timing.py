"""Latencies of files: ONNX and TensorFlow Lite in one session, stored for the summary."""

import json

import numpy as np
import pytest

from ecglib.compression import timing
from ecgpredict.errors import InputError

RELEASED = "student_micro_64k.tflite"


def test_files_of_both_kinds_are_timed_in_one_session(float_file, int8_file, project):
    paths = {"float32": float_file, "int8": int8_file, "tflite": project / "models" / RELEASED}
    table = timing.time_files(paths, 3, reference={"int8": "float32"})
    assert list(table.index) == list(paths)
    assert (table["ms"] > 0).all()
    assert table["ratio"].notna().tolist() == [False, True, False]


def test_latencies_that_are_read_equal_those_written(float_file, int8_file, tmp_path):
    paths = {"model": int8_file, "model, float32": float_file}
    written = timing.write_latencies(tmp_path, paths, {"model": "model, float32"}, 4)
    found = timing.read_latencies(tmp_path)
    np.testing.assert_allclose(found, written, atol=1e-6)
    assert list(found.index) == list(paths)
    assert json.loads((tmp_path / timing.LATENCIES).read_text())["n_timing_runs"] == 4


def test_missing_latencies_are_named(tmp_path):
    with pytest.raises(InputError, match="no latencies"):
        timing.read_latencies(tmp_path)


def test_a_file_of_another_type_is_named(tmp_path):
    with pytest.raises(InputError, match="unknown type of model file"):
        timing.file_call(tmp_path / "model.pt")
