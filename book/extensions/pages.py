"""A Sphinx extension: pages that assistive technology reads and that search engines find.

Chapters that moved leave a page behind that leads to their new address.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path, PurePosixPath

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx

PAGE_LANGUAGES = {"ko": "ko"}  # page of the table of contents: language, where it is not English
MOVED = {  # former address of a chapter: its file now
    "chapters/08_deployment": "10_deployment",
    "chapters/09_travel": "11_travel",
    "chapters/10_frontier": "08_frontier",
}
_LEADS_ON = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>This chapter has moved</title>
<meta http-equiv="refresh" content="0; url={target}.html"><link rel="canonical" href="{target}.html">
<main><h1>This chapter has moved</h1><p><a href="{target}.html">Read it at its new address.</a></p></main></html>
"""
_DESCRIPTION_LENGTH = 160  # characters that search engines show
_HANGUL = re.compile("[\uac00-\ud7a3]")
_FRAME = "pst-scrollable-table-container"  # the theme's class: its script makes what overflows reachable by keyboard


def accessible(html: str) -> str:
    """A page with what Jupyter Book and its theme leave out for assistive technology.

    Header cells get a scope, and empty ones become plain cells. Each table scrolls in a frame around it, so that it
    keeps the role of a table. Buttons and folded cells are named by their text, which an aria-label that differs would
    hide from voice control (WCAG 2.5.3); icons in a button add nothing to its name. Roles that ARIA does not allow at
    their place are removed. The theme's script binds the first button for each sidebar, which lies in the hidden
    header: those lose their classes, so that it binds the visible ones.
    """
    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table"):
        for header in table.find_all("th"):
            if not header.get_text(strip=True):
                header.name = "td"
            else:
                header.attrs.setdefault("scope", "col" if header.find_parent("thead") else "row")
        if _FRAME not in (table.parent.get("class") or []):
            table.wrap(soup.new_tag("div", attrs={"class": _FRAME}))
    for button in soup.select("button.search-button-field, button.theme-switch-button"):
        if button.get_text(strip=True):
            button.attrs.pop("aria-label", None)
    for summary in soup.select("details > summary[aria-label]"):
        if summary.get_text(strip=True):
            del summary["aria-label"]
    for icon in soup.select("button.theme-switch-button > i"):
        icon.attrs.pop("title", None)  # the theme's script would make it text inside the button
    for button in soup.select("#pst-header button.sidebar-toggle"):
        del button["class"]
    for link in soup.select('a.btn-download-source-button[href$=".md"]'):  # only notebooks are worth a download
        link.find_parent("li").decompose()
    for element in soup.select(".citation-list, .citation"):
        element.attrs.pop("role", None)
    _fold_answers(soup)
    _mark_korean(soup)
    _describe(soup)
    return str(soup)


def _fold_answers(soup: BeautifulSoup) -> None:
    """Fold what is written below a solution of an exercise, a cell tagged hide-cell, away with it."""
    for details in soup.select("#exercises-solutions .cell.tag_hide-cell > details"):
        cell = details.parent
        for answer in list(cell.find_next_siblings()):
            if answer.name == "section" or "cell" in (answer.get("class") or []):
                break
            details.append(answer.extract())
        for word in details.select("summary p"):
            word.string = word.get_text().replace("code", "answer")


def _describe(soup: BeautifulSoup) -> None:
    """The first sentences of a page as its description for search engines."""
    first = soup.select_one("article section > p, article section .output p")
    if first is not None and soup.head is not None and not soup.head.find("meta", attrs={"name": "description"}):
        text = textwrap.shorten(first.get_text(), _DESCRIPTION_LENGTH, placeholder=" …")
        soup.head.append(soup.new_tag("meta", attrs={"name": "description", "content": text}))


def _mark_korean(soup: BeautifulSoup) -> None:
    """Say of Korean words on other pages that they are Korean; fonts and voices follow from it."""
    if soup.html is None or soup.html.get("lang") == "ko" or soup.body is None:
        return
    for text in soup.body.find_all(string=_HANGUL):
        if text.parent.name not in ("script", "style"):
            text.parent["lang"] = "ko"


def describe_images(app: Sphinx, document: nodes.document) -> None:
    """Give each figure of a notebook the text that its output carries."""
    for image in document.findall(nodes.image):
        if text := app.config.figure_alt_texts.get(PurePosixPath(image["uri"]).stem):
            image["alt"] = text


def set_language(app: Sphinx, page: str, template: str, context: dict, document: nodes.document | None) -> None:
    """Name the language that a page is written in."""
    context["language"] = PAGE_LANGUAGES.get(page, "en")


def finish_pages(app: Sphinx, error: Exception | None) -> None:
    """Rewrite the pages when all are built, and leave word at the addresses that chapters had before."""
    if error is not None or app.builder.format != "html":
        return
    built = Path(app.outdir)
    for path in built.rglob("*.html"):
        if "_static" not in path.relative_to(built).parts:
            path.write_text(accessible(path.read_text(encoding="utf-8")), encoding="utf-8")
    if app.builder.name == "html":
        for former, target in MOVED.items():
            (built / f"{former}.html").write_text(_LEADS_ON.format(target=target), encoding="utf-8")
        search = built / "_static" / "searchtools.js"  # results show a page's text, not its buttons and its contents
        script = search.read_text(encoding="utf-8").replace("'[role=\"main\"]'", "'article'")
        search.write_text(script, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Called by Sphinx; the texts of figures come through the configuration."""
    app.add_config_value("figure_alt_texts", {}, "env", types=(dict,))
    app.connect("doctree-read", describe_images)
    app.connect("html-page-context", set_language, priority=900)
    app.connect("build-finished", finish_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True, "version": "1"}
