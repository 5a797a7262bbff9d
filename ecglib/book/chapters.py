"""Executing chapters: a py:percent source becomes an executed notebook, written only if every cell ran in order.

papermill cannot read py:percent and leaves a partial notebook behind when a cell fails.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from ecgpredict import files
from ecgpredict.errors import StudyError

INJECTED = "injected-parameters"  # papermill's tag
STANDALONE = "standalone"  # tag of the cell that readers outside a checkout run first; it is not executed here
_ANSI_COLOR = re.compile(r"\x1b\[[0-9;]*m")


class ChapterError(StudyError):
    """A chapter's cell failed; the message names the chapter, the cell and the error."""


def execute(source: Path, target: Path, parameters: dict, *, work: Path, cwd: Path) -> Path:
    """Execute a py:percent source with papermill, and write the finished notebook `target` only if every cell ran.

    The cell tagged "parameters" has to set each of `parameters`; cells run in `cwd`. `work` gets the unexecuted
    notebook. ChapterError if a cell failed, whose partial notebook remains in `work`.
    """
    import jupytext
    import papermill

    work.mkdir(parents=True, exist_ok=True)
    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    # cell ids that do not change from run to run
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    plain, partial = work / f"{source.stem}.source.ipynb", work / f"{source.stem}.ipynb"
    nbformat.write(notebook, plain)
    try:
        options = {"kernel_name": "python3", "cwd": str(cwd), "progress_bar": {"desc": source.stem}}
        quiet = ["--log-level=ERROR"]  # the kernel warns about its transport
        papermill.execute_notebook(plain, partial, parameters, extra_arguments=quiet, **options)
    except papermill.PapermillExecutionError as error:
        message = _ANSI_COLOR.sub("", f"{error.ename}: {error.evalue}")
        raise ChapterError(
            f"chapter {source.stem} failed in cell {error.cell_index} (execution {error.exec_count})\n"
            f"{message}\n\nThe cell:\n{error.source}\n\nPartial notebook: {partial}"
        ) from error
    executed = nbformat.read(partial, as_version=4)
    _strip_metadata(executed, source)
    check(executed, source.stem)
    with files.atomic_path(target) as temporary:
        nbformat.write(executed, temporary)
    return target


def check(notebook: nbformat.NotebookNode, name: str) -> None:
    """A ChapterError if cells of an executed notebook did not run in order, raised or wrote to standard error."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    counts = [cell.execution_count for cell in cells if STANDALONE not in cell.metadata.get("tags", [])]
    if None in counts or counts != sorted({*counts}):  # publication removes papermill's cell of parameters
        raise ChapterError(f"chapter {name}: cells did not run in order")
    for cell in cells:
        for output in cell.outputs:
            if output.output_type == "error":
                raise ChapterError(f"chapter {name}: cell {cell.execution_count} holds a traceback")
            if output.output_type == "stream" and output.name == "stderr":
                raise ChapterError(f"chapter {name}: cell {cell.execution_count} wrote warnings:\n{output.text}")


def seconds(notebook: Path) -> float:
    """Duration of an executed chapter in seconds, as recorded by papermill."""
    return float(nbformat.read(notebook, as_version=4).metadata["papermill"]["duration"])


def _strip_metadata(notebook: nbformat.NotebookNode, source: Path) -> None:
    """Remove what changes from run to run or names the machine; keep the duration. Hide papermill's own cell."""
    record = notebook.metadata["papermill"]
    kept = {"duration": round(record["duration"], 1), "parameters": record["parameters"], "version": record["version"]}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}, "papermill": kept}
    )
    notebook.metadata["source"] = source.name
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        tags = list(cell.metadata.get("tags", []))
        if INJECTED in tags:  # papermill's copy of the parameters, which tells a reader nothing
            tags.append("remove-cell")
        caption = {"mystnb": cell.metadata["mystnb"]} if "mystnb" in cell.metadata else {}
        cell["metadata"] = nbformat.from_dict(({"tags": tags} if tags else {}) | caption)
