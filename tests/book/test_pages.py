"""What the book's pages gain for readers who do not see them, and which buttons they have."""

import shutil
from types import SimpleNamespace

import pages  # of book/extensions
import pytest
from bs4 import BeautifulSoup
from docutils import nodes

from ecglib.book import book
from ecglib.study.paths import Paths


def accessible(html: str) -> BeautifulSoup:
    return BeautifulSoup(pages.accessible(html), "html.parser")


def test_an_image_of_a_notebook_gets_its_text_and_others_keep_theirs():
    drawn, other = nodes.image(uri="_build/jupyter_execute/abc.png"), nodes.image(uri="_static/heart.svg", alt="own")
    document = nodes.document(None, None, "", drawn, other)
    app = SimpleNamespace(config=SimpleNamespace(figure_alt_texts={"abc": "A heart."}))
    pages.describe_images(app, document)
    assert (drawn["alt"], other["alt"]) == ("A heart.", "own")


def test_header_cells_have_the_scope_of_their_place_or_their_own_and_empty_ones_are_none():
    table = accessible(
        "<table><thead><tr><th> </th><th>a</th></tr></thead>"
        '<tbody><tr><th>b</th><td>1</td></tr><tr><th scope="rowgroup">c</th></tr></tbody></table>'
    )
    assert [cell.name for cell in table.tr.find_all(True)] == ["td", "th"]
    assert {header.text: header["scope"] for header in table.find_all("th")} == {
        "a": "col",
        "b": "row",
        "c": "rowgroup",
    }


def test_a_table_scrolls_in_one_frame_however_often_the_page_is_rewritten():
    once = pages.accessible("<p><table><tr><td>1</td></tr></table></p>")
    assert once.count("pst-scrollable-table-container") == 1
    assert pages.accessible(once) == once


def test_buttons_and_folded_cells_are_named_by_their_text():
    page = accessible(
        '<button class="search-button-field" aria-label="Search">Search the book</button>'
        '<details><summary aria-label="Toggle hidden content"><p>Show code</p></summary></details>'
    )
    assert not page.select("[aria-label]")


def test_a_button_of_icons_keeps_its_name_and_its_icons_add_none():
    button = accessible(
        '<button class="theme-switch-button" aria-label="Color mode"><i title="Dark"></i></button>'
    ).button
    assert button["aria-label"] == "Color mode"
    assert "title" not in button.i.attrs


def test_a_role_that_aria_does_not_allow_there_is_removed():
    assert not accessible(
        '<div class="citation-list" role="list"><div class="citation" role="doc-x"></div></div>'
    ).select("[role]")


@pytest.mark.parametrize(("language", "marked"), [("en", ["한국어"]), ("ko", [])])
def test_korean_words_say_that_they_are_korean(language, marked):
    page = accessible(f'<html lang="{language}"><body><p>In <b>한국어</b>.</p><script>"한"</script></body></html>')
    assert [element.text for element in page.body.select("[lang=ko]")] == marked


def test_each_page_names_its_language():
    for page, language in (("ko", "ko"), ("chapters/01_dataset", "en")):
        context = {}
        pages.set_language(None, page, "page.html", context, None)
        assert context["language"] == language


def test_pages_are_rewritten_when_all_are_built_but_not_what_they_serve(tmp_path):
    html = "<table><tr><th>a</th></tr></table>"
    for folder in ("_static", "chapters"):
        (tmp_path / folder).mkdir()
    for name in ("page.html", "_static/part.html"):
        (tmp_path / name).write_text(html)
    (tmp_path / "_static" / "searchtools.js").write_text("querySelector('[role=\"main\"]')")
    app = SimpleNamespace(builder=SimpleNamespace(format="html", name="html"), outdir=tmp_path)
    pages.finish_pages(app, ValueError("the build failed"))
    assert (tmp_path / "page.html").read_text() == html
    pages.finish_pages(app, None)
    assert 'scope="row"' in (tmp_path / "page.html").read_text()
    assert (tmp_path / "_static" / "part.html").read_text() == html
    assert "querySelector('article')" in (tmp_path / "_static" / "searchtools.js").read_text()
    assert 'url=10_deployment.html"' in (tmp_path / "chapters" / "08_deployment.html").read_text()


def test_a_page_is_described_by_its_first_sentences():
    head = accessible("<head></head><article><section><h1>Title</h1><p>One. <b>Two.</b></p></section></article>").head
    assert head.find("meta", attrs={"name": "description"})["content"] == "One. Two."


def test_an_answer_is_folded_with_its_solution():
    page = accessible(
        '<section id="exercises-solutions"><div class="cell tag_hide-cell">'
        "<details><summary><p>Show code</p></summary></details></div>"
        "<p>The answer.</p><section><p>Next.</p></section></section>"
    )
    assert page.details.get_text() == "Show answerThe answer."


def test_only_notebooks_can_be_downloaded():
    item = '<li><a class="btn-download-source-button" href="_sources/a.{}">x</a></li>'
    assert len(accessible(f"<ul>{item.format('md')}{item.format('ipynb')}</ul>").select("li")) == 1


def test_every_figure_of_the_published_book_has_a_text(published_book, project):
    for page in book.contents(project):
        soup = BeautifulSoup((published_book / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        images = {one["src"]: one.get("alt", "") for one in soup.select("article img")}
        # Sphinx writes an image's path where there is no text
        assert not [source for source, text in images.items() if not text or text.startswith(("../", "_images"))], page


def launch_addresses(html) -> list[str]:
    """Addresses of the buttons that open a page's notebook elsewhere."""
    soup = BeautifulSoup(html.read_text(encoding="utf-8"), "html.parser")
    return [a["href"] for a in soup.select(".dropdown-launch-buttons a[href], a.btn[href]") if "//" in a["href"]]


def test_without_the_repositorys_address_no_page_has_launch_buttons(published_book, project):
    assert "\nrepository:" not in (project / "_config.yml").read_text(encoding="utf-8")
    for page in published_book.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "mybinder.org" not in text and "colab.research" not in text, page


@pytest.mark.slow
def test_with_the_repositorys_address_chapters_open_on_binder_and_colab(published_book, tmp_path):
    root = shutil.copytree(published_book.parents[2], tmp_path / "checkout")
    config = root / "_config.yml"
    repository = "repository:\n  url: https://github.com/OWNER/NAME\n  branch: main\n  path_to_book: book\n"
    config.write_text(config.read_text(encoding="utf-8") + repository, encoding="utf-8")
    html = book.build(Paths("full", root)).parent
    chapter = "book/chapters/05_quantization.ipynb"
    assert (root / chapter).is_file()
    assert launch_addresses(html / "chapters" / "05_quantization.html") == [
        f"https://mybinder.org/v2/gh/OWNER/NAME/main?urlpath=lab/tree/{chapter}",
        f"https://colab.research.google.com/github/OWNER/NAME/blob/main/{chapter}",
    ]
    assert launch_addresses(html / "intro.html") == []
