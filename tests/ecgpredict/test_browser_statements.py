"""Statements in the browser: a model that is loaded when it is asked for, on a page without the rest of the book."""

import json
import shutil
import time

import numpy as np
import pytest
from recording_files import write_csv

from ecgpredict import browser as scripts
from ecgpredict import examples, recordings, released
from ecgpredict.firmware import fixed_point, graph, reference
from ecgpredict.spec import Normalization, positions

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
    released.write(
        where,
        "other",
        [where / "source.tflite"],
        Normalization(entry["mean"], entry["scale"]),
        entry["temperature"],
        [0.0, 0.0, 1.0, 0.0, None],
        role="statements",
        classes=[f"SCP {code}" for code in CODES],
        leads=entry["leads"],
    )
    scripts.stage(page / "classify", project / "book" / "browser", where, {})
    names = "".join(f'<script src="classify/{name}.js"></script>' for name in ("model", "examples", "classify"))
    (page / "index.html").write_text(
        f'<meta charset="utf-8"><div class="ecg-classifier"></div>{names}', encoding="utf-8"
    )
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
    expected = dict(zip(CODES, in_integers(recordings.windows(recordings.read(path, units="mV"))[0])))
    np.testing.assert_allclose(found, [expected[code] for code in ("SR", "AFIB", "LVH", "2AVB")], atol=0.0051)


def in_integers(window):
    """What the microcontroller's file gives for a window (1000, 12) in mV, in NumPy's integers."""
    path, entry = released.load_verified(released.microcontroller(), kind=released.TFLITE)
    network = graph.read(path)
    source = network.blocks[0].source
    normal = Normalization(entry["mean"], entry["scale"])(window[:, positions(entry["leads"])])
    x = np.clip(np.round(normal / np.float32(source.scale)) + source.zero, -128, 127).astype(np.int8)
    return fixed_point.output_tables(network.output, entry)[0][reference.outputs(network, x[None])[0].astype(int) + 128]


def wait(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "the page does not respond"
        time.sleep(0.05)
