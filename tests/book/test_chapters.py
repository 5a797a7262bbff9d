"""Executing a chapter: all of it, or an error that names chapter and cell."""

import json

import nbformat
import pytest

from ecglib.book import chapters
from ecglib.book.chapters import ChapterError

SOURCE = """# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
{code}

# %%
profile
"""


@pytest.fixture
def run(tmp_path):
    def execute(code, **parameters):
        source = tmp_path / "09_trial.py"
        source.write_text(SOURCE.format(code=code))
        target = tmp_path / "out" / "09_trial.ipynb"
        return chapters.execute(source, target, parameters or {"profile": "full"}, work=tmp_path / "work", cwd=tmp_path)

    return execute


def test_a_chapter_is_executed_with_its_parameters_and_papermills_own_cell_is_hidden(run):
    notebook = nbformat.read(run("1 + 1"), as_version=4)
    assert notebook.cells[-1].outputs[0]["data"]["text/plain"] == "'full'"
    assert notebook.metadata["papermill"]["parameters"] == {"profile": "full"}
    (injected,) = [cell for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert "remove-cell" in injected.metadata["tags"]


def test_a_figure_keeps_its_caption(run, tmp_path):
    caption = {"figure": {"caption": "A finding.", "name": "fig-finding"}}
    notebook = nbformat.read(run(f"1 + 1\n\n# %% mystnb={json.dumps(caption)}\n2 + 2"), as_version=4)
    assert notebook.cells[-2].metadata == {"mystnb": caption}


def test_executing_twice_gives_the_same_notebook(run):
    first = nbformat.read(run("1 + 1"), as_version=4)
    second = nbformat.read(run("1 + 1"), as_version=4)
    for notebook in (first, second):
        del notebook.metadata["papermill"]["duration"]
    assert first == second


def test_a_failing_cell_is_named_and_nothing_is_published(run, tmp_path):
    with pytest.raises(ChapterError, match="chapter 09_trial failed in cell 2") as caught:
        run("missing_name")
    assert "NameError: name 'missing_name' is not defined" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_failure_leaves_the_last_good_notebook(run):
    target = run("1 + 1")
    before = target.read_bytes()
    with pytest.raises(ChapterError):
        run("1 / 0")
    assert target.read_bytes() == before


def test_a_chapter_that_writes_warnings_is_refused(run):
    with pytest.raises(ChapterError, match="wrote warnings"):
        run("import sys; print('careful', file=sys.stderr)")


def test_cells_that_did_not_run_in_order_are_refused():
    cells = [nbformat.v4.new_code_cell("1", execution_count=count) for count in (2, 1)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(ChapterError, match="in order"):
        chapters.check(notebook, "trial")
