"""Chapters in JupyterLab: a source and its notebook are one text, and the kernel finds the study from any folder."""

import asyncio
import json
import os
import re
import shutil
import time

import nbformat
import pytest
from jupytext.async_contentsmanager import build_async_jupytext_contents_manager_class
from lab_server import LabServer

from ecglib.book import lab
from ecglib.study.paths import PROJECT_VARIABLE, Paths, find_project

NOTEBOOK = "notebooks/01_trial.ipynb"
SOURCE = """# %% [markdown]
# # A trial

# %% tags=["parameters", "remove-cell"]
profile = "sample"

# %%
1 + 1
"""


@pytest.fixture
def paths(project, tmp_path):
    """A checkout with one chapter, and the book's own settings of jupytext."""
    root = tmp_path / "checkout"
    (root / "notebooks").mkdir(parents=True)
    (root / "_toc.yml").touch()
    (root / "notebooks" / "01_trial.py").write_text(SOURCE)
    (root / "book").mkdir()
    shutil.copy(project / lab.BIBLIOGRAPHY, root / "book")
    settings = (project / "notebooks" / "jupytext.toml").read_text()
    (root / "notebooks" / "jupytext.toml").write_text(settings)
    return Paths("sample", root)


@pytest.fixture
def source(paths):
    return paths.root / "notebooks" / "01_trial.py"


@pytest.fixture
def server_files(paths):
    """What JupyterLab's server reads and saves files with, once jupytext is installed."""
    return build_async_jupytext_contents_manager_class(lab.CitedFiles)(root_dir=str(paths.root))


def test_a_chapter_gets_a_notebook_with_its_cells_and_tags(source):
    notebook = nbformat.read(lab.pair(source), as_version=4)
    nbformat.validate(notebook)
    assert [cell.source for cell in notebook.cells] == ["# A trial", 'profile = "sample"', "1 + 1"]
    assert notebook.cells[1].metadata.tags == ["parameters", "remove-cell"]


def test_a_notebook_that_is_there_keeps_its_outputs(source):
    target = lab.pair(source)
    target.write_text("outputs of the last session")
    assert lab.pair(source).read_text() == "outputs of the last session"


def test_saving_without_a_change_leaves_the_cells_as_they_were(source, server_files):
    lab.pair(source)
    asyncio.run(server_files.save(asyncio.run(server_files.get(NOTEBOOK)), NOTEBOOK))
    assert source.read_text().endswith(SOURCE)


def test_a_citation_is_a_link_that_is_saved_as_a_citation(source, server_files):
    source.write_text(SOURCE.replace("A trial", "A trial {cite:p}`wagner2020`"))
    lab.pair(source)
    opened = asyncio.run(server_files.get(NOTEBOOK))
    address = "https://doi.org/10.1038/s41597-020-0495-6"
    assert f"A trial [(Wagner et al. 2020)](<{address}> " in opened["content"]["cells"][0]["source"]
    asyncio.run(server_files.save(opened, NOTEBOOK))
    assert "# # A trial {cite:p}`wagner2020`\n" in source.read_text()


def test_every_chapters_citations_are_in_the_bibliography(project):
    for source in (project / "notebooks").glob("*.py"):
        assert "{cite" not in lab.linked(source.read_text(encoding="utf-8"), project / lab.BIBLIOGRAPHY), source.name


def test_what_changed_in_the_source_is_in_the_notebook_although_that_is_newer(source, server_files):
    target = lab.pair(source)
    source.write_text(SOURCE.replace("1 + 1", "3 + 3"))
    os.utime(target, (time.time() + 86_400,) * 2)  # papermill, or a download, wrote it later
    opened = asyncio.run(server_files.get(NOTEBOOK))
    assert opened["content"]["cells"][2]["source"] == "3 + 3"


def test_the_list_of_chapters_is_opened_and_a_chapter_a_port_and_no_browser_can_be_asked_for(paths, source):
    command = lab.command(paths)
    assert {f"--ServerApp.root_dir={paths.root}", "--LabApp.default_url=/lab/tree/notebooks"} <= set(command)
    assert not any("port" in option or option == "--no-browser" for option in command)
    asked = {f"--LabApp.default_url=/lab/tree/{NOTEBOOK}", "--ServerApp.port=9000", "--no-browser"}
    assert asked <= set(lab.command(paths, lab.pair(source), port=9000, browser=False))


def test_a_kernel_finds_the_study_from_any_folder(paths, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = lab.environment(paths)
    monkeypatch.setenv(PROJECT_VARIABLE, environment[PROJECT_VARIABLE])
    assert find_project() == paths.root
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.slow
def test_the_server_serves_a_chapter_as_a_notebook(paths, source):
    lab.pair(source)
    source.write_text(SOURCE.replace("1 + 1", "3 + 3"))
    with LabServer(paths) as server:
        assert "3 + 3" in str(json.loads(server.fetch(f"api/contents/{NOTEBOOK}")))
        assert re.search("<title>.*Jupyter", server.fetch("lab/tree/notebooks").decode())
