"""Size and speed of int8 relative to float32 in ONNX Runtime, for one record on one thread.

Prints ratios for the base CNN, the base CNN with three quarters of its channels removed, and the student, with random
weights, as neither size nor speed depends on them. Targets, on a processor with VNNI: at most 0.28 of the bytes and at
least 2.5 times as fast; with channels removed at least 4 times fewer parameters and 3 times as fast.
"""

import tempfile
from pathlib import Path

import numpy as np

from ecglib.compression import onnx_files, pruning, quantization, timing
from ecglib.evaluation.latency import measure_latencies
from ecglib.networks import convnet
from ecgpredict.spec import LEADS, N_SAMPLES

records = np.random.default_rng(0).standard_normal((8, N_SAMPLES, len(LEADS))).astype(np.float32)
base = convnet.build("base_cnn")
networks = {"base CNN": base, "pruned": pruning.prune_channels(base, 0.75), "student": convnet.build("student")}
with tempfile.TemporaryDirectory() as folder:
    files = {}
    for name, network in networks.items():
        files[name] = onnx_files.to_onnx(network, Path(folder) / f"{name}.onnx")
        files[f"{name}, int8"] = quantization.quantize(files[name], Path(folder) / f"{name}_int8.onnx", records)
    calls = {name: timing.file_call(path) for name, path in files.items()}
    milliseconds = measure_latencies(calls, 200)["ms"]
    for name in networks:
        small = f"{name}, int8"
        share = files[small].stat().st_size / files[name].stat().st_size
        integer = dict(quantization.count_convolutions(files[small]))
        speed = milliseconds[name] / milliseconds[small]
        print(f"{name}: {milliseconds[name]:.2f} ms in float32")
        print(f"  int8: {speed:.2f} times as fast (target 2.5), {share:.3f} of the bytes (target 0.28), runs {integer}")
params = {name: convnet.counts(network)["params"] for name, network in networks.items()}
fewer, speed = (values["base CNN"] / values["pruned"] for values in (params, milliseconds))
print(f"without three quarters of the channels: {fewer:.1f} times fewer parameters (target 4)")
print(f"  {speed:.1f} times as fast (target 3)")
