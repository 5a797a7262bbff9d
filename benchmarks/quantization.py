"""What int8 gains over float32 in ONNX Runtime: bytes, and the time of one record at one thread.

Prints ratios for the base CNN, the base CNN with three quarters of its channels out, and the student, with
random weights: neither bytes nor time depend on them. Aims, on a processor with VNNI: at most 0.28 of the bytes and at
least 2.5 times as fast; after the channels at least 4 times fewer parameters and 3 times as fast.
"""

import tempfile
from pathlib import Path

import numpy as np

from ecglib import export, pruning, quantization, torch_models
from ecglib.ptbxl import LEADS
from ecglib.signals import SAMPLES

records = np.random.default_rng(0).standard_normal((8, SAMPLES, len(LEADS))).astype(np.float32)
base = torch_models.build("base_cnn")
networks = {"base CNN": base, "pruned": pruning.channels(base, 0.75), "student": torch_models.build("student")}
with tempfile.TemporaryDirectory() as folder:
    files = {}
    for name, network in networks.items():
        files[name] = export.to_onnx(network, Path(folder) / f"{name}.onnx")
        files[f"{name}, int8"] = quantization.quantize(files[name], Path(folder) / f"{name}_int8.onnx", records)
    milliseconds = export.latencies(files, 200)
    for name in networks:
        small = f"{name}, int8"
        share = files[small].stat().st_size / files[name].stat().st_size
        integer = dict(quantization.convolutions(files[small]))
        speed = milliseconds[name] / milliseconds[small]
        print(f"{name}: {milliseconds[name]:.2f} ms in float32")
        print(f"  int8: {speed:.2f} times as fast (aim 2.5), {share:.3f} of the bytes (aim 0.28), runs {integer}")
params = {name: torch_models.counts(network)["params"] for name, network in networks.items()}
fewer, speed = (values["base CNN"] / values["pruned"] for values in (params, milliseconds))
print(f"three quarters of channels out: {fewer:.1f} times fewer parameters (aim 4), {speed:.1f} times as fast (aim 3)")
