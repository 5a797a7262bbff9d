"""The classifier of a page: a page without the rest of the book, how it is used, and what its numbers should be."""

import json
import time
from pathlib import Path

import numpy as np

from ecgpredict import released
from ecgpredict.firmware import fixed_point, graph, reference
from ecgpredict.spec import Normalization, positions


def write(folder: Path) -> None:
    """Write index.html beside the folder `classify` that :func:`ecgpredict.browser.stage` has made."""
    names = "".join(f'<script src="classify/{name}.js"></script>' for name in ("model", "examples", "classify"))
    content = f'<meta charset="utf-8"><div class="ecg-classifier"></div>{names}'
    (folder / "index.html").write_text(content, encoding="utf-8")


def in_integers(name):
    """What a model's file gives for windows (w, 1000, 12) in mV, in NumPy's integers."""
    path, entry = released.load_verified(name, kind=released.TFLITE)
    network = graph.read(path)
    source, table = network.blocks[0].source, fixed_point.output_tables(network.output, entry)[0]

    def compute(windows):
        normal = Normalization(entry["mean"], entry["scale"])(np.asarray(windows, np.float32))
        normal = normal[:, :, positions(entry["leads"])]
        x = np.clip(np.round(normal / np.float32(source.scale)) + source.zero, -128, 127).astype(np.int8)
        return table[reference.outputs(network, x).astype(int) + 128]

    return compute


def wait(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "the page does not respond"
        time.sleep(0.05)


class Page:
    """The classifier of the page that a browser shows."""

    def __init__(self, driver):
        self.driver, self.root = driver, driver.find_element("css selector", ".ecg-classifier")

    def part(self, name):
        return self.root.find_element("css selector", f'[data-part="{name}"]')

    def choose(self, *paths):
        self.part("files").send_keys("\n".join(map(str, paths)))
        return self.settled()

    def settled(self):
        """The state in which it comes to rest: "done" or "wrong"."""
        wait(lambda: self.root.get_attribute("data-state") in ("done", "wrong"))
        return self.root.get_attribute("data-state")

    def data(self, name):
        return json.loads(self.root.get_attribute(f"data-{name}"))

    def map(self):
        """Ask for the map of what the model reacted to."""
        self.driver.execute_script("arguments[0].click()", self.part("map"))  # the page may be scrolling
        wait(lambda: self.root.get_attribute("data-map"))
        return self.data("map")

    def pixels(self, condition):
        """How many pixels (r, g, b) of the drawing fulfil a condition of JavaScript."""
        return self.driver.execute_script(
            f"""const c = document.querySelector('[data-part="paper"]');
            const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let count = 0;
            for (let i = 0; i < p.length; i += 4) {{ const [r, g, b] = p.slice(i, i + 3); count += {condition}; }}
            return count;"""
        )

    @property
    def status(self):
        return self.part("status").text

    @property
    def warnings(self):
        return [item.text for item in self.part("warnings").find_elements("css selector", "li")]
