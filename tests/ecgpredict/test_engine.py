"""The page's engine in Chromium: the very integers of LiteRT's reference kernels, and their probabilities."""

import base64

import numpy as np
import pandas as pd
import pytest
import wfdb
from device import proof

from ecgpredict import browser as scripts
from ecgpredict import released
from ecgpredict.firmware import fixed_point, graph
from ecgpredict.spec import Normalization, positions

RECORDS, RANDOM = 200, 60


@pytest.fixture(scope="module", params=["default", "microcontroller"])
def model(request):
    """Path of a released model's .tflite file, and its entry in the manifest."""
    return released.load_verified(getattr(released, request.param)(), kind=released.TFLITE)


@pytest.fixture
def engine(model, browser, project, tmp_path):
    """A page with the engine and the model, and nothing else."""
    scripts.write_script(tmp_path / "model.js", "ECG_MODEL", scripts.model(*model))
    source = (project / "book" / "browser" / "engine.js").as_uri()
    (tmp_path / "page.html").write_text(f'<script src="model.js"></script><script src="{source}"></script>')
    browser.get((tmp_path / "page.html").as_uri())
    return browser


def run(page, x, call="return network.run(x)"):
    """int8 (n, samples, leads) -> int8 (n, classes), by JavaScript that returns the outputs of an input `x`."""
    script = f"""
      const {{ network }} = new EcgEngine.Model(ECG_MODEL), size = arguments[1];
      const all = Int8Array.from(atob(arguments[0]), (character) => character.charCodeAt(0));
      const outputs = (x) => {{ {call} }};
      return Array.from({{ length: all.length / size }}, (_, i) =>
        Array.from(outputs(all.subarray(i * size, (i + 1) * size))));
    """
    return np.array(page.execute_script(script, base64.b64encode(x.tobytes()).decode(), x[0].size))


def quantized(model, millivolts):
    """What the network takes of a signal in mV: int8, as computed on a PC in single precision."""
    path, entry = model
    source = graph.read(path).blocks[0].source
    normal = Normalization(entry["mean"], entry["scale"])(millivolts.astype(np.float32)) / np.float32(source.scale)
    return np.clip(np.round(normal) + source.zero, -128, 127).astype(np.int8)


def assert_equal_to_litert(engine, model, x):
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    expected = proof.outputs(model[0], x)
    assert len(np.unique(expected)) > 20
    np.testing.assert_array_equal(run(engine, x), expected)


def test_random_and_extreme_inputs_have_the_outputs_of_litert_s_reference_kernels(engine, model):
    network = graph.read(model[0])
    x = np.concatenate([proof.random_inputs(network, RANDOM), proof.extreme_inputs(network)])
    assert_equal_to_litert(engine, model, x)


def test_records_of_ptb_xl_have_the_outputs_of_litert_s_reference_kernels(engine, model, ptbxl_root):
    names = pd.read_csv(ptbxl_root / "ptbxl_database.csv")["filename_lr"].sample(RECORDS, random_state=0)
    signals = np.stack([wfdb.rdsamp(str(ptbxl_root / name))[0] for name in names])
    assert_equal_to_litert(engine, model, quantized(model, signals[..., positions(model[1]["leads"])]))


def test_a_change_of_one_second_gives_the_outputs_of_the_changed_recording(engine, model):
    x = proof.random_inputs(graph.read(model[0]), 4, seed=1)
    changed = x.copy()
    changed[:, 300:400, 5] = 7
    changed[:, 900:, 0] = -100
    call = """
      network.run(x);
      const { input, inputs } = network.layers[0], { zero } = network.description.input;
      for (let i = 300; i < 400; i++) input[i * inputs + 5] = 7 - zero;
      network.update(300, 400);
      for (let i = 900; i < 1000; i++) input[i * inputs] = -100 - zero;
      return network.update(900, 1000);
    """
    np.testing.assert_array_equal(run(engine, x, call), run(engine, changed))


def test_every_microvolt_is_quantized_as_on_a_computer(engine, model):
    found = engine.execute_script(
        "const model = new EcgEngine.Model(ECG_MODEL);"
        "return Array.from({ length: 65536 }, (_, i) => model.quantize((i - 32768) / 1000));"
    )
    np.testing.assert_array_equal(found, quantized(model, np.arange(-32768, 32768) / 1000))


def test_outputs_have_their_calibrated_probabilities(engine, model):
    path, entry = model
    expected, _ = fixed_point.output_tables(graph.read(path).output, entry)
    found = engine.execute_script("return Array.from(new EcgEngine.Model(ECG_MODEL).table)")
    np.testing.assert_allclose(found, expected, rtol=1e-6)
