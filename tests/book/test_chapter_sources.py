"""The chapters' sources: they tell the story, and the package computes."""

from pathlib import Path

import jupytext
import pytest

SOURCES = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9]*.py"))


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def cells(request) -> list:
    return [cell for cell in jupytext.read(request.param).cells if cell.cell_type == "code"]


def test_the_parameters_are_hidden(cells):
    (parameters,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    assert "remove-cell" in parameters.metadata["tags"]
