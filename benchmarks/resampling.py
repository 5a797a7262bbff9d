"""Which filter made PTB-XL's 100 Hz files, and how much released models' probabilities differ between 500 and 100 Hz.

`PTBXL_ROOT=… LUDB_ROOT=… python benchmarks/resampling.py [FILE]` writes results/full/resampling.json. The 500 Hz
files of PTB-XL's records 1 to 250 are in records500/ of its folder, or their differences along time in a file: ecg_id
(n,), difference_uv int16 (n, 5000, 12). The filter's numbers were chosen on folds 1 to 8; folds 9 and 10 confirm them.
"""

import os
import sys
from pathlib import Path

import numpy as np
from scipy import signal as filters

from ecglib.data import ludb, ptbxl, records
from ecglib.study import results
from ecgpredict import released
from ecgpredict.recordings import Recording, resampling

FACTOR, INSIDE = 5, slice(60, 940)  # samples that no filter computes from beyond the record
OURS, BEFORE = "the filter of PTB-XL's files", "resample_poly, its own window"
WAYS = {
    OURS: lambda x: ours(x),
    BEFORE: lambda x: filters.resample_poly(x, 1, FACTOR, axis=0, padtype="line"),
    "decimate, IIR, zero phase": lambda x: filters.decimate(x, FACTOR, axis=0),
    "decimate, FIR, zero phase": lambda x: filters.decimate(x, FACTOR, ftype="fir", axis=0),
    "resample (FFT)": lambda x: filters.resample(x, len(x) // FACTOR, axis=0),
    "mean of five samples": lambda x: x.reshape(-1, FACTOR, x.shape[1]).mean(axis=1),
    "every fifth sample": lambda x: x[::FACTOR],
}


def ours(signal: np.ndarray) -> np.ndarray:
    return 1000 * resampling.windows(Recording("", (signal / 1000).astype(np.float32), 500))[0].astype(float)


def later(signal: np.ndarray) -> np.ndarray:
    """A 500 Hz signal at times DELAY_S later, by its Fourier transform."""
    frequency = np.fft.rfftfreq(len(signal), 1 / 500)[:, None]
    turned = np.fft.rfft(signal, axis=0) * np.exp(2j * np.pi * frequency * resampling.DELAY_S)
    return np.fft.irfft(turned, len(signal), axis=0)


def pairs(root: Path, archive: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Records at 500 and 100 Hz, int16 (n, 5000, 12) and (n, 1000, 12) in µV, and their folds (n,)."""
    hint = "download PTB-XL's 500 Hz files too"
    stored = np.load(archive) if archive else None
    table = ptbxl.read_table(root).loc[lambda table: table.index <= 250]
    slow = np.stack([records.read(root / name, 100, 1000, hint).d_signal for name in table["filename"]])
    if stored:
        rows = [stored["ecg_id"].tolist().index(number) for number in table.index]
        fast = np.cumsum(stored["difference_uv"][rows], axis=1, dtype=np.int16)
    else:
        names = [name.replace("records100", "records500").replace("_lr", "_hr") for name in table["filename"]]
        fast = np.stack([records.read(root / name, 500, 5000, hint).d_signal for name in names])
    return fast, slow, table["fold"].to_numpy()


def rms(difference: np.ndarray) -> float:
    """Median over records of the root mean square: one record's samples overflow."""
    return float(np.median(np.sqrt((difference[:, INSIDE].astype(float) ** 2).mean(axis=(1, 2)))))


def held(fast: np.ndarray) -> np.ndarray:
    """How long each 500 Hz record's last sample stands still in all leads, in ms: (n,)."""
    moves = (np.diff(fast, axis=1) != 0).any(axis=2)
    return (moves[:, ::-1].argmax(axis=1) + 1) * 1000 / 500


def changes(model: released.ReleasedModel, x: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Absolute changes of the probabilities of windows in µV, over records and superclasses."""
    moved = np.abs(model.probabilities(x / np.float32(1000)) - model.probabilities(reference / np.float32(1000)))
    return {"mean": moved.mean(), "99 %": np.quantile(moved, 0.99), "largest": moved.max()}


def rounded(values: dict) -> dict:
    return {
        name: rounded(one) if isinstance(one, dict) else one if isinstance(one, int) else round(float(one), 4)
        for name, one in values.items()
    }


fast, slow, fold = pairs(Path(os.environ["PTBXL_ROOT"]), sys.argv[1] if len(sys.argv) > 1 else None)
fitted = fold <= 8
residuals = {}
for way, resample in WAYS.items():
    for delay, moved in (("", lambda x: x), (", 1.25 ms later", later)):
        if way == OURS and delay:
            continue
        difference = np.stack([resample(moved(x.astype(float))) for x in fast]) - slow
        residuals[way + delay] = {"folds 1-8": rms(difference[fitted]), "folds 9-10": rms(difference[~fitted])}
now, before = (np.stack([WAYS[way](x.astype(float)) for x in fast]).astype(np.float32) for way in (OURS, BEFORE))
equal = np.abs(now - slow)[~fitted][:, INSIDE] < 0.1
tail = now.copy()
tail[:, 988:] = slow[:, 988:]  # of the 100 Hz version, which does not stand still
foreign = ludb.read(Path(os.environ["LUDB_ROOT"])).signals * 1000
by_way = {way: np.stack([resample(x) for x in foreign]).astype(np.float32) for way, resample in WAYS.items()}
moved, on_ludb = {}, {}
for name in (released.default(), released.microcontroller()):
    model = released.load(name)
    versions = {"before": before, "now": now, "now, with the end of the 100 Hz version": tail}
    moved[name] = {version: changes(model, x, slow) for version, x in versions.items()}
    on_ludb[name] = {way: changes(model, x, by_way[OURS]) for way, x in by_way.items() if way != OURS}
content = {
    "records": len(fast),
    "filter": {
        "cutoff_hz": resampling.CUTOFF_HZ,
        "half_length_ms": 1000 * resampling.HALF_LENGTH_S,
        "kaiser_beta": resampling.BETA,
        "delay_ms": 1000 * resampling.DELAY_S,
    },
    "residual_uv": residuals,
    "equal": equal.mean(),  # share of the samples of folds 9 and 10
    "held_ms": {"shortest": held(fast).min(), "median": np.median(held(fast)), "longest": held(fast).max()},
    "changes": moved,
    "ludb": on_ludb,
}
results.write_json(Path(__file__).parents[1] / "results" / "full", "resampling", rounded(content))
