"""The book's parts that need no build: missing pieces and chapters that failed."""

import shutil

import pytest

from ecglib.book import book
from ecglib.book.chapters import ChapterError
from ecglib.study.paths import Paths


@pytest.fixture
def checkout(project, tmp_path):
    for name in ("book", "config", "results", "models"):
        shutil.copytree(project / name, tmp_path / name)
    for name in ("_toc.yml", "_config.yml", "README.md"):
        shutil.copy(project / name, tmp_path)
    return Paths("full", tmp_path)


def test_a_chapter_with_a_traceback_is_not_published(checkout):
    import nbformat

    path = checkout.chapters / "07_results.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]
    nbformat.write(notebook, path)
    with pytest.raises(ChapterError, match="traceback"):
        book.build(checkout)
    assert not (checkout.build / "html").exists()


@pytest.mark.slow
def test_a_warning_fails_the_build_and_leaves_the_last_book(checkout):
    index = book.build(checkout)
    stamp = index.stat().st_mtime_ns
    page = checkout.root / "book" / "references.md"
    page.write_text(page.read_text() + "\n[nowhere](missing_page.md)\n")
    with pytest.raises(book.BookError, match="missing_page"):
        book.build(checkout)
    assert index.stat().st_mtime_ns == stamp
