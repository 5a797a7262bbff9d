"""The published book under axe-core in Chromium: no page hides anything from readers who use it differently."""

import pytest

from ecglib.book import book

GRAVE = {"moderate", "serious", "critical"}
APPEARANCES = {"light": ("screen", "light"), "dark": ("screen", "dark"), "print from dark": ("print", "dark")}
# browsers leave out backgrounds when they print
PAPER = "*, ::before, ::after {background: none !important} html {background: #fff !important}"


@pytest.fixture(scope="module")
def axe(published_book) -> str:
    """axe-core as npm installed it for the book; its results, with the elements and the reasons."""
    return (published_book.parents[1] / "npm" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(driver, axe: str) -> list[tuple[str, str, str]]:
    """(impact, rule, element and reason) for each element that breaks a rule."""
    driver.set_script_timeout(120)
    driver.execute_script(axe)
    found = driver.execute_async_script(
        """const done = arguments[0];
        axe.run(document, {resultTypes: ['violations']})
            .then(result => done(result.violations), error => done(String(error)));"""
    )
    assert isinstance(found, list), found
    return [
        (node["impact"], rule["id"], f"{node['html'][:160]}: {node['failureSummary']}")
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.fixture
def appear(browser):
    """Show pages on a screen or on paper, to a reader who prefers light or dark."""

    def emulate(media: str, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}] if scheme else []
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    yield emulate
    emulate("", "")


@pytest.mark.slow
@pytest.mark.parametrize("appearance", APPEARANCES)
def test_no_page_has_a_violation_of_weight(published_book, browser, project, axe, appear, appearance):
    media, scheme = APPEARANCES[appearance]
    grave = {}
    for page in [*book.contents(project), "search", "genindex"]:
        appear("screen", scheme)
        browser.get((published_book / f"{page}.html").as_uri())
        assert browser.execute_script("return document.documentElement.dataset.theme") == scheme
        appear(media, scheme)
        if media == "print":
            browser.execute_script(
                "document.head.append(Object.assign(document.createElement('style'), {textContent: arguments[0]}))",
                PAPER,
            )
        if found := [one for one in violations(browser, axe) if one[0] in GRAVE]:
            grave[page] = found
    assert not grave


@pytest.mark.slow
def test_axe_finds_what_is_wrong(published_book, browser, axe):
    """Proof that the checks above can fail."""
    browser.get((published_book / "glossary.html").as_uri())
    browser.execute_script(
        """const image = document.createElement('img');
        image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
        document.querySelector('article').append(image);"""
    )
    assert ("critical", "image-alt") in {(impact, rule) for impact, rule, _ in violations(browser, axe)}
