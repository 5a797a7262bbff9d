"""Limits of the amplitude warnings, fitted on folds 1-8 of PTB-XL, and every warning's false alarms on fold 9 and LUDB.

`PTBXL_ROOT=… LUDB_ROOT=… python benchmarks/quality.py [CACHE]`. A false alarm is a warning about a recording as it is
published; of the clipped, flat and noisy among them many are right.
"""

import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from ecglib.data import ludb
from ecglib.data.dataset import open_dataset
from ecglib.data.folds import TRAIN_FOLDS, VALIDATION_FOLD
from ecgpredict.recordings import Recording, quality, quality_warnings


def ranges(signals: np.ndarray) -> np.ndarray:
    """Ranges (n, 12) of signals (n, samples, 12) without the lowest and highest 1 %."""
    ordered = np.sort(signals, axis=1)
    low, high = (round(fraction * (signals.shape[1] - 1)) for fraction in (0.01, 0.99))
    return ordered[:, high] - ordered[:, low]


def batches(dataset):
    for start in range(0, len(dataset), 512):
        yield dataset.millivolts(slice(start, start + 512))


def false_alarms(name: str, signals, rate: float) -> None:
    counts, total = Counter(), 0
    for signal in signals:
        total += 1
        found = quality_warnings(Recording("", signal, rate))
        counts.update({re.split(r"[:,(]", warning)[0].strip() for warning in found} | ({"any"} if found else set()))
    print(f"{name}, {total:,} recordings")
    for warning, number in counts.most_common():
        print(f"  {number:5d}  {number / total:7.3%}  {warning}")


ptbxl, cache = Path(os.environ["PTBXL_ROOT"]), sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
dataset = open_dataset(ptbxl, Path(cache), progress=False)
fitted = np.concatenate([ranges(batch) for batch in batches(dataset.in_folds(*TRAIN_FOLDS))])
limb, largest = fitted[:, :6].max(axis=1), fitted.max(axis=1)
print("mV in folds 1-8:     limb leads  any lead  | largest lead at least")
for share in (0.99, 0.995, 0.999, 0.9995):
    high, low = (np.quantile(values, share) for values in (limb, largest)), np.quantile(largest, 1 - share)
    print(f"  {share:.2%} below    " + "  ".join(f"{value:8.2f}" for value in high) + f"  | {low:8.3f}")
print(f"limits: {quality.LIMB_MAX_MV}, {quality.ANY_MAX_MV}, at least {quality.LARGEST_MIN_MV}")
false_alarms("fold 9", (one for batch in batches(dataset.in_folds(VALIDATION_FOLD)) for one in batch), 100)
false_alarms("LUDB", ludb.read(Path(os.environ["LUDB_ROOT"])).signals, ludb.RATE)
