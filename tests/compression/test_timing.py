"""Latencies of files: ONNX and TensorFlow Lite in one session."""

from ecglib.compression import timing
from ecglib.evaluation.latency import measure_latencies
from ecgpredict import released


def test_files_of_both_kinds_are_timed_in_one_session(float_file, int8_file, project):
    paths = {
        "float32": float_file,
        "int8": int8_file,
        "tflite": project / "models" / f"{released.microcontroller()}.tflite",
    }
    calls = {name: timing.file_call(path) for name, path in paths.items()}
    table = measure_latencies(calls, 3, reference={"int8": "float32"})
    assert list(table.index) == list(paths)
    assert (table["ms"] > 0).all()
    assert table["ratio"].notna().tolist() == [False, True, False]
