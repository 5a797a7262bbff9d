"""The page that classifies in the reader's browser, in Chromium: the same probabilities as in Python.

Its readers are tested in Node, see test_browser_recordings.
"""

import json
import time

import numpy as np
import pytest
import wfdb
from recording_files import write_csv
from scipy.signal import resample_poly

from ecgpredict import examples, occlusion, prediction, released
from ecgpredict.spec import CLASSES, LEADS


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The header of a WFDB record at 250 Hz in 12-bit samples."""
    folder = tmp_path_factory.mktemp("recordings")
    faster = resample_poly(examples.signals()["hypertrophy"], 5, 2)
    wfdb.wrsamp(
        "packed",
        fs=250,
        units=["mV"] * 12,
        sig_name=list(LEADS),
        p_signal=faster,
        fmt=["212"] * 12,
        adc_gain=[400.0] * 12,
        baseline=[0] * 12,
        write_dir=str(folder),
    )
    return folder / "packed.hea"


@pytest.fixture
def page(published_book, browser):
    browser.get((published_book / "classify.html").as_uri())
    return Page(browser)


class Page:
    def __init__(self, driver):
        self.driver = driver
        self.root = driver.find_element("css selector", ".ecg-classifier")

    def part(self, name):
        return self.root.find_element("css selector", f'[data-part="{name}"]')

    def choose(self, *paths):
        self.part("files").send_keys("\n".join(map(str, paths)))
        return self.settled()

    def settled(self):
        until = time.monotonic() + 60
        while (state := self.root.get_attribute("data-state")) in ("busy", "ready", "loading"):
            assert time.monotonic() < until, "the page does not respond"
            time.sleep(0.05)
        return state

    @property
    def probabilities(self):
        return json.loads(self.root.get_attribute("data-probabilities"))

    @property
    def status(self):
        return self.part("status").text


def in_python(path, **keywords):
    (one,) = prediction.classify([path], released.load(), **keywords)
    assert not one.error
    return [one.probabilities[name] for name in CLASSES]


def test_an_example_gets_pythons_probabilities(page, tmp_path):
    buttons = page.part("examples").find_elements("css selector", "button")
    assert len(buttons) == len(examples.signals())
    buttons[0].click()
    assert page.settled() == "done", page.status
    np.savez(tmp_path / "normal.npz", signal=examples.signals()["normal"], rate=100, units="mV")
    np.testing.assert_allclose(page.probabilities, in_python(tmp_path / "normal.npz"), atol=1e-3)


def test_a_file_gets_pythons_probabilities(page, packed):
    assert page.choose(packed, packed.with_suffix(".dat")) == "done", page.status
    np.testing.assert_allclose(page.probabilities, in_python(packed), atol=1e-3)
    bars = page.part("bars").find_elements("css selector", "li")
    assert [bar.text.split()[0] for bar in bars] == list(CLASSES)
    assert " ms" in page.status
    black_pixels = page.driver.execute_script(
        """const c = document.querySelector('[data-part="paper"]');
        const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let black = 0; for (let i = 0; i < p.length; i += 4) black += p[i] + p[i + 1] + p[i + 2] < 60;
        return black;"""
    )
    assert black_pixels > 2000


def test_the_map_of_what_the_model_reacted_to_is_pythons(page):
    buttons = page.part("examples").find_elements("css selector", "button")
    buttons[list(examples.signals()).index("hypertrophy")].click()
    assert page.settled() == "done", page.status
    page.part("map").click()
    until = time.monotonic() + 60
    while not (found := page.root.get_attribute("data-map")):
        assert time.monotonic() < until, "the page does not respond"
        time.sleep(0.05)
    expected = occlusion.occlusion_map(released.load().probabilities, examples.signals()["hypertrophy"])
    np.testing.assert_allclose(json.loads(found), expected, atol=1e-3)
    assert page.part("legend").is_displayed()
    orange = page.driver.execute_script(
        """const c = document.querySelector('[data-part="paper"]');
        const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let found = 0; for (let i = 0; i < p.length; i += 4) found += p[i] > p[i + 2] + 40;
        return found;"""
    )
    assert orange > 2000
    page.part("map").click()
    assert not page.part("legend").is_displayed()


def test_a_wrong_file_gives_a_message_and_no_result(page, tmp_path):
    (tmp_path / "words.csv").write_text("I,II\nno,numbers\n")
    assert page.choose(tmp_path / "words.csv") == "wrong"
    assert "words.csv: unreadable table" in page.status
    assert not page.part("result").is_displayed()


def test_what_is_doubtful_stands_above_the_bars(page, tmp_path):
    eight = [0, 1, *range(6, 12)]
    signal = 6 * examples.signals()["normal"][:, eight]
    table = write_csv(tmp_path / "a.csv", signal, rate=100, names=[LEADS[lead] for lead in eight])
    assert page.choose(table) == "done", page.status
    warnings = [item.text for item in page.part("warnings").find_elements("css selector", "li")]
    assert warnings[0] == "III aVR aVL aVF computed from I and II"
    assert any(text.startswith("unusually high amplitudes") for text in warnings)
    np.testing.assert_allclose(page.probabilities, in_python(table, units="mV"), atol=1e-3)


def test_it_works_by_keyboard(page):
    from selenium.webdriver import ActionChains, Keys

    button = page.part("examples").find_elements("css selector", "button")[1]
    page.driver.execute_script("arguments[0].focus()", button)
    assert page.driver.switch_to.active_element == button
    ActionChains(page.driver).send_keys(Keys.ENTER).perform()
    assert page.settled() == "done", page.status
