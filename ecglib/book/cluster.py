"""What the page "On a cluster" shows: needs of the jobs, cost of five seeds of every model, cost of a large archive.

Input: config/resources.yml, the full profile and the committed benchmarks. Output: the names that the template uses.
"""

from __future__ import annotations

from pathlib import Path

from ecglib.study import resources, results, schedule
from ecglib.study.profile import load_profile
from ecgpredict import shards
from ecgpredict.spec import CLASSES

SEEDS, NODES = 5, (1, 10, 100)
MIMIC_RECORDINGS = 800_035  # MIMIC-IV-ECG 1.0
HOUR = 3600


def context(root: Path) -> dict:
    """The template's names, from the files of a checkout.

    Raises
    ------
    InputError : config/resources.yml or a profile is missing or invalid
    """
    measured = resources.load(root / "config" / "resources.yml")
    jobs = schedule.study_jobs(load_profile(root / "config" / "full.yml", seeds=SEEDS), measured)
    trained = [model for model in load_profile(root / "config" / "full.yml").training]
    threads, full = measured.rules["train"].threads, root / "results" / "full"
    archive, overhead = (_measured(full, name) for name in ("archive", "slurm_overhead"))
    return {
        "rules": measured.rules,
        "margin": measured.margin,
        "trainings": {model: _training(model, measured) for model in trained},
        "seeds": SEEDS,
        "jobs": len(jobs),
        "estimated": list(dict.fromkeys(name.partition("/")[0] for name, job in jobs.items() if not job.measured)),
        "core_hours": threads * sum(job.seconds for job in jobs.values() if not job.on_gpu) / HOUR,
        "gpu_hours": sum(job.seconds for job in jobs.values() if job.on_gpu) / HOUR,
        "hours": {nodes: schedule.makespan(jobs, nodes) / HOUR for nodes in NODES},
        "critical_hours": max(schedule.remaining(jobs).values()) / HOUR,
        "critical_path": schedule.critical_path(jobs),
        "archive": archive and _archive(archive),
        "archive_recordings": MIMIC_RECORDINGS,
        "archive_columns": [*CLASSES],
        "shard_size": shards.SIZE,
        "overhead": overhead,
    }


def _measured(folder: Path, name: str) -> dict | None:
    """What a benchmark wrote, if it was run."""
    return results.read(folder, name) if (folder / f"{name}.json").is_file() else None


def _archive(measured: dict) -> dict:
    """A benchmark of archives with the cost of MIMIC-IV-ECG."""
    hours = {name: MIMIC_RECORDINGS / rate / HOUR for name, rate in measured["per_core_second"].items()}
    return measured | {"core_hours": hours, "shards": -(-MIMIC_RECORDINGS // measured["shard_size"])}


def _training(model: str, measured: resources.Resources) -> dict:
    known = model in measured.trainings
    return {
        "minutes": measured.seconds("train", model) / 60 if known else None,
        "hardware": measured.trainings[model].hardware if known else None,
        "limit": measured.minutes("train", model),
    }
