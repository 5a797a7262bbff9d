"""The scripts of the book's pages that run a released model in the reader's browser.

Browsers load scripts from a local folder, but cannot fetch other files from there: so numbers, too, come in
scripts, as base64.
"""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ecgpredict import files, released, statements
from ecgpredict.firmware import fixed_point, graph
from ecgpredict.firmware.graph import Network
from ecgpredict.spec import positions

# what a page loads as one script -> its parts, each of which uses those before it
SCRIPTS = {
    "classify.js": ("recordings", "resampling", "engine", "occlusion", "drawing", "page", "classify"),
    "shrink.js": ("float_network", "page", "shrink"),
}
EXAMPLES = "examples.json"  # of tools/browser_examples.py
_ENTRY = ("classes", "mean", "scale", "temperature", "thresholds")  # what the page uses of the manifest


def stage(folder: Path, own: Path, where: Path, shrink: dict) -> Path:
    """A new folder with the pages' scripts and styles, models of the folder `where`, and the examples.

    The models are the default and, in scripts of their own that are loaded when they are asked for, those for fewer
    leads and for statements. The pages' own files are in the folder `own`; `shrink` is a network with the AUCs that it
    has with fewer weights and bits, of tools/shrink_grid.py. InputError for a model with other operators than the
    engine's, those of the firmware.
    """
    folder.mkdir(parents=True)
    for name, parts in SCRIPTS.items():
        text = "".join((own / f"{part}.js").read_text(encoding="utf-8") for part in parts)
        files.write_text(folder / name, text)
    for style in own.glob("*.css"):
        shutil.copy(style, folder)
    described = released.entries(where)
    named = next((name for name, one in described.items() if one.get("role") == "statements"), None)
    models = released.choose(where=where)
    first = {"models": [{"name": one.name, "leads": positions(one.leads)} for one in models]}
    first["statements"] = positions(described[named]["leads"]) if named else None
    for one in models:
        content = model(*released.load_verified(one.name, where, released.TFLITE))
        content["entry"] |= {"name": one.name, "cost": one.cost}
        if one.name == released.default(where):
            write_script(folder / "model.js", "ECG_MODEL", content | first)
        else:
            write_script(folder / f"model_{one.name}.js", "ECG_VARIANT", content)
    if named:
        of_statements = model(*released.load_verified(named, where, released.TFLITE))
        of_statements["table"] = list(statements.table().values())
        write_script(folder / "statements.js", "ECG_STATEMENTS", of_statements)
    write_script(folder / "shrink_data.js", "ECG_SHRINK", shrink)
    write_script(folder / "examples.js", "ECG_EXAMPLES", json.loads((own / EXAMPLES).read_text(encoding="utf-8")))
    return folder


def model(path: Path, entry: dict) -> dict:
    """A .tflite file as book/browser/engine.js takes it: what the page uses of its entry, its shapes and numbers."""
    network, numbers = describe(graph.read(path))
    network["leads"] = positions(entry["leads"])
    return {"entry": {key: entry[key] for key in _ENTRY}, "network": network, "content": numbers}


def describe(network: Network) -> tuple[dict, str]:
    """A network's description, and its numbers in base64: first all int32, then all int8, layer after layer."""
    layers, ints, int8s = zip(*_layers(network))
    ints, int8s = [array for some in ints for array in some], [array for some in int8s for array in some]
    content = np.concatenate(ints).astype("<i4").tobytes() + np.concatenate(int8s).astype("i1").tobytes()
    source = network.blocks[0].source
    description = {
        "samples": network.samples,
        "input": {"scale": source.scale, "zero": source.zero},
        "output": {"scale": network.output.scale, "zero": network.output.zero},
        "ints": sum(map(len, ints)),
        "layers": layers,
    }
    return description, base64.b64encode(content).decode()


def _layers(network: Network) -> Iterator[tuple[dict, list[np.ndarray], list[np.ndarray]]]:
    """Each operator, its int32 arrays and its int8 arrays; `length` is the number of columns that it reads."""
    length, channels = network.samples, network.leads
    for block in network.blocks:
        outputs, taps, inputs = block.weights.shape
        columns = (length + block.before + block.after - taps) // block.stride + 1
        layer = {"operator": "convolution", "inputs": inputs, "outputs": outputs, "taps": taps, "stride": block.stride}
        layer |= {"length": length, "before": block.before, "after": block.after, "columns": columns}
        layer |= {"zero": block.sink.zero, "lowest": block.lowest}
        yield layer, *_numbers(block.weights, block.bias, block.source.scale * block.scales / block.sink.scale)
        length, channels = columns, outputs
        if block.pool:
            yield {"operator": "pool", "inputs": outputs, "length": length, "columns": length // 2}, [], []
            length //= 2
    real = network.blocks[-1].sink.scale / network.mean.scale
    multiplier, shift = fixed_point.mean_multiplier(real, length)
    mean = {"operator": "mean", "inputs": channels, "length": length, "zero": network.mean.zero}
    yield mean | {"multiplier": multiplier, "shift": shift}, [], []
    classes = len(network.bias)
    linear = {"operator": "linear", "inputs": channels, "outputs": classes, "length": 1, "zero": network.logit.zero}
    real = network.mean.scale * network.scales / network.logit.scale
    yield linear, *_numbers(network.weights, network.bias, real)
    logistic = {"operator": "logistic", "inputs": classes, "length": 1, "source": network.logit.zero}
    yield logistic, [], [fixed_point.logistic_table(network.logit, network.output)]


def _numbers(weights: np.ndarray, bias: np.ndarray, real: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    multipliers, shifts = zip(*map(fixed_point.multiplier, real))
    return [bias, np.array(multipliers)], [np.array(shifts), weights.ravel()]


def write_script(path: Path, name: str, value: object) -> None:
    """Write a value as a script that sets window's `name`."""
    files.write_text(path, f"window.{name} = {json.dumps(value, ensure_ascii=False, separators=(',', ':'))};\n")
