"""The chapters in JupyterLab: sources paired with notebooks beside them, in an environment that finds the study.

jupytext keeps each pair equal: cells are read from the source, outputs from the notebook, and saving writes both.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat

from ecglib.study.paths import PROJECT_VARIABLE, Paths
from ecgpredict import files


def pair(source: Path) -> Path:
    """The .ipynb beside notebooks/NN_name.py, made without outputs if there is none."""
    import jupytext

    target = source.with_suffix(".ipynb")
    if not target.is_file():
        with files.atomic_path(target) as temporary:
            nbformat.write(jupytext.read(source), temporary)
    return target


def command(paths: Paths, notebook: Path | None = None, *, port: int | None = None, browser: bool = True) -> list[str]:
    """The command that serves JupyterLab on the checkout, opening a notebook or the list of them."""
    opened = notebook or paths.root / "notebooks"
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={paths.root}",
        f"--LabApp.default_url=/lab/tree/{opened.relative_to(paths.root).as_posix()}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--allow-root",  # the only user of many containers; the server listens to this machine alone, with a token
        *([f"--ServerApp.port={port}"] if port else []),
        *([] if browser else ["--no-browser"]),
    ]


def environment(paths: Paths) -> dict[str, str]:
    """The server's environment: kernels inherit it, and find the study from any folder."""
    return os.environ | {PROJECT_VARIABLE: str(paths.root)}
