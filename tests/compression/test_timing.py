"""Latencies of files: ONNX and TensorFlow Lite in one session."""

from ecglib.compression import timing
from ecgpredict import released


def test_files_of_both_kinds_are_timed_in_one_session(float_file, int8_file, project):
    paths = {
        "float32": float_file,
        "int8": int8_file,
        "tflite": project / "models" / f"{released.microcontroller()}.tflite",
    }
    table = timing.time_files(paths, 3, reference={"int8": "float32"})
    assert list(table.index) == list(paths)
    assert (table["ms"] > 0).all()
    assert table["ratio"].notna().tolist() == [False, True, False]
