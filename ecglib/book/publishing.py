"""Taking over a finished run of the full profile into what is committed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from ecglib.book import book, chapters, standalone
from ecglib.study import results, speeds, workflow
from ecglib.study.analyses import travel_conclusions, travel_models
from ecglib.study.paths import Paths
from ecglib.study.study import Study
from ecglib.training import runs
from ecgpredict import files, released


def publish(study: Study) -> None:
    """Copy executed chapters, results, runs and released models; everything is read before anything is written.

    Raises
    ------
    InputError : a chapter's notebook, a model's result or the README's table is missing
    """
    paths = study.paths
    executed = [workflow.executed_chapter(study, name) for name in study.settings.registry.chapters]
    contents = {paths.chapters / notebook.name: _for_readers(study, notebook) for notebook in executed}
    models = results.summary(paths.results)["model"]
    dropped = set(results.summary(paths.published_results)["model"]) - set(models)
    wanted = [paths.results / "summary.csv", paths.results / speeds.NAME, *paths.results.glob("*.json")]
    wanted += [paths.results / "scores" / f"{model}.npz" for model in models]
    contents |= {paths.published_results / path.relative_to(paths.results): path.read_bytes() for path in wanted}
    readme = book.readme_table(paths)
    for target, content in contents.items():
        with files.atomic_path(target) as temporary:
            temporary.write_bytes(content)
    for model in dropped:
        (paths.published_results / f"{model}.json").unlink(missing_ok=True)
        (paths.published_results / "scores" / f"{model}.npz").unlink(missing_ok=True)
    _export_runs(study)
    released.copy_release(paths.released, paths.models)
    released.set_cautions(paths.models, _cautions(paths))
    subprocess.run([sys.executable, paths.root / "tools" / "fold_10_ledger.py"], cwd=paths.root, check=True)
    files.write_text(paths.root / "README.md", readme)


def _cautions(paths: Paths) -> list[str]:
    """Chapter 9's sentences on when to trust a model, without Markdown."""
    lines = results.read(paths.published_results, travel_conclusions.RESULT)["trust"]
    plain = [line.replace("*", "").replace("`", "") for line in lines]
    return [f"Measured with {travel_models.RELEASED} in chapter 9 of the book.", *plain]


def _for_readers(study: Study, executed: Path) -> bytes:
    """An executed chapter as it is committed: launch buttons open it from the repository."""
    notebook = nbformat.read(executed, as_version=4)
    chapters.check(notebook, executed.stem)
    repository = standalone.published_repository(study.paths.root)
    return nbformat.writes(standalone.convert(notebook, executed.stem, repository)).encode()


def _export_runs(study: Study) -> None:
    """Copy finished runs into models/, with the weights that the registry keeps; remove others."""
    paths, trained = study.paths, study.settings.training
    for model in trained:
        for seed in study.settings.seeds[model]:
            place = f"{model}/seed{seed}"
            if (paths.artifacts / place / runs.METADATA).is_file():
                keep = seed in study.model(model).keep_weights
                runs.export_run(paths.artifacts / place, paths.models / place, weights=keep)
    known = {paths.models / model / f"seed{seed}" for model in trained for seed in study.settings.seeds[model]}
    for folder in set(paths.models.glob("*/seed*")) - known:
        shutil.rmtree(folder)
