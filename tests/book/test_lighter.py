"""What the book's pages no longer load: the theme's fonts, scripts without an object, rules that match nothing."""

import lighter  # of book/extensions
import pytest
from bs4 import BeautifulSoup

ICONS = {"bars": '<svg viewBox="0 0 448 512"><path d="M0 96"/></svg>'}


def light(html: str) -> BeautifulSoup:
    return BeautifulSoup(lighter.lighten(html, ICONS), "html.parser")


def test_an_icon_is_read_as_a_drawing_and_the_solid_ones_win():
    regular, solid = 'file:[384,512,[1],"f15b","M320 464"]', '"file":[384,512,[],"f15b","M0 64C0"]'
    svg = BeautifulSoup(lighter.read_icons(f"p={{{regular}}};p={{{solid}}}")["file"], "html.parser").svg
    assert (svg["viewbox"], svg.path["d"]) == ("0 0 384 512", "M0 64C0")


def test_an_icon_of_the_font_becomes_a_drawing_that_assistive_technology_skips():
    svg = light('<i class="fa-solid fa-bars fa-lg" data-mode="light"></i>').svg
    assert svg["class"] == ["svg-inline--fa", "fa-solid", "fa-bars", "fa-lg"]
    assert (svg["data-mode"], svg["aria-hidden"]) == ("light", "true")


def test_an_icon_that_is_not_there_fails_the_build():
    with pytest.raises(KeyError, match="unheard-of"):
        light('<i class="fas fa-unheard-of"></i>')


@pytest.mark.parametrize(
    ("name", "body"), [("searchindex.js", '<p id="search-results">'), ("_static/copybutton.js", "<pre>")]
)
def test_a_script_is_loaded_where_it_has_something_to_do_and_after_the_page(name, body):
    script = f'<head><script src="../{name}?v=1"></script></head>'
    assert "defer" in light(f"{script}<body>{body}</body>").script.attrs
    assert light(f"{script}<body></body>").script is None


def test_the_style_sheets_become_one_and_that_of_the_korean_font_stays():
    names = ("_static/styles/theme.css?digest=1", "_static/custom.css", "_static/fonts/noto-sans-kr.css")
    links = "".join(f'<link rel="stylesheet" href="../{name}">' for name in names)
    page = light(f"<head>{links}</head>")
    assert [link["href"] for link in page.select("link")] == [
        "../_static/book.css",
        "../_static/fonts/noto-sans-kr.css",
    ]
    assert lighter.sheets_of(links.join(("<head>", "</head>"))) == ["basic.css", "custom.css"]


def test_formulas_are_typeset_and_one_that_cannot_be_read_fails_the_build(published_book):
    modules = published_book.parents[1] / "npm" / "node_modules"
    pages = {"a": r'<span class="math nohighlight">\(a &lt; b\)</span>', "b": "<p>no formula</p>"}
    assert "mjx-container" in lighter.typeset(pages, modules)
    assert "<mo>&lt;</mo>" in pages["a"]
    assert pages["b"] == "<p>no formula</p>"
    with pytest.raises(RuntimeError, match="cannot read"):
        lighter.typeset({"a": r'<span class="math x">\(\frac{\)</span>'}, modules)
