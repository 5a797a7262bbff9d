"""Running Snakemake on the study, and what its jobs wait for, which follows from the registry."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

from filelock import FileLock, Timeout

from ecglib.data import ptbxl
from ecglib.networks.architectures import KERAS_NETWORK
from ecglib.study.profile import Profile
from ecglib.study.registry import needed_models
from ecglib.study.study import Study
from ecgpredict.errors import InputError

PROFILE_FILE = "config.yaml"  # Snakemake's name
SAMPLE = "sample"  # the profile on synthetic records
PREPARING = "Preparing the sample study: minutes the first time, seconds later."


def run(
    study: Study,
    targets: Iterable[Path] = (),
    *,
    cores: int = 2,
    seeds: int | None = None,
    workflow_profile: Path | None = None,
    options: Sequence[str] = (),
) -> int:
    """Snakemake's exit status after making files of the study, by default the book, and everything that they need.

    `seeds` of every model are made instead of those declared; `workflow_profile`, such as profiles/slurm, runs the jobs
    on a cluster. InputError if there are no records and they cannot be synthesized, another run is in progress, or the
    folder has no Snakemake profile.
    """
    paths = study.paths
    if workflow_profile and not (workflow_profile / PROFILE_FILE).is_file():
        raise InputError(
            "no Snakemake profile",
            where=workflow_profile,
            expected=f"a folder with {PROFILE_FILE}",
            found="no such file",
            hint="give profiles/slurm, or a copy of it that fits your cluster",
        )
    if not study.settings.n_records:
        ptbxl.check_folder_exists(paths.data)
    chosen = [f"profile={study.settings.name}", *([f"seeds={seeds}"] if seeds else [])]
    if workflow_profile:
        chosen.append("cluster=1")
        options = ["--workflow-profile", str(workflow_profile.resolve()), *options]
    command = [sys.executable, "-m", "snakemake", *(target.relative_to(paths.root) for target in targets), *options]
    command += ["--snakefile", paths.root / "Snakefile", "--directory", paths.root, "--cores", str(cores)]
    command += ["--config", *chosen, "--rerun-incomplete", "--nolock", "--quiet", "rules", "host"]
    if not study.settings.n_records:  # by default, each job that ended makes it evaluate the schedule every second
        command += ["--max-jobs-per-timespan", "1000/10s"]
    # the system releases this lock when the process ends; Snakemake's own lock would remain after a kill
    environment = dict(os.environ)
    if not os.access(Path("~").expanduser(), os.W_OK):  # Snakemake and matplotlib keep caches there
        cache = str(paths.root / "_build" / "cache")
        environment = {"XDG_CACHE_HOME": cache, "MPLCONFIGDIR": f"{cache}/matplotlib", **environment}
    lock = paths.build / "reproduce.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            return subprocess.run(command, env=environment).returncode
    except Timeout as error:
        expected, found, hint = "no other process", "one that holds this lock", "wait until it has ended, or stop it"
        raise InputError("another run is in progress", where=lock, expected=expected, found=found, hint=hint) from error


def prepare(study: Study, chapters: Iterable[str], *, cores: int = 2) -> int:
    """Make what chapters need before they are executed, as :func:`run`; return Snakemake's exit status."""
    needed = dict.fromkeys(path for chapter in chapters for path in prerequisites(study, chapter))
    return run(study, needed, cores=cores)


def executed_chapter(study: Study, chapter: str) -> Path:
    """Path of an executed chapter, which Snakemake makes."""
    paths = study.paths
    if study.settings.registry.chapters[chapter].sample_only:
        paths = replace(paths, profile=SAMPLE)
    return paths.executed / f"{chapter}.ipynb"


def prerequisites(study: Study, chapter: str) -> list[Path]:
    """The files that a chapter needs before it is executed: records, trainings, chapters whose results it reads."""
    paths, settings = study.paths, study.settings
    declared = settings.registry.chapters[chapter]
    if declared.results_only:
        return [paths.results / "summary.csv"]
    models = trained_models(settings, chapter)
    trainings = [paths.artifacts / model / f"seed{seed}.done" for model in models for seed in settings.seeds[model]]
    return [paths.build / "records.done", *trainings, *(executed_chapter(study, name) for name in declared.reads)]


def find_chapter(study: Study, name: str) -> str:
    """A chapter by its number ("5", "05"), name ("05_quantization") or source; an InputError if there is none."""
    chapters, stem = list(study.settings.registry.chapters), Path(name).stem
    for chapter in chapters:
        if stem == chapter or (stem.isdigit() and chapter.startswith(f"{int(stem):02d}_")):
            return chapter
    raise InputError(
        "unknown chapter",
        where=f"profile {study.settings.name}",
        expected=", ".join(chapters),
        found=name,
        hint="give one of the expected names, or its number",
    )


def trained_models(profile: Profile, chapter: str) -> list[str]:
    """Models whose finished trainings a chapter loads: its own, those its models are made from, and its `loads`."""
    own = [model for model in profile.models.values() if model.chapter == chapter]
    names = [name for model in own for name in ([model.name] if model.training else model.made_from)]
    names += [name for model in own for name in needed_models(model)]
    return list(dict.fromkeys([*names, *profile.registry.chapters[chapter].loads]))


def needed_runs(profile: Profile, model: str, seed: int) -> list[tuple[str, int]]:
    """The runs (model, seed) that a training needs: the one that it starts from, and its teachers'."""
    settings = profile.training[model]
    init = [(settings.init_from, seed)] if settings.init_from else []
    teachers = [profile.models[name] for name in settings.teachers]
    return init + [(teacher.name, other) for teacher in teachers for other in teacher.teaching_seeds]


def needed_by(profile: Profile, models: Iterable[str]) -> list[str]:
    """Models outside a batch that its trainings need."""
    models = list(models)
    needed = dict.fromkeys(name for model in models for name in needed_models(profile.models[model]))
    return [name for name in needed if name not in models]


def in_training_order(profile: Profile, models: Iterable[str]) -> list[str]:
    """The models in an order in which each follows those that it needs."""
    models = list(models)
    graph = {name: [other for other in needed_models(profile.models[name]) if other in models] for name in models}
    return list(TopologicalSorter(graph).static_order())


def batches(profile: Profile) -> list[list[str]]:
    """All trained models in batches of one framework each; every model follows those that it needs.

    The torch models are two batches that need nothing of each other, so that two cores are busy from the start.
    """
    keras = [name for name, settings in profile.training.items() if settings.network == KERAS_NETWORK]
    later = _with_dependents(profile, keras)
    torch = [name for name in profile.training if name not in keras and name not in later]
    halves = _independent_halves(profile, torch)
    return [in_training_order(profile, batch) for batch in (keras, *halves, later) if batch]


def _independent_halves(profile: Profile, models: list[str]) -> tuple[list[str], list[str]]:
    """The models in two lists of about as many runs, of which no model needs one of the other."""
    families: list[set[str]] = []
    for model in models:
        related = {model, *needed_models(profile.models[model])} & {*models}
        touched = [family for family in families if family & related]
        families = [family for family in families if family not in touched] + [related.union(*touched)]
    halves: tuple[list[str], list[str]] = ([], [])
    for family in sorted(families, key=lambda names: _runs(profile, names), reverse=True):
        min(halves, key=lambda half: _runs(profile, half)).extend(sorted(family, key=models.index))
    return halves


def _runs(profile: Profile, models: Iterable[str]) -> int:
    return sum(len(profile.seeds[model]) for model in models)


def _with_dependents(profile: Profile, models: list[str]) -> list[str]:
    """The models outside `models` that need one of them, directly or not."""
    dependents: list[str] = []
    for name in in_training_order(profile, profile.training):
        if name not in models and {*needed_models(profile.models[name])} & {*models, *dependents}:
            dependents.append(name)
    return dependents
