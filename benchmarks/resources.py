"""Peak memory of the study's jobs on PTB-XL; writes config/resources.yml, which the Snakefile reads.

Durations are those in models/*/seed*/run.json and in the executed chapters, which other machines measured; those of
reading and of the study on the sample are of two cores that had other work as well. Memory is the largest sum of
resident memory of a job's processes, asked for twice a second for at most `--limit` seconds, 110 for the committed
file; pages that they share count for each. Later parts of a job may take more, so a job asks for 1 GB and twice the
peak.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
import yaml

from ecglib.book import chapters
from ecglib.study.paths import Paths
from ecgpredict import files

THREADS, MARGIN, LEAST_MINUTES, READ_SECONDS, SAMPLE_STUDY_SECONDS = 2, 3, 10, 180, 660
HEAD = """\
# What the jobs of the study need; written by benchmarks/resources.py, which says how it was measured. `seconds` is the
# measured duration, of the longest job under `rules`; a job may take `margin` times as long. `peak_mb` is the measured
# peak of resident memory, and `mem_mb` what a job asks for.
"""


def peak_mb(root: Path, limit: float, *command: str) -> int:
    """Peak memory of a command's processes in MB, within `limit` seconds."""
    process = psutil.Popen([sys.executable, "-m", "ecglib", *command], cwd=root, start_new_session=True)
    start, peak = time.monotonic(), 0
    while process.poll() is None and time.monotonic() - start < limit:
        used = 0
        for one in (process, *process.children(recursive=True)):
            try:
                used += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        peak = max(peak, used)
        time.sleep(0.5)
    if process.poll() is None:
        os.killpg(process.pid, 9)
    process.wait()
    return math.ceil(peak / 1e6)


def rule(peak: int, seconds: float) -> dict:
    mem_mb = 1000 * math.ceil(1 + 2 * peak / 1000)
    return {"threads": THREADS, "peak_mb": peak, "mem_mb": mem_mb, "seconds": round(seconds, 1)}


def trainings(models: Path) -> dict[str, dict]:
    """Mean seconds per seed of each model with a finished training, and the hardware."""
    found = {}
    for folder in sorted(models.iterdir()):
        if runs := [json.loads(path.read_text()) for path in sorted(folder.glob("seed*/run.json"))]:
            seconds = statistics.mean(max(run["seconds"], run.get("wall_seconds", 0)) for run in runs)
            found[folder.name] = {"seconds": round(seconds, 1), "hardware": runs[0]["hardware"]}
    return found


def peaks(paths: Paths, limit: float) -> tuple[int, int, int]:
    """Peak memory in MB of reading, of the larger of two chapters, and of the larger of two trainings."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "checkout"
        for name in ("ecglib", "config", "notebooks", "models", "results", "book"):
            shutil.copytree(paths.root / name, root / name)
        shutil.copy(paths.root / "_toc.yml", root)
        cache = os.environ.get("ECGLIB_CACHE")
        os.environ |= {"ECGLIB_CACHE": str(Path(folder) / "cache"), "PTBXL_ROOT": str(paths.data)}
        read = peak_mb(root, limit, "read", "--profile", "full")
        if cache:
            os.environ["ECGLIB_CACHE"] = cache
        chapter = max(peak_mb(root, limit, "execute", name, "--alone", "--profile", "full") for name in ("01", "05"))
        for model in ("base_cnn", "inception_cnn"):
            shutil.rmtree(root / "models" / model)
        train = max(peak_mb(root, limit, "train", model) for model in ("base_cnn", "inception_cnn"))
    return read, chapter, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=600, help="seconds of each training and chapter")
    parser.add_argument("--durations", action="store_true", help="update durations, keep the memory of the file")
    given = parser.parse_args()
    paths = Paths.for_profile("full")
    target = paths.root / "config" / "resources.yml"
    executed = {path.stem: chapters.seconds(path) for path in sorted(paths.chapters.glob("*.ipynb"))}
    measured = trainings(paths.models)
    if given.durations:
        kept = yaml.safe_load(target.read_text(encoding="utf-8"))["rules"]
        read, chapter, train = (kept[name]["peak_mb"] for name in ("read_records", "chapter", "train"))
    else:
        read, chapter, train = peaks(paths, given.limit)
    on_cpu = [one["seconds"] for one in measured.values() if not one["hardware"].startswith("NVIDIA")]
    content = {
        "margin": MARGIN,
        "least_minutes": LEAST_MINUTES,
        "rules": {
            "read_records": rule(read, READ_SECONDS),
            "train": rule(train, max(on_cpu)),
            "chapter": rule(chapter, max(executed.values())),
            "sample_study": rule(train, SAMPLE_STUDY_SECONDS),
        },
        "trainings": measured,
        "chapters": executed,
    }
    files.write_text(target, HEAD + yaml.safe_dump(content, sort_keys=False))
    print(f"memory of reading {read} MB, of a training {train} MB, of a chapter {chapter} MB")


if __name__ == "__main__":
    main()
