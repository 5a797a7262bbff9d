"""Executing chapters: a py:percent source becomes an executed notebook, or nothing at all.

In comes ``notebooks/NN_name.py``; out comes ``NN_name.ipynb`` with every cell run in order. papermill
cannot read py:percent and leaves a partial notebook behind when a cell fails; both are seen to here.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from ecglib import files
from ecglib.errors import InputError, StudyError

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class ChapterError(StudyError):
    """A chapter's cell failed; names the chapter, the cell and the error."""


def execute(source: Path, target: Path, parameters: dict, *, work: Path, cwd: Path) -> Path:
    """Execute a chapter with papermill and put the finished notebook in place.

    Parameters
    ----------
    source : py:percent file
    target : the executed notebook, written only when every cell ran
    parameters : values for the cell tagged "parameters"; each must be set there
    work : folder for the unexecuted and, after a failure, the partial notebook
    cwd : folder in which the cells run

    Raises
    ------
    InputError : the source lacks one of the parameters
    ChapterError : a cell failed; the partial notebook stays in `work`
    """
    import jupytext
    import papermill

    work.mkdir(parents=True, exist_ok=True)
    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    # cell names that do not change from run to run
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
    plain, partial = work / f"{source.stem}.source.ipynb", work / f"{source.stem}.ipynb"
    nbformat.write(notebook, plain)
    known = papermill.inspect_notebook(str(plain))
    if unknown := set(parameters) - set(known):
        raise InputError(
            "unknown parameter", where=source, expected=", ".join(known) or "none", found=", ".join(sorted(unknown)),
            mend='set it in the cell tagged "parameters"',
        )  # fmt: skip
    try:
        papermill.execute_notebook(
            plain, partial, parameters, kernel_name="python3", cwd=str(cwd), progress_bar={"desc": source.stem},
            extra_arguments=["--log-level=ERROR"],  # the kernel's remarks on its transport
        )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        message = _COLOUR.sub("", f"{error.ename}: {error.evalue}")
        raise ChapterError(
            f"chapter {source.stem} failed in cell {error.cell_index} (execution {error.exec_count})\n"
            f"{message}\n\nThe cell:\n{error.source}\n\nThe notebook so far: {partial}"
        ) from error
    executed = nbformat.read(partial, as_version=4)
    _tidy(executed, source)
    check(executed, source.stem)
    with files.replacing(target) as temporary:
        nbformat.write(executed, temporary)
    return target


def check(notebook: nbformat.NotebookNode, name: str) -> None:
    """Hold an executed notebook to what a published chapter must be.

    Raises
    ------
    ChapterError : cells not run 1..n in order, a traceback, or text on standard error
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        raise ChapterError(f"chapter {name}: cells did not run in order from 1 to {len(code)}")
    for cell in code:
        for output in cell.outputs:
            if output.output_type == "error":
                raise ChapterError(f"chapter {name}: cell {cell.execution_count} holds a traceback")
            if output.output_type == "stream" and output.name == "stderr":
                raise ChapterError(f"chapter {name}: cell {cell.execution_count} wrote warnings:\n{output.text}")


def seconds(notebook: Path) -> float:
    """How long an executed chapter took, as papermill recorded it."""
    return float(nbformat.read(notebook, as_version=4).metadata["papermill"]["duration"])


def _tidy(notebook: nbformat.NotebookNode, source: Path) -> None:
    """Leave out what changes from run to run or names this machine, but for the chapter's duration."""
    record = notebook.metadata["papermill"]
    kept = {"duration": round(record["duration"], 1), "parameters": record["parameters"], "version": record["version"]}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}, "papermill": kept}
    )
    notebook.metadata["source"] = source.name
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        tags = list(cell.metadata.get("tags", []))
        cell["metadata"] = nbformat.from_dict({"tags": tags} if tags else {})
