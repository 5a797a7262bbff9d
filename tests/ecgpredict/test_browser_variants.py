"""Variants in the browser, on a page without the book: loaded for fewer leads, or when statements are asked for."""

import json
import shutil

import bare_page
import numpy as np
import pytest
from bare_page import Page, in_integers, wait
from recording_files import write_csv

from ecgpredict import browser as scripts
from ecgpredict import examples, occlusion, recordings, released
from ecgpredict.spec import LEADS, Normalization, positions

CODES = ("SR", "AFIB", "CLBBB", "LVH", "2AVB")
SIGNAL = examples.signals()["hypertrophy"]
VARIANTS = [model for model in released.choose() if len(model.leads) < len(LEADS)]


@pytest.fixture(scope="module")
def staged(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    scripts.stage(folder / "classify", project / "book" / "browser", project / "models", {})
    bare_page.write(folder)
    return folder


@pytest.fixture
def page(staged, browser):
    browser.get((staged / "index.html").as_uri())
    return Page(browser)


@pytest.fixture
def table(tmp_path):
    """Writes a table of these leads, at 100 Hz."""
    return lambda leads: write_csv(tmp_path / "a.csv", SIGNAL[:, positions(leads)], rate=100, names=leads)


@pytest.mark.parametrize("model", VARIANTS, ids=lambda model: model.name)
def test_the_variant_with_these_leads_classifies_and_its_cost_stands_first(page, table, model):
    path = table(model.leads)
    assert page.choose(path) == "done", page.status
    assert page.root.get_attribute("data-model") == model.name
    assert page.warnings[0] == model.cost
    window = recordings.windows(recordings.read(path, units="mV", taken=[model.leads]))
    np.testing.assert_allclose(page.data("probabilities"), in_integers(model.name)(window)[0], rtol=1e-5)
    marks = page.part("bars").find_elements("css selector", ".ecg-threshold")
    shown = [float(mark.get_attribute("style").split("left: ")[1].rstrip("%;")) / 100 for mark in marks]
    np.testing.assert_allclose(shown, released.entry(model.name, kind=released.TFLITE)["thresholds"], atol=1e-4)


def test_more_leads_than_a_variant_takes_are_left_out(page, table):
    assert page.choose(table([lead for lead in LEADS if lead != "V3"])) == "done", page.status
    assert page.root.get_attribute("data-model") == VARIANTS[0].name


def test_statements_are_offered_for_twelve_leads_alone(page, table):
    assert page.choose(table(["I", "II"])) == "done", page.status
    assert not page.part("ask").is_displayed()
    assert page.choose(table(LEADS)) == "done", page.status
    assert page.part("ask").is_displayed()


def test_the_map_has_the_variants_leads_and_is_pythons(page, table):
    model = next(one for one in VARIANTS if len(one.leads) == 2)
    path = table(model.leads)
    assert page.choose(path) == "done", page.status
    window = recordings.windows(recordings.read(path, units="mV", taken=[model.leads]))[0]
    expected = occlusion.occlusion_map(in_integers(model.name), window)[:, positions(model.leads)]
    np.testing.assert_allclose(page.map(), expected, atol=1e-6)


def test_leads_that_are_not_there_are_not_drawn(page, table):
    assert page.choose(table(["I", "V5"])) == "done", page.status
    assert "I V5" in page.part("paper").get_attribute("aria-label")
    rows = page.part("paper").size["height"]
    assert page.choose(table(LEADS)) == "done", page.status
    assert rows < page.part("paper").size["height"]


def test_a_visitor_with_twelve_leads_loads_no_variant(page, table):
    assert page.choose(table(LEADS)) == "done", page.status
    assert page.driver.execute_script("return window.ECG_VARIANT") is None


@pytest.fixture(scope="module")
def five_statements(project, tmp_path_factory):
    """A page, and the models with one for five statements: the weights of the microcontroller's model."""
    where, page = (tmp_path_factory.mktemp(name) for name in ("models", "page"))
    released.copy_release(project / "models", where)
    manifest = json.loads((where / released.MANIFEST).read_text())
    manifest["models"] = {name: entry for name, entry in manifest["models"].items() if "role" not in entry}
    (where / released.MANIFEST).write_text(json.dumps(manifest))
    path, entry = released.load_verified(released.microcontroller(), project / "models", released.TFLITE)
    shutil.copy(path, where / "source.tflite")
    source, normalization = [where / "source.tflite"], Normalization(entry["mean"], entry["scale"])
    more = {"role": "statements", "classes": [f"SCP {code}" for code in CODES], "leads": entry["leads"]}
    released.write(where, "other", source, normalization, entry["temperature"], [0.0, 0.0, 1.0, 0.0, None], **more)
    scripts.stage(page / "classify", project / "book" / "browser", where, {})
    bare_page.write(page)
    return page


def test_statements_are_named_when_they_are_asked_for(five_statements, browser, table):
    browser.get((five_statements / "index.html").as_uri())
    page, path = Page(browser), table(LEADS)
    assert page.choose(path) == "done", page.status
    assert browser.execute_script("return window.ECG_STATEMENTS") is None
    page.part("ask").click()
    wait(lambda: page.root.find_elements("css selector", "dd"))
    shown = [one.text for one in page.root.find_elements("css selector", "dt, dd")]
    assert shown[::2] == ["rhythm", "hypertrophy", "no threshold, probability only"]
    found = [float(one.rsplit(" ", 1)[1]) for text in shown[1::2] for one in text.split("; ")]
    window = recordings.windows(recordings.read(path, units="mV"))
    expected = dict(zip(CODES, in_integers(released.microcontroller())(window)[0]))
    np.testing.assert_allclose(found, [expected[code] for code in ("SR", "AFIB", "LVH", "2AVB")], atol=0.0051)
