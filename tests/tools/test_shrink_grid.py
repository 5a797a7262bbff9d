"""The page "Shrink it yourself": its network in the browser is the one whose AUCs the grid has."""

import base64
import json

import numpy as np
import pytest
import shrink_grid
import torch
from browser_examples import columns
from torch import nn

from ecgpredict import browser as scripts


def test_zeros_are_the_smallest_weights_and_steps_reach_the_largest():
    weights = np.array([[0.1, -0.2, 0.9, 0.05], [3, -4, 0.5, 1]], np.float32)
    whole, steps = shrink_grid.shrink(weights, 25, 3)
    np.testing.assert_array_equal(whole, [[0, -1, 3, 0], [2, -3, 0, 1]])
    np.testing.assert_allclose(steps, [0.3, 4 / 3])


def test_zeros_make_a_file_smaller_only_when_it_is_compressed():
    weights = np.random.default_rng(0).normal(size=(8, 500)).astype(np.float32)
    sizes = [shrink_grid.sizes([shrink_grid.shrink(weights, zeros, 8)], 8) for zeros in (0, 80)]
    assert sizes[0][0] == sizes[1][0] == 4000 + 2 * 4 * 8
    assert sizes[1][1] < sizes[0][1] / 2


@pytest.fixture(scope="module")
def grid(project):
    return json.loads((project / "results" / "full" / "shrink.json").read_text(encoding="utf-8"))


def network_of(grid):
    """The layers and their arrays that shrink.json describes."""
    numbers, layers, values = np.frombuffer(base64.b64decode(grid["content"]), "<f4"), [], []
    for each in grid["layers"]:
        if each["operator"] == "pool":
            layers.append(nn.MaxPool1d(2))
            continue
        inputs, outputs, taps = each["inputs"], each["outputs"], each.get("taps", 1)
        weights, bias, numbers = np.split(numbers, [outputs * taps * inputs, outputs * (taps * inputs + 1)])
        if each["operator"] == "linear":
            layers.append(nn.Linear(inputs, outputs))
        else:
            layers.append(nn.Conv1d(inputs, outputs, taps, stride=each["stride"], padding=each["padding"]))
        layers[-1].bias.data = torch.tensor(bias)
        values.append(weights.reshape(outputs, -1))
    return layers, values


@pytest.mark.parametrize(("zeros", "bits"), [(0, 32), (50, 8), (80, 3)])
def test_the_browser_computes_the_probabilities_of_the_shrunk_network(grid, browser, project, tmp_path, zeros, bits):
    example = json.loads((project / "book" / "browser" / scripts.EXAMPLES).read_text(encoding="utf-8"))[0]
    signal = columns(example)
    layers, values = network_of(grid)
    shrunk = [whole * steps[:, None] for whole, steps in (shrink_grid.shrink(each, zeros, bits) for each in values)]
    x = torch.tensor((signal.T[None] - grid["mean"]) / grid["scale"], dtype=torch.float32)
    expected = shrink_grid.probabilities(layers, shrunk, x)[0]
    scripts.write_script(tmp_path / "data.js", "ECG_SHRINK", grid)
    source = (project / "book" / "browser" / "float_network.js").as_uri()
    (tmp_path / "page.html").write_text(f'<script src="data.js"></script><script src="{source}"></script>')
    browser.get((tmp_path / "page.html").as_uri())
    call = "return new EcgFloat.FloatNetwork(ECG_SHRINK).run(arguments[0], arguments[1], arguments[2])"
    found = browser.execute_script(call, signal.T.tolist(), zeros, bits)
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-4)
    assert found["zeros"] >= zeros / 100 - 0.01
