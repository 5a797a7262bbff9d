"""Where a chapter says "predict first", its result opens when an answer is clicked, and is never lost."""

import jupytext
import pytest
from selenium.webdriver.support.ui import WebDriverWait

PAGE = """<!doctype html><meta charset="utf-8"><title>.</title>
<style>{style}</style><script>{script}</script><section>
<div class="admonition predict"><p>How many?</p><ul><li><p>one</p></li><li><p>two</p></li></ul></div>
<div class="cell" id="method">x = 2</div><p>Some words.</p>
<div class="cell" id="result"><div class="cell_output">2</div></div>
<div class="cell tag_remove-input" id="sentence"><div class="cell_output">It is 2.</div></div>
<div class="cell" id="next"><div class="cell_output">3</div></div></section>"""


@pytest.fixture
def page(project, tmp_path, browser):
    """A browser with a page that asks."""
    static = project / "book" / "_static"
    style, script = ((static / name).read_text(encoding="utf-8") for name in ("custom.css", "predict.js"))
    (tmp_path / "page.html").write_text(PAGE.format(style=style, script=script), encoding="utf-8")
    browser.get((tmp_path / "page.html").as_uri())
    return browser


def shown(driver) -> list[str]:
    """The cells that can be seen."""
    return driver.execute_script(
        "return [...document.querySelectorAll('.cell')].filter(c => c.firstChild.nodeType === 3 || "
        "c.firstChild.checkVisibility()).map(c => c.id)"
    )


def test_a_result_and_its_sentence_open_with_an_answer(page):
    assert shown(page) == ["method", "next"]
    answers = page.find_elements("css selector", ".predict button")
    assert [answer.text for answer in answers] == ["one", "two", "just show me"]
    answers[1].send_keys("\ue007")  # the Enter key
    assert shown(page) == ["method", "result", "sentence", "next"]
    assert [answer.get_attribute("aria-pressed") for answer in answers] == ["false", "true", "false"]


def test_a_link_into_a_closed_result_opens_it(page):
    page.execute_script("location.hash = 'sentence'")
    WebDriverWait(page, 10).until(lambda driver: shown(driver) == ["method", "result", "sentence", "next"])


def test_every_question_has_at_least_two_answers(project):
    for source in (project / "notebooks").glob("*.py"):
        text = "\n".join(cell.source for cell in jupytext.read(source).cells if cell.cell_type == "markdown")
        for asked in text.split("\n:class: predict\n")[1:]:
            assert asked.split("\n:::")[0].count("\n- ") >= 2, source.name
