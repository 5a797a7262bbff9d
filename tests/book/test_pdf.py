"""The book as a PDF: every page of it, with bookmarks and links, small enough to send."""

import re

import pytest
from bs4 import BeautifulSoup
from conftest import lacking

from ecglib.book import book, pdf
from ecglib.book.assets import BookError
from ecglib.study.paths import Paths
from ecgpredict.errors import InputError

MAX_BYTES = 20e6
MOST_PAGES = 139
PAGE = """<!doctype html><title>Trial</title>
<h1>One</h1><p><a href="#two">to two</a></p><h2 id="two" style="break-before: page">Two</h2><p>Text</p>"""


# what Chromium's PDF says of itself; its objects, unlike their content, are not compressed
PAGES, BOOKMARKS, LINKS = rb"/Type\s*/Page\b(?!s)", rb"<</Title [^\n]*\n/Dest", rb"/Subtype\s*/Link\b"


def count(content: bytes, *patterns: bytes) -> list[int]:
    return [len(re.findall(pattern, content)) for pattern in patterns]


@pytest.fixture
def program(tmp_path, monkeypatch):
    """No browser in PATH but those that the test puts there: `program(name, script)`."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin") + ":/bin")
    monkeypatch.setattr(pdf, "_BROWSERS", ("trial-chromium", "trial-chrome"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    (tmp_path / "bin").mkdir()

    def add(name, script="exit 0"):
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return add


@pytest.fixture
def chromium():
    try:
        return pdf.find_browser()
    except InputError:
        lacking("browser", "Chromium is not installed")


def test_the_browser_that_chromium_names_comes_first(program, monkeypatch):
    program("trial-chromium")
    monkeypatch.setenv("CHROMIUM", mine := program("mine"))
    assert pdf.find_browser() == mine


def test_without_a_browser_the_error_says_what_to_install(program):
    with pytest.raises(InputError, match="no browser to print with") as caught:
        pdf.find_browser()
    assert "install Chromium" in caught.value.hint


@pytest.mark.parametrize("script", ["echo no display >&2; exit 1", "echo no display >&2"])
def test_a_browser_that_prints_nothing_is_an_error_with_its_words(program, tmp_path, script):
    with pytest.raises(BookError, match="no display"):
        pdf.print_page(program("trial-chromium", script), tmp_path / "page.html", tmp_path / "out.pdf")


def test_solutions_are_open_and_other_code_stays_folded():
    solution, code = "<details><summary>s</summary></details>", "<details><summary>c</summary></details>"
    html = f'<div class="cell tag_hide-cell">{solution}</div><div class="cell tag_hide-input">{code}</div>'
    assert pdf.on_paper(html, {}) == html.replace("<details><summary>s", '<details open=""><summary>s')


def test_links_to_files_beside_the_page_are_removed_and_others_stay():
    html = '<a href="_images/a.svg">a</a><a href="#term-lead">b</a><a href="https://doi.org/1">c</a>'
    assert pdf.on_paper(html, {}) == '<a>a</a><a href="#term-lead">b</a><a href="https://doi.org/1">c</a>'


@pytest.mark.parametrize(
    ("link", "place"),
    [("ko.html", "document-ko"), ("05_x.html", "document-chapters/05_x"), ("chapters/05_x.html#part", "part")],
)
def test_links_to_pages_of_the_book_lead_within_it(link, place):
    html = f'<span id="document-ko"></span><span id="document-chapters/05_x"></span><a href="{link}">to it</a>'
    assert BeautifulSoup(pdf.on_paper(html, {}), "html.parser").a["href"] == f"#{place}"


def test_the_contents_name_each_page_of_the_book_and_its_number():
    page = '<span id="document-a"></span><section id="first"><h1>First#</h1></section>'
    html = f'<article class="bd-article">{page}</article>'
    (line,) = BeautifulSoup(pdf.on_paper(html, {"part-1": 7}), "html.parser").select(".paper-contents li")
    assert (line.a["href"], line.get_text()) == ("#part-1", "First 7")


@pytest.mark.slow
def test_a_page_is_printed_with_bookmarks_and_links(chromium, tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    pdf.print_page(chromium, tmp_path / "page.html", tmp_path / "out.pdf")
    printed = (tmp_path / "out.pdf").read_bytes()
    assert count(printed, PAGES, BOOKMARKS, LINKS) == [2, 2, 1]
    assert pdf.page_numbers(printed)["two"] == 2


@pytest.mark.slow
def test_the_whole_book_is_printed_with_bookmarks_and_links(chromium, published_book, project):
    paths = Paths("full", published_book.parents[2])
    printed = pdf.build(paths).read_bytes()
    chapters, (pages, bookmarks, links) = len(book.contents(project)), count(printed, PAGES, BOOKMARKS, LINKS)
    assert len(printed) < MAX_BYTES
    assert 2 * chapters < pages <= MOST_PAGES
    assert bookmarks > chapters
    assert links > 100  # citations, terms of the glossary, chapters
    assert count(printed, rb"/URI\s*\(file:") == [0], "a link leads to a file of this machine"
    assert published_book.is_dir(), "the book beside it stays"
    assert not (paths.build / "book").exists(), "what it was printed from is removed"
