"""The whole book as one PDF with bookmarks and links: Jupyter Book's page of everything, printed by Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bs4 import BeautifulSoup

from ecglib.book import book
from ecglib.book.assets import BookError
from ecglib.study.paths import Paths
from ecgpredict import files
from ecgpredict.errors import InputError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TYPESETTING_MS = 30_000  # virtual time for MathJax and images; Chromium prints as soon as nothing is left to do


def build(paths: Paths) -> Path:
    """The PDF of a profile's book; raises as :func:`find_browser`, :func:`book.build` and :func:`print_page`."""
    browser = find_browser()
    target = paths.build / "ecg-under-a-megabyte.pdf"
    pages = book.render(paths, "singlehtml")
    page = pages / "intro.html"
    page.write_text(on_paper(page.read_text(encoding="utf-8")), encoding="utf-8")
    with files.atomic_path(target) as temporary:
        print_page(browser, page, temporary)
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


def on_paper(html: str) -> str:
    """A page whose solutions are open, and whose links lead within it or to the web.

    Solutions are cells tagged hide-cell, which nobody can unfold on paper; other code that a page folds is left out
    there. Links to files would name folders of the machine that printed them.
    """
    soup = BeautifulSoup(html, "html.parser")
    for solution in soup.select(".tag_hide-cell details"):
        solution["open"] = ""
    for link in soup.select("a[href]"):
        if not link["href"].startswith(("#", "http:", "https:", "mailto:")):
            del link["href"]
    return str(soup)


def print_page(browser: str, page: Path, target: Path) -> None:
    """Print a page with an outline of its headings; a BookError if Chromium wrote no PDF."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command += ["--no-pdf-header-footer", "--generate-pdf-document-outline"]
    command += [f"--virtual-time-budget={_TYPESETTING_MS}", f"--print-to-pdf={target.resolve()}"]
    done = subprocess.run([*command, page.resolve().as_uri()], capture_output=True, text=True)
    if done.returncode or not target.is_file():
        raise BookError(f"Chromium could not print the book:\n{done.stderr[-2000:]}")
