"""Taking over a finished run of the full profile into what is committed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat

from ecglib.book import book, chapters, standalone
from ecglib.study import results, workflow
from ecglib.study.paths import Paths
from ecglib.study.study import Study
from ecglib.training import runs
from ecgpredict import released

_TREES = ("book/chapters", "results/full", "models", "README.md")
_STAGING = ".publishing"  # in the checkout, so that a rename is enough


def publish(study: Study) -> None:
    """Replace the committed chapters, results, runs, released models and README's tables.

    They are completed beside the committed ones first: an error leaves those as they were.

    Raises
    ------
    InputError : a chapter's notebook or a model's result is missing
    """
    root, before = study.paths.root, study.paths.root / _STAGING / "before"
    _put_back(root)  # of a publication that was killed
    try:
        staged = replace(study.paths, root=root / _STAGING / "new")
        _stage(study, staged)
        for tree in _TREES:
            (before / tree).parent.mkdir(parents=True, exist_ok=True)
            (root / tree).rename(before / tree)
            (staged.root / tree).rename(root / tree)
    except BaseException:
        _put_back(root)
        raise
    before.rename(before.with_name("replaced"))  # from here on the new ones count
    shutil.rmtree(root / _STAGING)
    subprocess.run([sys.executable, root / "tools" / "fold_10_ledger.py"], cwd=root, check=True)


def _put_back(root: Path) -> None:
    """Undo a publication that did not come to its end, and remove what it prepared."""
    before = root / _STAGING / "before"
    for old in [before / tree for tree in _TREES if (before / tree).exists()]:
        target = root / old.relative_to(before)
        shutil.rmtree(target, ignore_errors=True) if old.is_dir() else target.unlink(missing_ok=True)
        old.rename(target)
    shutil.rmtree(root / _STAGING, ignore_errors=True)


def _stage(study: Study, staged: Paths) -> None:
    """Write what is published, complete, under the root of `staged`."""
    paths = study.paths
    for tree in _TREES[:-1]:
        shutil.copytree(paths.root / tree, staged.root / tree)
    for name in study.settings.registry.chapters:
        notebook = workflow.executed_chapter(study, name)
        (staged.chapters / notebook.name).write_bytes(_for_readers(study, notebook))
    models = results.summary(paths.results)["model"]
    for model in set(results.summary(paths.published_results)["model"]) - set(models):
        (staged.published_results / f"{model}.json").unlink(missing_ok=True)
        (staged.published_results / "scores" / f"{model}.npz").unlink(missing_ok=True)
    wanted = [*paths.results.glob("*.csv"), *paths.results.glob("*.json")]
    for path in [*wanted, *(paths.results / "scores" / f"{model}.npz" for model in models)]:
        shutil.copyfile(path, staged.published_results / path.relative_to(paths.results))
    _export_runs(study, staged.models)
    released.copy_release(paths.released, staged.models)
    released.set_cautions(staged.models, _cautions(staged))
    shutil.copyfile(paths.root / "README.md", staged.root / "README.md")
    (staged.root / "README.md").write_text(book.readme(staged), encoding="utf-8")
    book.readme_figure(staged)


def _cautions(paths: Paths) -> list[str]:
    """Chapter 11's sentences on when to trust the default model, without Markdown."""
    travel = results.read(paths.published_results, "travel")
    plain = [line.replace("*", "").replace("`", "") for line in travel["trust"]]
    return [f"Measured with {travel['model']} in chapter 11 of the book.", *plain]


def _for_readers(study: Study, executed: Path) -> bytes:
    """An executed chapter as it is committed: launch buttons open it from the repository."""
    notebook = nbformat.read(executed, as_version=4)
    chapters.check(notebook, executed.stem)
    repository = standalone.published_repository(study.paths.root)
    return nbformat.writes(standalone.convert(notebook, executed.stem, repository)).encode()


def _export_runs(study: Study, target: Path) -> None:
    """Copy finished runs into a folder of models, with the weights that the registry keeps; remove others from it."""
    artifacts, trained = study.paths.artifacts, study.settings.training
    for model in trained:
        for seed in study.settings.seeds[model]:
            place = f"{model}/seed{seed}"
            if (artifacts / place / runs.METADATA).is_file():
                keep = seed in study.model(model).keep_weights
                runs.export_run(artifacts / place, target / place, weights=keep)
    known = {target / model / f"seed{seed}" for model in trained for seed in study.settings.seeds[model]}
    for folder in set(target.glob("*/seed*")) - known:
        shutil.rmtree(folder)
