"""Chapters that run where readers open them: downloaded from a page, or on Colab.

Their first code cell finds the study that the notebook belongs to, gets it on Colab, or says what to get.
"""

from __future__ import annotations

import os
from pathlib import Path
from string import Template

import nbformat
import yaml
from nbformat import NotebookNode

import ecglib
from ecglib.book import chapters
from ecglib.study import workflow
from ecglib.study.paths import PROJECT_VARIABLE, Paths, find_project
from ecglib.study.study import open_study
from ecgpredict import files
from ecgpredict.errors import InputError, StudyError

_CELL = Template("""\
# Where this notebook is opened outside a checkout of the study, this cell finds one or says what to get.
class StudyNeeded(Exception):
    def _render_traceback_(self):  # Jupyter shows the sentence alone
        return [str(self)]


${colab}try:
    from ecglib.book import standalone
except ImportError:
    raise StudyNeeded("$needed") from None

standalone.prepare("$chapter")""")
_COLAB = Template("""\
import sys
from pathlib import Path

if "google.colab" in sys.modules and not Path("_toc.yml").is_file():
    !git clone --quiet --depth 1 --branch $branch $url study
    %cd -q study
    %pip install --quiet ".[study]"

""")
_GET = "This chapter needs the study, not this notebook alone: get a checkout of it{how} and run `make lab` there."


def convert(notebook: NotebookNode, chapter: str, repository: dict) -> NotebookNode:
    """An executed chapter as its readers get it, in place: without the parameters of its execution, with a first cell.

    It then begins with the source's own profile, which needs no data of anyone. Converting it again changes nothing.

    Parameters
    ----------
    chapter : its name, as "05_quantization"
    repository : `url` and `branch` of the published study; empty if it is not published
    """
    ours = {chapters.INJECTED, chapters.STANDALONE}
    notebook.cells = [cell for cell in notebook.cells if not ours & set(cell.metadata.get("tags", []))]
    first = next((i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"), len(notebook.cells))
    cell = nbformat.v4.new_code_cell(
        _source(chapter, repository), id=chapters.STANDALONE, metadata={"tags": [chapters.STANDALONE, "remove-cell"]}
    )
    notebook.cells.insert(first, cell)
    return notebook


def convert_committed(paths: Paths) -> list[Path]:
    """Convert the committed chapters, for buttons that open them from the repository; return their paths."""
    committed = sorted(Paths("full", paths.root).chapters.glob("*.ipynb"))
    for path in committed:
        content = convert(nbformat.read(path, as_version=4), path.stem, published_repository(paths.root))
        with files.atomic_path(path) as temporary:
            nbformat.write(content, temporary)
    return committed


def published_repository(root: Path) -> dict:
    """`url` and `branch` of the repository that `_config.yml` names; empty if it names none."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    named = config.get("repository") or {}
    return {"url": named["url"], "branch": named.get("branch", "main")} if named.get("url") else {}


def prepare(chapter: str) -> None:
    """Find the study, and make what a chapter needs on the sample profile; called by a chapter's first cell.

    The study is the checkout around the notebook, the one that ECGLIB_PROJECT names, or the one that ecglib was
    installed from with `pip install --editable`.

    Raises
    ------
    StudyError : there is no checkout, said in one sentence; or Snakemake failed
    """
    try:
        find_project()
    except InputError:
        installed_from = Path(ecglib.__file__).parents[1]
        if not (installed_from / "_toc.yml").is_file():
            raise StudyError(_GET.format(how="")) from None
        os.environ[PROJECT_VARIABLE] = str(installed_from)
    study = open_study(workflow.SAMPLE)
    print(workflow.PREPARING)
    if workflow.prepare(study, [workflow.find_chapter(study, chapter)]):
        raise StudyError(f"The records and trainings of chapter {chapter} could not be made; see the output above.")


def _source(chapter: str, repository: dict) -> str:
    how = f" (`git clone {repository['url']}`)" if repository else ""
    colab = _COLAB.substitute(repository) if repository else ""
    return _CELL.substitute(colab=colab, needed=_GET.format(how=how), chapter=chapter)
