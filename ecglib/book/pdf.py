"""The whole book as one PDF with bookmarks and links: Jupyter Book's page of everything, printed by Chromium.

It is printed twice: Chromium does not know on which page a heading will be, so that the contents get their numbers from
the first PDF.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bs4 import BeautifulSoup

from ecglib import __version__
from ecglib.book import book
from ecglib.book.assets import BookError
from ecglib.study.paths import Paths
from ecgpredict import files
from ecgpredict.errors import InputError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FOLDERS = ("document-", "document-chapters/")  # before the name of a page, in its id on the page of everything
_TYPESETTING_MS = 30_000  # virtual time for MathJax and images; Chromium prints as soon as nothing is left to do


def build(paths: Paths) -> Path:
    """The PDF of a profile's book; raises as :func:`find_browser`, :func:`book.build` and :func:`print_page`."""
    browser = find_browser()
    target = paths.build / "ecg-under-a-megabyte.pdf"
    pages = book.render(paths, "singlehtml")
    page = pages / "intro.html"
    on_screen = page.read_text(encoding="utf-8")
    numbers: dict[str, int] = {}
    with files.atomic_path(target) as temporary:
        for _ in range(2):
            page.write_text(on_paper(on_screen, numbers), encoding="utf-8")
            print_page(browser, page, temporary)
            numbers = page_numbers(temporary.read_bytes())
    shutil.rmtree(pages.parent.parent)
    return target


def find_browser() -> str:
    """Chromium or Chrome: the program that CHROMIUM names, or the first one found; an InputError if there is none."""
    for name in (os.environ.get("CHROMIUM"), *_BROWSERS):
        if name and (path := shutil.which(name)):
            return path
    raise InputError(
        "no browser to print with",
        where="PATH",
        expected=" or ".join(_BROWSERS),
        found="none of them",
        hint="install Chromium or Chrome, or set CHROMIUM to its program",
    )


def on_paper(html: str, numbers: Mapping[str, int]) -> str:
    """A page with a title and contents, whose solutions are open, and whose links lead within it or to the web.

    Solutions are cells tagged hide-cell, which nobody can unfold on paper; other code that a page folds is left out
    there. Links to other files would name folders of the machine that printed them.

    Parameters
    ----------
    numbers : {id of a place: its page}; the contents leave out what it lacks
    """
    soup = BeautifulSoup(html, "html.parser")
    for solution in soup.select(".tag_hide-cell details"):
        solution["open"] = ""
    for link in soup.select("a[href]"):
        page, _, anchor = link["href"].partition("#")
        if inside := soup.find(id=[f"{folder}{page.removesuffix('.html')}" for folder in _FOLDERS]):
            link["href"] = f"#{anchor or inside['id']}"
        elif not link["href"].startswith(("#", "http:", "https:", "mailto:")):
            del link["href"]
    if article := soup.select_one("article.bd-article"):
        article.insert(0, BeautifulSoup(_front_matter(soup, numbers), "html.parser"))
    return str(soup)


def _front_matter(soup: BeautifulSoup, numbers: Mapping[str, int]) -> str:
    """The title page and the contents: the heading of each of the book's pages, and its number."""
    lines = []
    for number, start in enumerate(soup.select("span[id^=document-]"), start=1):
        heading = start.find_next(["h1", "h2"])
        place = heading["id"] = f"part-{number}"
        title = heading.get_text().removesuffix("#")
        lines.append(f'<li><a href="#{place}">{title}</a> <span>{numbers.get(place, 0)}</span></li>')
    headline = soup.select_one(".headline")
    return (
        f'<div class="title-page"><p class="title">ECG Under a Megabyte</p><p>{headline and headline.get_text()}</p>'
        f"<p>Version {__version__}</p></div>"
        f'<nav class="paper-contents" aria-label="Contents"><p>Contents</p><ol>{"".join(lines)}</ol></nav>'
    )


def page_numbers(pdf: bytes) -> dict[str, int]:
    """{name of a destination: the number of its page} of a PDF as Chromium writes it, with plain objects."""
    pages = {int(number) for number in re.findall(rb"(\d+) 0 obj\s*<</Type /Page\b(?!s)", pdf)}
    leaves = (int(kid) for kids in re.findall(rb"/Kids \[([^]]*)]", pdf) for kid in re.findall(rb"(\d+) 0 R", kids))
    order = {page: number for number, page in enumerate((kid for kid in leaves if kid in pages), start=1)}
    places = re.findall(rb"/([^\s/\[\]]+) \[(\d+) 0 R /XYZ", pdf)
    return {name.decode("latin-1"): order[int(page)] for name, page in places if int(page) in order}


def print_page(browser: str, page: Path, target: Path) -> None:
    """Print a page with an outline of its headings; a BookError if Chromium wrote no PDF."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += ["--no-pdf-header-footer", "--generate-pdf-document-outline"]
    command += [f"--virtual-time-budget={_TYPESETTING_MS}", f"--print-to-pdf={target.resolve()}"]
    done = subprocess.run([*command, page.resolve().as_uri()], capture_output=True, text=True)
    if done.returncode or not target.is_file():
        raise BookError(f"Chromium could not print the book:\n{done.stderr[-2000:]}")
