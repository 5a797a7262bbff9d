"""The whole sample study in a fresh folder."""

from pathlib import Path

import nbformat
import pytest
from conftest import copy_checkout, run_ecglib

from ecglib.book import book, chapters
from ecglib.study import results
from ecglib.study.paths import Paths

pytestmark = pytest.mark.slow


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


def test_every_chapter_was_executed_in_order(sample_paths):
    for name in book.chapter_names(sample_paths.root):
        notebook = nbformat.read(sample_paths.chapters / f"{name}.ipynb", as_version=4)
        chapters.check(notebook, name)
        assert notebook.metadata["papermill"]["parameters"] == {"profile": "sample"}


def test_the_sample_has_the_same_models_as_the_published_study(sample_paths):
    ours = results.summary(sample_paths.results)
    published = results.summary(Paths("full", sample_paths.root).published_results)
    assert ours["model"].tolist() == published["model"].tolist()


def test_the_published_results_stay_as_they_are(checkout, project):
    for path in (project / "results").rglob("*.*"):
        assert (checkout / path.relative_to(project)).read_bytes() == path.read_bytes()


def test_every_page_has_the_notice_that_sample_values_are_not_results(sample_paths):
    for page in book.contents(sample_paths.root):
        assert book.SAMPLE_NOTICE in (sample_paths.build / "html" / f"{page}.html").read_text(encoding="utf-8"), page


def test_a_second_run_has_nothing_to_do(checkout, sample_paths):
    index = sample_paths.build / "html" / "index.html"
    before = index.stat().st_mtime_ns
    done = run_ecglib("reproduce", cwd=checkout)
    assert done.returncode == 0
    assert index.stat().st_mtime_ns == before


def test_a_failing_chapter_fails_the_command_and_publishes_nothing(checkout, sample_paths):
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
