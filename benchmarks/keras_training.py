"""Training time per record of the Inception CNN, and whether its input pipeline keeps up.

Prints the time of a step, that for preparing a batch (reading, normalizing, shifting, adding noise), and that of an
epoch over folds 1-8 of PTB-XL.
"""

import tempfile
import time
from pathlib import Path

import numpy as np

from ecglib.data import synthetic
from ecglib.data.dataset import open_dataset
from ecglib.data.normalization import fit_normalization
from ecglib.networks import inception
from ecglib.networks.keras_backend import keras
from ecglib.study.profile import load_profile
from ecglib.training import keras_training

STEPS, RECORDS = 8, 17_084
settings = load_profile(Path(__file__).parent.parent / "config" / "full.yml").training["inception_cnn"]


def milliseconds(work) -> float:
    """The best time per record of several steps, without the first ones, which compile."""
    best = float("inf")
    for step in range(STEPS + 2):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start) if step >= 2 else best
    return best / settings.batch_size * 1e3


with tempfile.TemporaryDirectory() as folder:
    root = synthetic.write_sample(Path(folder) / "records", records=2 * settings.batch_size, progress=False)
    dataset = open_dataset(root, Path(folder) / "cache", progress=False)
    normalization = fit_normalization(dataset.in_folds(*settings.folds.train))
    positions = np.arange(settings.batch_size)

    def prepared() -> np.ndarray:
        x = normalization(dataset.millivolts(positions))
        return keras_training.augment(x, settings, np.random.default_rng(0))

    x, y = prepared(), dataset.labels[positions]
    prepare = milliseconds(prepared)

network = inception.build(settings.dropout)
network.compile(keras.optimizers.AdamW(1e-3), "binary_crossentropy")
step = milliseconds(lambda: network.train_on_batch(x, y))
assert np.isfinite(network.evaluate(x, y, verbose=0))
print(f"step: {step:.2f} ms per record")
print(f"input pipeline alone: {prepare:.3f} ms per record, {prepare / step:.1%} of a step, in parallel with it")
print(f"an epoch over {RECORDS:,} records: {step * RECORDS / 1e3:.0f} s, plus the scoring of fold 9")
