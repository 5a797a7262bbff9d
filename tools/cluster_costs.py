"""What the study and a large archive cost on a cluster; writes results/full/cluster.json, which the page shows.

Durations and needs of the jobs are those of config/resources.yml, rates those of the committed benchmarks. Hours are
simulated by list scheduling: each node does one job at a time, and a node that becomes free takes, of the jobs whose
prerequisites are done, the one with the longest path to the end. Time to start a job and in a queue is not included.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from ecglib.study import resources, results, workflow
from ecglib.study.paths import Paths
from ecglib.study.profile import Profile, load_profile
from ecglib.study.resources import Resources
from ecgpredict import shards
from ecgpredict.spec import CLASSES

NAME = "cluster"
SEEDS, NODES = 5, (1, 10, 100)
MIMIC_RECORDINGS = 800_035  # MIMIC-IV-ECG 1.0
HOUR = 3600


@dataclass(frozen=True)
class Job:
    """A job of the study.

    Attributes
    ----------
    seconds : measured duration
    needs : names of the jobs that have to be done before
    on_gpu : whether the duration was measured on a GPU
    measured : whether this very job was measured, not the longest of its rule
    """

    seconds: float
    needs: tuple[str, ...] = ()
    on_gpu: bool = False
    measured: bool = True


def study_jobs(profile: Profile, resources: Resources) -> dict[str, Job]:
    """Every job of a profile: reading, one training per model and seed, chapters; those of seconds are left out."""
    jobs = {"read_records": Job(resources.seconds("read_records"))}
    for model, seeds in profile.seeds.items():
        for seed in seeds:
            needed = (_run(*run) for run in workflow.needed_runs(profile, model, seed))
            jobs[_run(model, seed)] = Job(
                resources.seconds("train", model),
                ("read_records", *needed),
                resources.on_gpu(model),
                model in resources.trainings,
            )
    ordinary = [name for name, chapter in profile.registry.chapters.items() if not chapter.sample_only]
    for name in ordinary:
        declared = profile.registry.chapters[name]
        models = workflow.trained_models(profile, name)
        needed = [_run(model, seed) for model in models for seed in profile.seeds[model]]
        if declared.results_only:
            needed = [other for other in ordinary if not profile.registry.chapters[other].results_only]
        measured = name in resources.chapters
        jobs[name] = Job(
            resources.seconds("chapter", name), ("read_records", *needed, *declared.reads), measured=measured
        )
    return jobs


def _run(model: str, seed: int) -> str:
    return f"{model}/seed{seed}"


def remaining(jobs: Mapping[str, Job]) -> dict[str, float]:
    """Seconds from each job's start to the end of the longest path through it; the largest is the critical path."""
    after: dict[str, float] = dict.fromkeys(jobs, 0.0)
    longest: dict[str, float] = {}
    for name in reversed([*TopologicalSorter({name: job.needs for name, job in jobs.items()}).static_order()]):
        longest[name] = jobs[name].seconds + after[name]
        for needed in jobs[name].needs:
            after[needed] = max(after[needed], longest[name])
    return longest


def critical_path(jobs: Mapping[str, Job]) -> list[str]:
    """Names of the jobs on the longest path, in their order."""
    longest, path = remaining(jobs), []
    following = list(jobs)
    while following:
        path.append(max(following, key=longest.__getitem__))
        following = [name for name, job in jobs.items() if path[-1] in job.needs]
    return path


def makespan(jobs: Mapping[str, Job], nodes: int) -> float:
    """Seconds from the first job's start to the last one's end on a number of nodes."""
    longest, sorter = remaining(jobs), TopologicalSorter({name: job.needs for name, job in jobs.items()})
    sorter.prepare()
    ready: list[tuple[float, str]] = []
    running: list[tuple[float, str]] = []
    now = 0.0
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, (-longest[name], name))
        while ready and len(running) < nodes:
            _, name = heapq.heappop(ready)
            heapq.heappush(running, (now + jobs[name].seconds, name))
        now, name = heapq.heappop(running)
        sorter.done(name)
    return now


def costs(root: Path) -> dict:
    """What the page "On a cluster" shows: needs of the jobs, five seeds of every model, an archive, Slurm itself."""
    measured = resources.load(root / "config" / "resources.yml")
    jobs = study_jobs(load_profile(root / "config" / "full.yml", seeds=SEEDS), measured)
    trained = load_profile(root / "config" / "full.yml").training
    archive, overhead = (_benchmark(root / "results" / "full", name) for name in ("archive", "slurm_overhead"))
    return {
        "rules": measured.rules,
        "margin": measured.margin,
        "trainings": {model: _training(model, measured) for model in trained},
        "seeds": SEEDS,
        "jobs": len(jobs),
        "estimated": list(dict.fromkeys(name.partition("/")[0] for name, job in jobs.items() if not job.measured)),
        "core_hours": measured.rules["train"]["threads"]
        * sum(job.seconds for job in jobs.values() if not job.on_gpu)
        / HOUR,
        "gpu_hours": sum(job.seconds for job in jobs.values() if job.on_gpu) / HOUR,
        "hours": {str(nodes): makespan(jobs, nodes) / HOUR for nodes in NODES},
        "critical_hours": max(remaining(jobs).values()) / HOUR,
        "critical_path": critical_path(jobs),
        "archive": archive and _archive(archive),
        "archive_recordings": MIMIC_RECORDINGS,
        "archive_columns": [*CLASSES],
        "shard_size": shards.SIZE,
        "overhead": overhead,
    }


def _benchmark(folder: Path, name: str) -> dict | None:
    """What a benchmark wrote, if it was run."""
    return results.read(folder, name) if (folder / f"{name}.json").is_file() else None


def _archive(measured: dict) -> dict:
    """A benchmark of archives with the cost of MIMIC-IV-ECG."""
    hours = {name: MIMIC_RECORDINGS / rate / HOUR for name, rate in measured["per_core_second"].items()}
    return measured | {"core_hours": hours, "shards": -(-MIMIC_RECORDINGS // measured["shard_size"])}


def _training(model: str, measured: Resources) -> dict:
    known = measured.trainings.get(model)
    return {
        "minutes": known and known["seconds"] / 60,
        "hardware": known and known["hardware"],
        "limit": measured.minutes("train", model),
    }


if __name__ == "__main__":
    root = Paths.for_profile("full").root
    results.write_json(root / "results" / "full", NAME, costs(root))
