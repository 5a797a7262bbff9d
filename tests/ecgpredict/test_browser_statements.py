"""Statements in the browser: a model that is loaded when it is asked for, on a page without the rest of the book."""

import json
import shutil

import bare_page
import numpy as np
import pytest
from bare_page import in_integers, wait
from recording_files import write_csv

from ecgpredict import browser as scripts
from ecgpredict import examples, recordings, released
from ecgpredict.spec import Normalization

CODES = ("SR", "AFIB", "CLBBB", "LVH", "2AVB")


@pytest.fixture(scope="module")
def staged(project, tmp_path_factory):
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


def test_statements_are_named_when_they_are_asked_for(staged, browser, tmp_path):
    signal = examples.signals()["hypertrophy"]
    path = write_csv(tmp_path / "a.csv", signal, rate=100)
    browser.get((staged / "index.html").as_uri())
    browser.find_element("css selector", '[data-part="files"]').send_keys(str(path))
    root = browser.find_element("css selector", ".ecg-classifier")
    wait(lambda: root.get_attribute("data-state") == "done")
    assert browser.execute_script("return window.ECG_STATEMENTS") is None
    browser.find_element("css selector", '[data-part="ask"]').click()
    wait(lambda: root.find_elements("css selector", "dd"))
    shown = [one.text for one in root.find_elements("css selector", "dt, dd")]
    assert shown[::2] == ["rhythm", "hypertrophy", "no threshold, probability only"]
    found = [float(one.rsplit(" ", 1)[1]) for text in shown[1::2] for one in text.split("; ")]
    expected = dict(
        zip(CODES, in_integers(released.microcontroller())(recordings.windows(recordings.read(path, units="mV")))[0])
    )
    np.testing.assert_allclose(found, [expected[code] for code in ("SR", "AFIB", "LVH", "2AVB")], atol=0.0051)
