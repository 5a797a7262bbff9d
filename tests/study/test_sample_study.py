"""The whole sample study in a fresh folder."""

from pathlib import Path

import papermill
import pytest
from conftest import copy_checkout, run_ecglib
from lab_server import LabServer, run_all

from ecglib.book import book, lab
from ecglib.study import results
from ecglib.study.paths import PROJECT_VARIABLE, Paths
from ecglib.study.profile import load_profile

pytestmark = pytest.mark.slow
SOURCES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of the checkout in which the sample study was reproduced."""
    root = copy_checkout(tmp_path_factory.mktemp("study") / "checkout")
    done = run_ecglib("reproduce", cwd=root)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert str(root / "_build" / "sample" / "html" / "index.html") in done.stdout
    return root


@pytest.fixture(scope="module")
def sample_paths(checkout) -> Paths:
    return Paths("sample", checkout)


def test_the_sample_has_the_models_of_the_published_study_and_some_of_its_compact_ones(sample_paths):
    ours = results.summary(sample_paths.results)["model"].tolist()
    published = results.summary(Paths("full", sample_paths.root).published_results)["model"].tolist()
    declared = load_profile(sample_paths.config).models
    assert ours == [name for name in published if not name.startswith("compact_") or name in declared]


def test_a_failing_chapter_fails_the_command_and_publishes_nothing(checkout, sample_paths):
    """Before the lab, which saves chapters, so that more of them would be executed again."""
    source = checkout / "notebooks" / "07_results.py"
    before, index = source.read_text(), sample_paths.build / "html" / "index.html"
    stamp = index.stat().st_mtime_ns
    source.write_text(before + "\n# %%\nnot_there\n")
    try:
        done = run_ecglib("reproduce", cwd=checkout)
    finally:
        source.write_text(before)
    assert done.returncode != 0
    assert "chapter 07_results failed in cell" in done.stderr
    assert "name 'not_there' is not defined" in done.stderr
    assert index.stat().st_mtime_ns == stamp


@pytest.fixture(scope="module")
def cells_after_run_all(sample_paths, browser) -> dict:
    """For each chapter its cells after Run All in JupyterLab, or why there are none."""
    for source in SOURCES:
        lab.pair(sample_paths.root / "notebooks" / source.name)
    with LabServer(sample_paths) as server:
        return run_all(browser, server, [source.stem for source in SOURCES])


@pytest.mark.parametrize("name", [source.stem for source in SOURCES])
def test_a_chapter_runs_in_jupyterlab_from_its_first_cell_to_its_last(cells_after_run_all, name):
    cells = cells_after_run_all[name]
    assert isinstance(cells, list), cells
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))


def test_a_downloaded_chapter_runs_in_any_folder_if_the_package_comes_from_the_checkout(
    checkout, sample_paths, tmp_path, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(checkout))
    monkeypatch.delenv(PROJECT_VARIABLE, raising=False)
    download = sample_paths.build / "html" / "_sources" / "chapters" / "01_dataset.ipynb"
    papermill.execute_notebook(download, tmp_path / "out.ipynb", cwd=tmp_path, kernel_name="python3")


def test_every_page_has_the_notice_that_sample_values_are_not_results(sample_paths):
    for page in book.contents(sample_paths.root):
        assert book.SAMPLE_NOTICE in (sample_paths.build / "html" / f"{page}.html").read_text(encoding="utf-8"), page
