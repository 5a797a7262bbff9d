"""Classifying archives: the workflow against one process of `ecglib predict`, and memory by the number of recordings.

Targets: the workflow classifies at least 0.9 times as many recordings per second of processor time with shards of
5,000, and the memory of `ecglib predict` is equal within 10 % for 10,000 and for 100,000 recordings. Processor time
includes starting Python and Snakemake. The recordings are hard links to a few synthetic ones in NumPy's format, so that
the files are in the page cache. Writes results/full/archive.json.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from ecglib.study import results
from ecglib.study.paths import find_project
from ecglib.training.runs import processor
from ecgpredict import released, shards, synthetic_ecg

DISTINCT, FEW, FIVE_SHARDS, MANY = 50, 10_000, 5 * shards.SIZE, 100_000
PROJECT = find_project()


def recordings(root: Path, count: int) -> Path:
    """A folder of `count` names of a few recordings."""
    sources = root / "sources"
    if not sources.is_dir():
        sources.mkdir()
        rng = np.random.default_rng(0)
        for number in range(DISTINCT):
            signal = synthetic_ecg.ecg(["NORM"], rng).astype(np.float32)
            np.savez(sources / f"{number}.npz", signal=signal, rate=100, units="mV")
    for number in range(count):
        folder = root / f"{count}" / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        os.link(sources / f"{number % DISTINCT}.npz", folder / f"{number:06d}.npz")
    return root / f"{count}"


def measured(*command: str) -> tuple[float, float]:
    """Processor seconds of a command and the processes that it waits for, and the peak memory of the largest in MB."""
    before = os.times()
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-m", *command], env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, usage.ru_maxrss / 1e3


def predict(folder: Path, out: Path) -> tuple[float, float]:
    return measured("ecglib", "predict", str(folder), "--out", str(out), "--jobs", "1")


with tempfile.TemporaryDirectory() as temporary:
    root = Path(temporary)
    _, few_mb = predict(recordings(root, FEW), root / "few.parquet")
    folder = recordings(root, FIVE_SHARDS)
    alone, _ = predict(folder, root / "alone.parquet")
    workflow, _ = measured(
        "snakemake",
        "--snakefile",
        str(PROJECT / "workflows/archive/Snakefile"),
        "--cores",
        "1",
        "--quiet",
        "all",
        "--config",
        f"recordings={folder}",
        f"out={root / 'out'}",
        f"shard_size={shards.SIZE}",
    )
    content = {
        "recordings": FIVE_SHARDS,
        "shard_size": shards.SIZE,
        "model": released.default(),
        "hardware": processor(),
        "per_core_second": {"predict": round(FIVE_SHARDS / alone, 1), "workflow": round(FIVE_SHARDS / workflow, 1)},
        "workflow_ratio": round(alone / workflow, 3),
        "memory_mb": {str(FEW): round(few_mb, 1)},
    }
    results.write_json(PROJECT / "results" / "full", "archive", content)
    _, many_mb = predict(recordings(root, MANY), root / "many.parquet")
content["memory_mb"][str(MANY)], content["memory_ratio"] = round(many_mb, 1), round(many_mb / few_mb, 3)
results.write_json(PROJECT / "results" / "full", "archive", content)
print(json.dumps(content, indent=1))
print(
    f"workflow against one process, recordings per core and second: ratio {alone / workflow:.2f} (target 0.9)\n"
    f"memory with {MANY:,} against {FEW:,} recordings: ratio {many_mb / few_mb:.2f} (target: within 10 %)"
)
