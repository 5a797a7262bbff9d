"""Commands for readers who run the chapters: JupyterLab, Binder, Colab."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecglib.cli.common import Cores, app, console, open_profile

if TYPE_CHECKING:
    from ecglib.study.study import Study


@app.command()
def lab(
    chapter: Annotated[str | None, typer.Argument(help="number or name; all chapters by default")] = None,
    cores: Cores = 2,
    port: Annotated[int | None, typer.Option(help="8888 or the next free port by default")] = None,
    browser: Annotated[bool, typer.Option(help="open a browser window")] = True,
) -> None:
    """Open the chapters in JupyterLab on the sample profile, after making what they need."""
    from ecglib.book import lab as jupyterlab
    from ecglib.study import workflow

    study = open_profile("sample")
    notebooks = _prepare(study, chapter, cores)
    opened = chapter and notebooks[workflow.find_chapter(study, chapter)]
    command = jupyterlab.command(study.paths, opened, port=port, browser=browser)
    raise typer.Exit(subprocess.run(command, env=jupyterlab.environment(study.paths)).returncode)


@app.command()
def prepare(
    chapter: Annotated[str | None, typer.Argument(help="number or name; all chapters by default")] = None,
    cores: Cores = 2,
) -> None:
    """Make what the chapters need on the sample profile, and the notebooks that JupyterLab opens."""
    _prepare(open_profile("sample"), chapter, cores)


def _prepare(study: Study, chapter: str | None, cores: int) -> dict[str, Path]:
    """Make what a chapter, or every chapter, needs; the paired notebooks of all chapters by name."""
    from ecglib.book import lab as jupyterlab
    from ecglib.study import workflow

    chapters = list(study.settings.registry.chapters)
    console.print(workflow.PREPARING)
    chosen = [workflow.find_chapter(study, chapter)] if chapter else chapters
    if done := workflow.prepare(study, chosen, cores=cores):
        raise typer.Exit(done)
    return {name: jupyterlab.pair(study.paths.root / "notebooks" / f"{name}.py") for name in chapters}


@app.command()
def standalone() -> None:
    """Give the committed chapters the first cell with which Colab and Binder open them; after _config.yml changed."""
    from ecglib.book import standalone as readers_notebooks
    from ecglib.study.paths import Paths

    for path in readers_notebooks.convert_committed(Paths.for_profile("full")):
        print(path)
