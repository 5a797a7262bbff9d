"""The chapters' sources: they tell the story, and the package computes."""

import ast
from pathlib import Path

import jupytext
import pytest

SOURCES = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.py"))
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
MAX_LINES, MAX_CELL_LINES, MAX_COLUMNS = 120, 15, 88  # 88 columns are what a page shows at 1280 pixels


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def cells(request) -> list:
    return [cell for cell in jupytext.read(request.param).cells if cell.cell_type == "code"]


def test_a_chapter_defines_nothing(cells):
    defining = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for cell in cells for node in ast.walk(ast.parse(cell.source)) if isinstance(node, defining)]


def test_a_chapter_builds_no_table(cells):
    assert not [cell.source for cell in cells if "DataFrame(" in cell.source]


def test_a_chapter_has_few_lines_of_code(cells):
    counts = [len(cell.source.splitlines()) for cell in cells]
    assert sum(counts) <= MAX_LINES
    assert max(counts) <= MAX_CELL_LINES


def test_no_visible_line_is_cut(cells):
    visible = [cell for cell in cells if not FOLDED & set(cell.metadata.get("tags", []))]
    assert not [line for cell in visible for line in cell.source.splitlines() if len(line) > MAX_COLUMNS]


def test_the_parameters_are_hidden(cells):
    (parameters,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    assert "remove-cell" in parameters.metadata["tags"]
