"""The whole sample study in a fresh folder, and the built book in a browser."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from ecglib import book, chapters, results
from ecglib.paths import Paths


def ecglib(*arguments, cwd):
    environment = {k: v for k, v in os.environ.items() if k not in ("PTBXL_ROOT", "ECGLIB_CACHE")}
    return subprocess.run(
        [sys.executable, "-m", "ecglib", *arguments], cwd=cwd, capture_output=True, text=True, env=environment
    )


@pytest.fixture(scope="module")
def checkout(project, left_out, tmp_path_factory) -> Path:
    """A copy of the checkout in which the sample study was reproduced."""
    root = tmp_path_factory.mktemp("study") / "checkout"
    shutil.copytree(project, root, ignore=shutil.ignore_patterns(*left_out))
    done = ecglib("reproduce", cwd=root)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert str(root / "_build" / "sample" / "html" / "index.html") in done.stdout
    return root


@pytest.fixture(scope="module")
def sample_paths(checkout) -> Paths:
    return Paths("sample", checkout)


def test_every_chapter_was_executed_in_order(sample_paths):
    for name in book.chapter_names(sample_paths.root):
        notebook = nbformat.read(sample_paths.chapters / f"{name}.ipynb", as_version=4)
        chapters.check(notebook, name)
        assert notebook.metadata["papermill"]["parameters"] == {"profile": "sample"}


def test_the_sample_has_the_same_models_as_the_published_study(sample_paths):
    ours = results.summary(sample_paths.results)
    published = results.summary(sample_paths.root / "results" / "full")
    assert ours["model"].tolist() == published["model"].tolist()


def test_the_published_results_stay_as_they_are(checkout, project):
    for path in (project / "results").rglob("*.*"):
        assert (checkout / path.relative_to(project)).read_bytes() == path.read_bytes()


def test_every_page_says_that_sample_figures_are_no_results(sample_paths):
    for page in book.contents(sample_paths.root):
        assert book.SAMPLE_NOTICE in (sample_paths.build / "html" / f"{page}.html").read_text(encoding="utf-8"), page


def test_a_second_run_has_nothing_to_do(checkout, sample_paths):
    index = sample_paths.build / "html" / "index.html"
    before = index.stat().st_mtime_ns
    done = ecglib("reproduce", cwd=checkout)
    assert done.returncode == 0
    assert index.stat().st_mtime_ns == before


def test_a_failing_chapter_fails_the_command_and_publishes_nothing(checkout, sample_paths):
    source = checkout / "notebooks" / "07_results.py"
    before, index = source.read_text(), sample_paths.build / "html" / "index.html"
    stamp = index.stat().st_mtime_ns
    source.write_text(before + "\n# %%\nnot_there\n")
    try:
        done = ecglib("reproduce", cwd=checkout)
    finally:
        source.write_text(before)
    assert done.returncode != 0
    assert "chapter 07_results failed in cell" in done.stderr
    assert "name 'not_there' is not defined" in done.stderr
    assert index.stat().st_mtime_ns == stamp


def test_the_published_book_has_every_page_and_no_sample_notice(published_book, project):
    for page in book.contents(project):
        assert book.SAMPLE_NOTICE not in (published_book / f"{page}.html").read_text(encoding="utf-8"), page


def settle(driver):
    """Wait until MathJax is done and half a second has passed, so that late requests and errors are seen."""
    driver.set_script_timeout(20)
    driver.execute_async_script(
        """const done = arguments[0];
        const ready = window.MathJax && MathJax.startup ? MathJax.startup.promise : Promise.resolve();
        ready.then(() => setTimeout(done, 500));"""
    )


def requests_of(driver):
    """Addresses that a page asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_renders_offline_and_fits_the_screen(published_book, browser, project, width):
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for page in book.contents(project):
        requests_of(browser), browser.get_log("browser")
        browser.get((published_book / f"{page}.html").as_uri())
        assert browser.find_element("css selector", "article h1").text, page
        settle(browser)
        errors = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert not errors, (page, errors)
        asked = [url for url in requests_of(browser) if not url.startswith(("file:", "data:", "blob:"))]
        assert not asked, (page, asked)
        too_wide = browser.execute_script(
            """const width = document.documentElement.clientWidth;
            return [...document.querySelectorAll('article table, article img, article pre, article h1')]
                .filter(e => e.getBoundingClientRect().right > width + 1)
                .map(e => e.tagName + ' ' + e.textContent.slice(0, 40));"""
        )
        assert not too_wide, (page, too_wide)
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth + 1"), page


def test_formulas_are_typeset_from_the_book_itself(published_book, browser):
    browser.get((published_book / "chapters" / "02_base_cnn.html").as_uri())
    settle(browser)
    assert browser.execute_script("return document.querySelectorAll('mjx-container').length") >= 1
