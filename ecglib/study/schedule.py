"""How long the study takes on a number of nodes: a simulation from measured durations.

Input: a study and the measured durations of its jobs. Output: hours, by list scheduling: each node does one job at a
time, and a node that becomes free takes, of the jobs whose prerequisites are done, the one with the longest path to
the end. Time to start a job and time in a queue are not part of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from ecglib.study import steps
from ecglib.study.profile import Profile
from ecglib.study.resources import Resources


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
            needed = (_run(*one) for one in steps.needed_runs(profile, model, seed))
            jobs[_run(model, seed)] = Job(
                resources.seconds("train", model),
                ("read_records", *needed),
                resources.on_gpu(model),
                model in resources.trainings,
            )
    ordinary = [name for name, chapter in profile.registry.chapters.items() if not chapter.sample_only]
    for name in ordinary:
        declared = profile.registry.chapters[name]
        models = steps.trained_models(profile, name)
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
