"""The chapters in JupyterLab: py:percent sources paired with notebooks, in an environment that finds the study.

In come ``notebooks/NN_name.py``; out come ``notebooks/NN_name.ipynb`` beside them and the command that serves both.
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
    """The notebook beside a chapter's source; made without outputs if there is none.

    Parameters
    ----------
    source : notebooks/NN_name.py

    Returns
    -------
    the paired .ipynb, whose cells jupytext takes from the source whenever it is opened
    """
    import jupytext

    target = source.with_suffix(".ipynb")
    if not target.is_file():
        with files.atomic_path(target) as temporary:
            nbformat.write(jupytext.read(source), temporary)
    return target


def command(paths: Paths, notebook: Path | None = None, *, port: int | None = None, browser: bool = True) -> list[str]:
    """The command that serves JupyterLab on the checkout.

    Parameters
    ----------
    notebook : opened first; the list of chapters by default
    port : 8888, or the next free one, by default
    browser : whether to open a browser window
    """
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
