"""Running Snakemake on the study: the rules are in the Snakefile, what a chapter needs follows from the registry."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ecglib.data import ptbxl
from ecglib.study import steps
from ecglib.study.study import Study
from ecgpredict.errors import InputError
from ecgpredict.files import exclusive

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
    """Snakemake's exit status after making files of the study, and everything that they need.

    Parameters
    ----------
    targets : files inside the checkout; the book by default
    seeds : number of seeds of every model, instead of those declared
    workflow_profile : folder of a Snakemake profile that runs the jobs on a cluster, such as profiles/slurm
    options : further options of Snakemake

    Raises
    ------
    InputError : no records that cannot be synthesized, another run in progress, or no Snakemake profile in the folder
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
    whole = not (targets or options)  # what Snakemake prioritizes it also makes, so only where it makes everything
    first = [executed_chapter(study, steps.last_chapter(study.settings))] if whole else []
    if workflow_profile:
        chosen.append("cluster=1")
        options = ["--workflow-profile", str(workflow_profile.resolve()), *options]
    command = [sys.executable, "-m", "snakemake", *(target.relative_to(paths.root) for target in targets), *options]
    command += ["--snakefile", paths.root / "Snakefile", "--directory", paths.root, "--cores", str(cores)]
    command += [option for target in first for option in ("--prioritize", target.relative_to(paths.root))]
    command += ["--config", *chosen, "--rerun-incomplete", "--nolock", "--quiet", "rules", "host"]
    # the system releases this lock when the process ends; Snakemake's own lock would remain after a kill
    with exclusive(paths.build / "reproduce.lock", f"another run of the {study.settings.name} profile"):
        return subprocess.run(command).returncode


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
    models = steps.trained_models(settings, chapter)
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


def imported_modules(root: Path, *sources: str) -> list[Path]:
    """The files of `ecglib` and `ecgpredict` that source files import, directly or through each other, sorted."""
    imported: set[Path] = set()
    waiting = [root / source for source in sources]
    while waiting:
        names: list[str] = []
        for node in ast.walk(ast.parse(waiting.pop().read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
        folders = [root.joinpath(*name.split(".")) for name in names]
        files = {path for folder in folders for path in (folder.with_suffix(".py"), folder / "__init__.py")}
        new = {path for path in files - imported if path.is_file()}
        imported |= new
        waiting += new
    return sorted(imported)
