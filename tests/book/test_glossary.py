"""The glossary: each term is explained once, and linked where a chapter first uses it."""

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from ecglib.book import book

GLOSSARY = """# Glossary

```{glossary}
quantization
  Integers.

quantization-aware training
  Rounding in training.

lead
  A direction.
```
"""
CHAPTER = """# Quantization by lead

Quantization-aware training comes before Quantization. `quantization`, [quantization](other), $lead$ and then leads.

Of quantization and a lead again; misleading.

| lead |
|---|
| lead |
"""


@pytest.fixture
def build(tmp_path):
    """Build a small book: a glossary, a chapter, and the chapter's text on a page that is none."""

    def built(builder="html", glossary=GLOSSARY):
        source, output = tmp_path / "source", tmp_path / builder
        (source / "chapters").mkdir(parents=True)
        index = "# Book\n\n```{toctree}\nglossary\nintro\nchapters/trial\nchapters/other\n```\n"
        texts = {"index": index, "glossary": glossary, "chapters/trial": CHAPTER}
        texts |= {"intro": "# Intro\n\nA lead.\n", "chapters/other": "# Other\n\nAnother lead.\n"}
        for name, text in texts.items():
            (source / f"{name}.md").write_text(text)
        settings = {"extensions": ["myst_parser", "glossary"], "myst_enable_extensions": ["dollarmath"]}
        with docutils_namespace():
            app = Sphinx(
                source, None, output, tmp_path / "doctrees", builder, settings, status=None, warningiserror=True
            )
            app.build()
        return output

    return built


def links(page) -> list[tuple[str, str]]:
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return [(link.get_text(), link["href"]) for link in soup.select("a.glossary-term")]


def test_the_first_use_of_each_term_in_prose_is_linked(build):
    folder = "../glossary.html#term-"
    assert links(build() / "chapters" / "trial.html") == [
        ("Quantization-aware training", f"{folder}quantization-aware-training"),
        ("Quantization", f"{folder}quantization"),
        ("leads", f"{folder}lead"),
    ]


def test_every_chapter_links_anew_and_other_pages_do_not(build):
    output = build()
    assert links(output / "chapters" / "other.html") == [("lead", "../glossary.html#term-lead")]
    assert links(output / "intro.html") == []


def test_the_book_on_one_page_links_within_itself(build):
    addresses = [address for _, address in links(build("singlehtml") / "index.html")]
    assert Counter(addresses) == {"#term-lead": 2, "#term-quantization": 1, "#term-quantization-aware-training": 1}


def test_a_book_without_a_glossary_has_no_links(build):
    assert links(build(glossary="# Glossary\n\nNo terms.\n") / "chapters" / "trial.html") == []


def test_every_link_goes_to_an_entry_once_a_chapter(published_book, project):
    anchors = re.findall(r'id="(term-[^"]+)"', (published_book / "glossary.html").read_text(encoding="utf-8"))
    for name in book.chapter_names(project):
        addresses = [address for _, address in links(published_book / "chapters" / f"{name}.html")]
        assert addresses, name
        assert len(addresses) == len(set(addresses)), name
        assert {address.removeprefix("../glossary.html#") for address in addresses} <= set(anchors), name
