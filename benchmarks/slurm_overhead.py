"""The tiny study through a Slurm of two nodes on this machine against `ecglib reproduce` alone.

Prints the ratio of durations and writes results/full/slurm_overhead.json. It is dominated by starting Snakemake and
Python three times per job and by asking for the state of jobs, seconds that do not grow with the job. Requires
Slurm, root, and an empty /etc/slurm, as tests/cluster.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ecglib.study import results
from ecglib.study.paths import find_project
from ecglib.training.runs import processor

PROJECT = find_project()
sys.path.insert(0, str(PROJECT / "tests"))
from cluster import slurm as slurms  # noqa: E402
from conftest import copy_checkout  # noqa: E402

SUMMARY, JOBS = "_build/tiny/results/summary.csv", 4
CHECKS = ("--seconds-between-status-checks", "2", "--slurm-init-seconds-before-status-checks", "1")


def seconds(root: Path, options: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> float:
    """Duration of the tiny study in a fresh copy of the checkout."""
    copy_checkout(root)
    start = time.perf_counter()
    command = [sys.executable, "-m", "ecglib", "reproduce", "--profile", "tiny", *options, "--", SUMMARY, *more]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return time.perf_counter() - start


if reason := slurms.missing():
    print(f"slurm_overhead: skipped, {reason}")
    sys.exit()
with tempfile.TemporaryDirectory() as folder:
    local = seconds(Path(folder) / "local")
    slurm = slurms.Slurm(Path(folder) / "slurm")
    try:
        slurm.start()
        remote = seconds(Path(folder) / "remote", ("--workflow-profile", "profiles/slurm"), CHECKS)
    finally:
        slurm.stop()
content = {
    "local_seconds": round(local, 1),
    "slurm_seconds": round(remote, 1),
    "ratio": round(remote / local, 2),
    "jobs": JOBS,
    "hardware": processor(),
}
results.write_json(PROJECT / "results" / "full", "slurm_overhead", content)
print(f"tiny study, Slurm against local: {remote:.0f} s, {local:.0f} s, ratio {remote / local:.2f}; {JOBS} jobs")
