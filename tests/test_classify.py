"""The page that classifies in the reader's browser: the same probabilities as Python's, from the same files."""

import json
import time

import numpy as np
import pandas as pd
import pytest
import wfdb
from scipy.signal import resample_poly

from ecglib import examples, prediction, released
from ecglib.ptbxl import CLASSES, LEADS


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """The examples, and one more as WFDB at 250 Hz in 12-bit samples."""
    folder = examples.write(tmp_path_factory.mktemp("recordings"))
    faster = resample_poly(examples.signals()["hypertrophy"], 5, 2)
    wfdb.wrsamp(
        "packed", fs=250, units=["mV"] * 12, sig_name=list(LEADS), p_signal=faster, fmt=["212"] * 12,
        adc_gain=[400.0] * 12, baseline=[0] * 12, write_dir=str(folder),
    )  # fmt: skip
    return folder


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
            assert time.monotonic() < until, "the page does not answer"
            time.sleep(0.05)
        return state

    @property
    def probabilities(self):
        return json.loads(self.root.get_attribute("data-probabilities"))

    @property
    def said(self):
        return self.part("status").text


def in_python(path, **keywords):
    (one,) = prediction.classify([path], released.load(), **keywords)
    assert not one.error
    return [one.probabilities[name] for name in CLASSES]


def test_an_example_gets_pythons_probabilities(page, tmp_path):
    buttons = page.part("examples").find_elements("css selector", "button")
    assert len(buttons) == len(examples.signals())
    buttons[0].click()
    assert page.settled() == "done", page.said
    np.savez(tmp_path / "normal.npz", signal=examples.signals()["normal"], rate=100, units="mV")
    np.testing.assert_allclose(page.probabilities, in_python(tmp_path / "normal.npz"), atol=1e-3)


def test_a_wfdb_record_gets_pythons_probabilities(page, recordings):
    assert page.choose(recordings / "normal.hea", recordings / "normal.dat") == "done", page.said
    np.testing.assert_allclose(page.probabilities, in_python(recordings / "normal.hea"), atol=1e-3)


def test_packed_samples_at_250_hz_get_pythons_probabilities(page, recordings):
    assert page.choose(recordings / "packed.hea", recordings / "packed.dat") == "done", page.said
    np.testing.assert_allclose(page.probabilities, in_python(recordings / "packed.hea"), atol=1e-3)


def test_a_csv_file_at_500_hz_gets_pythons_probabilities(page, recordings):
    assert page.choose(recordings / "infarction.csv") == "done", page.said
    np.testing.assert_allclose(page.probabilities, in_python(recordings / "infarction.csv", units="mV"), atol=1e-3)


def test_a_long_recording_is_cut_into_windows_as_in_python(page, tmp_path):
    signal = np.concatenate([*examples.signals().values()])[:2600]
    table = pd.DataFrame(signal, columns=list(LEADS))
    table.insert(0, "time", np.arange(len(table)) / 100)
    table.to_csv(tmp_path / "long.csv", index=False)
    assert page.choose(tmp_path / "long.csv") == "done", page.said
    assert "3 windows" in page.said
    np.testing.assert_allclose(page.probabilities, in_python(tmp_path / "long.csv", units="mV"), atol=1e-3)


def test_five_bars_milliseconds_and_the_leads_are_shown(page, recordings):
    page.choose(recordings / "normal.hea", recordings / "normal.dat")
    bars = page.part("bars").find_elements("css selector", "li")
    assert [bar.text.split()[0] for bar in bars] == list(CLASSES)
    assert " ms" in page.said
    inked = page.driver.execute_script(
        """const c = document.querySelector('[data-part="paper"]');
        const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let black = 0; for (let i = 0; i < p.length; i += 4) black += p[i] + p[i + 1] + p[i + 2] < 60;
        return black;"""
    )
    assert inked > 2000


def wrong(folder, name, content: bytes):
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty file"),
        ("words.csv", b"I,II\nno,numbers\n", "no table of numbers"),
        ("few.csv", b"time,I,II\n0,1,2\n0.01,1,2\n", "leads missing"),
        ("alone.dat", b"text", "the header (.hea) belongs to it"),
        ("picture.png", b"\x89PNG", "not read here"),
        ("text.hea", b"hello", "no WFDB header"),
    ],
)
def test_a_wrong_file_gives_a_message(page, tmp_path, name, content, said):
    assert page.choose(wrong(tmp_path, name, content)) == "wrong"
    assert said in page.said and name in page.said
    assert not page.part("result").is_displayed()


def test_eight_leads_give_a_message(page, recordings):
    assert page.choose(recordings / "eight_leads.hea", recordings / "eight_leads.dat") == "wrong"
    assert "leads missing: III aVR aVL aVF" in page.said


def test_a_signal_file_cut_short_gives_a_message(page, recordings, tmp_path):
    header = wrong(tmp_path, "normal.hea", (recordings / "normal.hea").read_bytes())
    data = wrong(tmp_path, "normal.dat", (recordings / "normal.dat").read_bytes()[:1000])
    assert page.choose(header, data) == "wrong"
    assert "cut short" in page.said


def test_it_works_by_keyboard(page):
    from selenium.webdriver import ActionChains, Keys

    button = page.part("examples").find_elements("css selector", "button")[1]
    page.driver.execute_script("arguments[0].focus()", button)
    assert page.driver.switch_to.active_element == button
    ActionChains(page.driver).send_keys(Keys.ENTER).perform()
    assert page.settled() == "done", page.said
