"""The published book in a browser: every page, offline, on a screen and on a phone."""

import json
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from ecglib.book import book


def test_the_published_book_has_every_page_and_no_sample_notice(published_book, project):
    for page in book.contents(project):
        assert book.SAMPLE_NOTICE not in (published_book / f"{page}.html").read_text(encoding="utf-8"), page


def settle():
    """Wait for half a second, so that late requests and errors are seen."""
    time.sleep(0.5)


def show(browser, page, width):
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(page.as_uri())


def requests_of(driver):
    """Addresses that a page asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_renders_offline_and_fits_the_screen(published_book, browser, project, width):
    for page in book.contents(project):
        requests_of(browser), browser.get_log("browser")
        show(browser, published_book / f"{page}.html", width)
        assert browser.find_element("css selector", "article h1").text, page
        settle()
        errors = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert not errors, (page, errors)
        asked = [url for url in requests_of(browser) if not url.startswith(("file:", "data:", "blob:"))]
        assert not asked, (page, asked)
        too_wide = browser.execute_script(
            """const width = document.documentElement.clientWidth;
            const frame = e => {  // what is wider than its scrolling frame may be: the frame is measured
                for (let at = e.parentElement; at && at.tagName !== 'ARTICLE'; at = at.parentElement)
                    if (['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return at;
                return e;
            };
            return [...document.querySelectorAll('article table, article img, article pre, article h1')]
                .filter(e => frame(e).getBoundingClientRect().right > width + 1)
                .map(e => e.tagName + ' ' + e.textContent.slice(0, 40));"""
        )
        assert not too_wide, (page, too_wide)
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth + 1"), page


@pytest.mark.parametrize("sidebar", ["primary", "secondary"])
@pytest.mark.parametrize("width", [390, 768])
def test_the_menu_buttons_open_their_drawers_on_narrow_screens(published_book, browser, width, sidebar):
    show(browser, published_book / "chapters" / "02_base_cnn.html", width)
    drawer = browser.find_element("id", f"pst-{sidebar}-sidebar-modal")
    assert not drawer.is_displayed()
    browser.find_element("css selector", f".bd-header-article button.{sidebar}-toggle").click()
    WebDriverWait(browser, 5).until(lambda _: drawer.is_displayed() and drawer.rect["width"] > 200)


def test_the_menu_button_folds_the_sidebar_on_a_wide_screen(published_book, browser):
    show(browser, published_book / "chapters" / "02_base_cnn.html", 1280)
    sidebar = browser.find_element("id", "pst-primary-sidebar")
    assert sidebar.rect["x"] >= 0
    browser.find_element("css selector", ".bd-header-article button.primary-toggle").click()
    WebDriverWait(browser, 5).until(lambda _: sidebar.rect["x"] + sidebar.rect["width"] <= 0)


def test_a_former_address_leads_to_the_chapter(published_book, browser):
    browser.get((published_book / "chapters" / "08_deployment.html").as_uri())
    WebDriverWait(browser, 5).until(lambda _: browser.current_url.endswith("/chapters/10_deployment.html"))


def bytes_of_a_first_visit(driver, page):
    requests_of(driver)
    driver.get(page.as_uri())
    settle()
    asked = {Path(unquote(urlsplit(url).path)) for url in requests_of(driver) if url.startswith("file:")}
    return sum(path.stat().st_size for path in asked)


@pytest.mark.parametrize("page", ["intro", "classify", "models", "chapters/05_quantization"])
def test_a_first_visit_takes_less_than_a_megabyte(published_book, browser, page):
    assert bytes_of_a_first_visit(browser, published_book / f"{page}.html") < 1e6


def test_the_search_button_finds_what_was_typed(published_book, browser):
    show(browser, published_book / "models.html", 390)
    browser.find_element("css selector", ".bd-header-article button.search-button").click()
    field = browser.find_element("css selector", "#pst-search-dialog input")
    field.send_keys("quantization", Keys.ENTER)
    results = ".search li a[href*='05_quantization.html']"
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements("css selector", results))


def test_the_theme_button_goes_through_its_modes(published_book, browser):
    show(browser, published_book / "models.html", 1280)
    button = browser.find_element("css selector", "button.theme-switch-button")
    modes = []
    for _ in range(3):
        button.click()
        shown = [
            icon.get_attribute("data-mode") for icon in button.find_elements("tag name", "svg") if icon.is_displayed()
        ]
        assert shown == [browser.execute_script("return document.documentElement.dataset.mode")]
        modes += shown
    assert set(modes) == {"light", "dark", "auto"}
    assert modes[-1] == "auto"


def test_formulas_are_typeset_before_they_are_read_and_their_fonts_come_from_the_book(published_book, browser):
    page = published_book / "chapters" / "02_base_cnn.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    assert soup.select("mjx-container > mjx-math[aria-hidden=true] + mjx-assistive-mml > math")
    requests_of(browser)
    browser.get(page.as_uri())
    settle()
    assert any("MathJax_Math" in url for url in requests_of(browser))
