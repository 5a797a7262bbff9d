"""A page with a classifier and without the rest of the book, and what its numbers should be."""

import time
from pathlib import Path

import numpy as np

from ecgpredict import released
from ecgpredict.firmware import fixed_point, graph, reference
from ecgpredict.spec import Normalization, positions


def write(folder: Path) -> None:
    """Write index.html beside the folder `classify` that :func:`ecgpredict.browser.stage` has made."""
    names = "".join(f'<script src="classify/{name}.js"></script>' for name in ("model", "examples", "classify"))
    content = f'<meta charset="utf-8"><div class="ecg-classifier"></div>{names}'
    (folder / "index.html").write_text(content, encoding="utf-8")


def in_integers(name):
    """What a model's file gives for windows (w, 1000, 12) in mV, in NumPy's integers."""
    path, entry = released.load_verified(name, kind=released.TFLITE)
    network = graph.read(path)
    source, table = network.blocks[0].source, fixed_point.output_tables(network.output, entry)[0]

    def compute(windows):
        normal = Normalization(entry["mean"], entry["scale"])(np.asarray(windows, np.float32))
        normal = normal[:, :, positions(entry["leads"])]
        x = np.clip(np.round(normal / np.float32(source.scale)) + source.zero, -128, 127).astype(np.int8)
        return table[reference.outputs(network, x).astype(int) + 128]

    return compute


def wait(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "the page does not respond"
        time.sleep(0.05)
