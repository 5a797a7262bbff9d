"""The page that classifies in the reader's browser, in Chromium: the probabilities of the model's own integers.

Its readers are tested in Node, see test_browser_recordings; its arithmetic in test_engine.
"""

import json

import numpy as np
import pytest
from bare_page import Page, in_integers, wait
from browser_examples import MISTAKES, columns
from recording_files import write_csv, write_wfdb
from scipy.signal import resample_poly

from ecgpredict import browser as scripts
from ecgpredict import examples, occlusion, recordings, released
from ecgpredict.spec import CLASSES, LEADS


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The header of a WFDB record at 250 Hz in 12-bit samples."""
    faster = resample_poly(examples.signals()["hypertrophy"], 5, 2)
    return write_wfdb(tmp_path_factory.mktemp("recordings"), faster, rate=250, fmt="212").with_suffix(".hea")


@pytest.fixture
def page(published_book, browser):
    browser.get((published_book / "classify.html").as_uri())
    return Page(browser)


@pytest.fixture(scope="module")
def probabilities():
    """The default model's calibrated probabilities (w, 5) of windows (w, 1000, 12) in mV, in NumPy's integers."""
    return in_integers(released.default())


@pytest.fixture(scope="module")
def in_python(probabilities):
    """A file's probabilities, averaged over its windows."""
    return lambda path, **options: probabilities(recordings.windows(recordings.read(path, **options))).mean(axis=0)


@pytest.fixture(scope="module")
def patients(project):
    return json.loads((project / "book" / "browser" / scripts.EXAMPLES).read_text(encoding="utf-8"))


def test_an_example_gets_the_models_probabilities(page, patients, probabilities):
    buttons = page.part("examples").find_elements("css selector", "button")
    assert [button.text for button in buttons] == [patient["name"] for patient in patients]
    buttons[3].click()
    assert page.settled() == "done", page.status
    np.testing.assert_allclose(page.data("probabilities"), probabilities(columns(patients[3])[None])[0], rtol=1e-5)
    assert str(patients[3]["ecg_id"]) in page.part("title").text


def test_the_model_is_right_about_four_examples_and_wrong_about_two(patients, probabilities):
    thresholds = np.array(released.entry(released.default(), kind=released.TFLITE)["thresholds"]) - 1e-6
    found = [probabilities(columns(patient)[None])[0] >= thresholds for patient in patients]
    wrong = {
        patient["ecg_id"]
        for patient, marks in zip(patients, found)
        if {name for name, mark in zip(CLASSES, marks) if mark} != set(patient["superclasses"])
    }
    assert wrong == set(MISTAKES)


def test_the_pages_own_part_with_the_smaller_model_is_a_quarter_of_a_megabyte(published_book):
    path, entry = released.load_verified(released.microcontroller(), kind=released.TFLITE)
    loaded = ("classify.css", "classify.js", "examples.js")
    own = sum((published_book / "classify" / name).stat().st_size for name in loaded)
    assert own + len(json.dumps(scripts.model(path, entry))) < 250_000


def test_the_compact_variant_classifies_in_place(published_book, browser, patients, tmp_path):
    folder = published_book / "classify"
    names = ("model.js", "examples.js", "classify.js")
    tags = "".join(f'<script src="{(folder / name).as_uri()}"></script>' for name in names)
    (tmp_path / "page.html").write_text(f'<meta charset="utf-8"><div class="ecg-classifier" data-compact></div>{tags}')
    browser.get((tmp_path / "page.html").as_uri())
    page = Page(browser)
    page.part("next").click()
    wait(lambda: "Patient 2 of 6" in page.part("title").text)
    page.part("classify").click()
    assert page.settled() == "done"
    assert "Cardiologist: " + patients[1]["statements"][0] in page.status


def test_a_file_gets_the_models_probabilities(page, packed, in_python):
    assert page.choose(packed, packed.with_suffix(".dat")) == "done", page.status
    np.testing.assert_allclose(page.data("probabilities"), in_python(packed), atol=1e-3)
    bars = page.part("bars").find_elements("css selector", "li")
    assert [bar.text.split()[0] for bar in bars] == list(CLASSES)
    assert " ms" in page.status
    assert page.pixels("r + g + b < 60") > 2000


def test_the_map_of_what_the_model_reacted_to_is_pythons(page, patients, probabilities):
    page.part("examples").find_elements("css selector", "button")[5].click()  # the model is in doubt about it
    assert page.settled() == "done", page.status
    np.testing.assert_allclose(page.map(), occlusion.occlusion_map(probabilities, columns(patients[5])), atol=1e-6)
    assert page.part("legend").is_displayed()
    assert page.pixels("r > b + 40") > 500
    page.part("map").click()
    assert not page.part("legend").is_displayed()


def test_a_wrong_file_gives_a_message_and_no_result(page, tmp_path):
    (tmp_path / "words.csv").write_text("I,II\nno,numbers\n")
    assert page.choose(tmp_path / "words.csv") == "wrong"
    assert "words.csv: unreadable table" in page.status
    assert not page.part("result").is_displayed()


def test_what_is_doubtful_stands_above_the_bars(page, tmp_path, in_python):
    eight = [0, 1, *range(6, 12)]
    signal = 6 * examples.signals()["normal"][:, eight]
    table = write_csv(tmp_path / "a.csv", signal, rate=100, names=[LEADS[lead] for lead in eight])
    assert page.choose(table) == "done", page.status
    assert page.warnings[0] == "III aVR aVL aVF computed from I and II"
    assert any(text.startswith("unusually high amplitudes") for text in page.warnings)
    np.testing.assert_allclose(page.data("probabilities"), in_python(table, units="mV"), atol=1e-3)


def test_it_works_by_keyboard(page):
    from selenium.webdriver import ActionChains, Keys

    button = page.part("examples").find_elements("css selector", "button")[1]
    page.driver.execute_script("arguments[0].focus()", button)
    assert page.driver.switch_to.active_element == button
    ActionChains(page.driver).send_keys(Keys.ENTER).perform()
    assert page.settled() == "done", page.status


def test_a_key_moves_a_slider_and_the_probabilities(published_book, browser):
    from selenium.webdriver import Keys
    from selenium.webdriver.support.wait import WebDriverWait

    browser.get((published_book / "shrink.html").as_uri())
    root = browser.find_element("css selector", ".ecg-shrink")
    WebDriverWait(browser, 60).until(lambda _: root.get_attribute("data-state") == "ready")
    before = root.get_attribute("data-probabilities")
    zeros = root.find_element("css selector", '[data-part="zeros"]')
    zeros.send_keys(8 * Keys.ARROW_RIGHT)
    assert zeros.get_attribute("aria-valuetext") == "40 percent"
    assert root.get_attribute("data-probabilities") != before
