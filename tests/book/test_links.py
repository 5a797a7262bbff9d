"""Every link and every asset of the built book, those in outputs of cells too: a page, a part of it, or a file."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

ATTRIBUTES = {"href": "[href]", "src": "[src]", "srcset": "[srcset]", "poster": "[poster]"}
ON_ITS_OWN = {"index.html", "search.html", "genindex.html"}  # entries of the browser's or the theme's own


def broken_links(html: Path) -> dict[str, list[str]]:
    """{page: links that lead nowhere} of a built folder; links to the web are not followed."""
    pages = {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(html.rglob("*.html"))
        if "_static" not in path.relative_to(html).parts
    }
    anchors = {path: {tag["id"] for tag in soup.select("[id]")} for path, soup in pages.items()}
    broken = {}
    for page, soup in pages.items():
        for attribute, selector in ATTRIBUTES.items():
            for tag in soup.select(selector):
                for address in _addresses(tag[attribute], attribute):
                    parts = urlsplit(address)
                    if parts.scheme or parts.netloc or address in ("#", ""):
                        continue
                    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
                    fragment = unquote(parts.fragment)
                    if not target.is_file() or (fragment and fragment not in anchors.get(target, {fragment})):
                        broken.setdefault(page.relative_to(html).as_posix(), []).append(address)
    return broken


def _addresses(value: str, attribute: str) -> list[str]:
    return [part.split()[0] for part in value.split(",")] if attribute == "srcset" else [value]


def test_every_link_leads_to_a_page_a_part_of_one_or_a_file(published_book):
    assert not broken_links(published_book)


@pytest.mark.parametrize("link", ["missing.html", "page.html#nowhere", "#nowhere"])
def test_a_link_that_leads_nowhere_is_found(tmp_path, link):
    (tmp_path / "page.html").write_text('<h1 id="top">Page</h1><a href="page.html#top">fine</a>')
    (tmp_path / "other.html").write_text(f'<a href="{link}">broken</a><a href="https://example.org">the web</a>')
    assert broken_links(tmp_path) == {"other.html": [link]}
