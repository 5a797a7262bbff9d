"""The chapters in JupyterLab: sources paired with notebooks beside them, in an environment that finds the study.

jupytext keeps each pair equal: cells are read from the source, outputs from the notebook, and saving writes both.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import nbformat
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from ecglib.study.paths import PROJECT_VARIABLE, Paths
from ecgpredict import files

BIBLIOGRAPHY = "book/references.bib"
_CITATION = re.compile(r"\{cite:p\}`([\w,]+)`")
_BRACES = str.maketrans("", "", "{}")  # BibTeX's
_LINK = re.compile(r'\[\([^]]*\)\]\(<[^>]*> "cite:p ([\w,]+)"\)')


class CitedFiles(AsyncLargeFileManager):
    """JupyterLab's files: sources are opened with links for citations, and saved as they are written."""

    async def get(self, path, content=True, type=None, format=None, require_hash=False):
        model = await super().get(path, content, type, format, require_hash)
        if path.endswith(".py") and isinstance(model["content"], str):
            model["content"] = linked(model["content"], Path(self.root_dir) / BIBLIOGRAPHY)
        return model

    async def save(self, model, path=""):
        if isinstance(model.get("content"), str):
            model["content"] = _LINK.sub(r"{cite:p}`\1`", model["content"])
        return await super().save(model, path)


def linked(text: str, bibliography: Path) -> str:
    """A source with links such as (Wagner et al. 2020) to what it cites, or to the bibliography without an address."""
    from pybtex.database import parse_file

    entries = parse_file(bibliography).entries if _CITATION.search(text) else {}

    def link(found: re.Match) -> str:
        cited = [entries[key] for key in found[1].split(",")]
        names = [[" ".join(person.last_names) for person in entry.persons["author"]] for entry in cited]
        authors = [f"{of[0]} et al." if len(of) > 2 else " and ".join(of) for of in names]
        words = "; ".join(f"{of} {entry.fields['year']}" for of, entry in zip(authors, cited))
        fields = cited[0].fields
        address = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url", f"../{BIBLIOGRAPHY}")
        return f'[({words.translate(_BRACES)})](<{address}> "cite:p {found[1]}")'

    return _CITATION.sub(link, text)


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
        "--ServerApp.contents_manager_class=ecglib.book.lab.CitedFiles",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--allow-root",  # the only user of many containers; the server listens to this machine alone, with a token
        *([f"--ServerApp.port={port}"] if port else []),
        *([] if browser else ["--no-browser"]),
    ]


def environment(paths: Paths) -> dict[str, str]:
    """The server's environment: kernels inherit it, and find the study from any folder."""
    return os.environ | {PROJECT_VARIABLE: str(paths.root)}
