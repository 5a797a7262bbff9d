"""Measures the firmware's front end against `predict`: microvolts, probabilities, decisions and quality warnings.

`PTBXL_ROOT=… ECGLIB_CACHE=… python benchmarks/front.py FILE` writes results/full/front.json. The recordings are those
of PTB-XL at 500 Hz whose differences are in FILE (see benchmarks/resampling.py) and all of fold 9, interpolated from
100 to 500 Hz. A converter of 24 bits with counts of 0.05 µV is simulated, at 500 Hz and, from every other sample,
at 250 Hz. The device's decision is that of the front end and of the integers of the .tflite file; `predict` reads the
signal in float32.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from device.front import CompiledFront, emulate, write
from scipy.signal import resample_poly

from ecglib.data.dataset import open_dataset
from ecglib.study import results
from ecgpredict import released
from ecgpredict.firmware import fixed_point, front, graph, reference
from ecgpredict.recordings import Recording, quality_warnings, windows
from ecgpredict.spec import positions

NEAR = 0.02
FLAGS = {
    "flat": "flat: ",
    "constant": "constant ",
    "clipped": "clipped: ",
    "high": "unusually high",
    "low": "unusually low",
}


def device(path: Path, entry: dict):
    """The function int16 (n, 1000, leads) in µV -> probabilities float32 (n, 5) of a model's C file."""
    network = graph.read(path)
    quantizer = fixed_point.microvolt_quantizer(model.normalization, network.blocks[0].source, path)
    table, _ = fixed_point.output_tables(network.output, entry)
    return lambda microvolts: table[reference.outputs(network, quantizer(microvolts)).astype(int) + 128]


def twelve_leads(millivolts: np.ndarray) -> np.ndarray:
    """Float32 (n, samples, 12) whose III, aVR, aVL and aVF are computed, as a device of eight inputs does."""
    x = millivolts.astype(np.float64)
    one, two = x[..., 0], x[..., 1]
    x[..., 2:6] = np.stack([two - one, -(one + two) / 2, one - two / 2, two - one / 2], axis=-1)
    return x.astype(np.float32)


def measure(signals: np.ndarray, rate: int) -> dict:
    """Differences on recordings float32 (n, 10 s, 12) in mV."""
    compute = CompiledFront(folder, folder / f"library_{rate}", rate, leads=leads)
    microvolts, flags, wanted, warned = [], [], [], []
    for number, signal in enumerate(signals):
        recording = Recording(str(number), signal, rate)
        counts = compute.counts(np.concatenate([signal, np.repeat(signal[-1:], rate // 5, axis=0)]))
        written, found = compute(counts)
        microvolts.append(written[:1000])
        flags.append([bool(found[name]) for name in FLAGS])
        wanted.append(windows(recording)[0])
        texts = quality_warnings(recording)
        warned.append([any(text.startswith(start) for text in texts) for start in FLAGS.values()])
    microvolts, wanted = np.stack(microvolts), np.stack(wanted)
    taken = wanted[..., positions(leads)]
    error = np.abs(microvolts - 1000 * taken)[:, 20:980]
    probability, expected = on_device(microvolts), model.probabilities(wanted)
    rounded = on_device(np.round(1000 * taken).astype(np.int16))
    moved, differs = np.abs(probability - expected), (probability >= bound) != (expected >= model.thresholds)
    near = np.abs(expected - model.thresholds) < NEAR
    return {
        "records": len(signals),
        "equal": (error < 0.5).mean(),  # both are whole microvolts
        "largest_error_uv": error.max(),
        "probabilities": moved.size,
        "within": (moved <= NEAR).mean(),
        "largest_difference": moved.max(),
        "decisions_that_differ": differs.sum(),
        "of_them_away_from_the_threshold": (differs & ~near).sum(),
        "within_with_equal_integers": (np.abs(probability - rounded) <= NEAR).mean(),
        "largest_difference_with_equal_integers": np.abs(probability - rounded).max(),
        "decisions_that_the_front_end_changes": ((probability >= bound) != (rounded >= bound)).sum(),
        "flags_that_differ": dict(zip(FLAGS, (np.array(flags) != np.array(warned)).sum(axis=0))),
        "warnings": dict(zip(FLAGS, np.array(warned).sum(axis=0))),
    }


def plain(values):
    """Numbers of numpy as those of Python, reals in four digits."""
    if isinstance(values, dict):
        return {name: plain(value) for name, value in values.items()}
    if isinstance(values, str):
        return values
    return int(values) if isinstance(values, (int, np.integer)) else round(float(values), 4)


root = Path(os.environ["PTBXL_ROOT"])
model = released.load(released.microcontroller())
with tempfile.TemporaryDirectory() as work:
    path, entry = released.load_verified(model.name, kind=released.TFLITE)
    leads, folder = entry["leads"], write(Path(work), entry["leads"])
    on_device, bound = device(path, entry), model.thresholds.astype(np.float32) - np.float32(1e-6)
    steps = np.load(sys.argv[1])["difference_uv"]
    recorded = np.cumsum(steps, axis=1, dtype=np.int16) / np.float32(1000)
    dataset = open_dataset(root, Path(os.environ["ECGLIB_CACHE"]) / "full").labeled().in_folds(9)
    slow = dataset.millivolts(slice(None))
    fast = resample_poly(slow, 5, 1, axis=1, padtype="line").astype(np.float32)
    emulated = {str(rate): emulate(folder, rate) for rate in front.RATES}
    content = {"model": model.name, "near": NEAR, "emulated": emulated}
    for kind, signals in (("recorded at 500 Hz", recorded), ("fold 9, interpolated", fast)):
        signals = twelve_leads(signals)
        content[kind] = {str(rate): measure(signals[:, :: 500 // rate], rate) for rate in front.RATES}
results.write_json(Path(__file__).parents[1] / "results" / "full", "front", plain(content))
