"""The scripts of the book's page that classifies recordings in the reader's browser.

Browsers load scripts from a local folder, but cannot fetch other files from there: these are scripts, as base64.
"""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import numpy as np

from ecgpredict import examples, files, released
from ecgpredict.released import ReleasedModel


def stage(folder: Path, own: Path, modules: Path, model: ReleasedModel) -> Path:
    """A new folder with the page's scripts.

    Parameters
    ----------
    own : the folder with the page's own script and style
    modules : npm's node_modules, with onnxruntime-web
    """
    shutil.copytree(own, folder)
    source = modules / "onnxruntime-web" / "dist"
    runtime = folder / "ort"
    runtime.mkdir(parents=True)
    shutil.copy(source / "ort.wasm.min.js", runtime)
    _script(runtime / "ort-glue.js", "ORT_GLUE", _base64(source / "ort-wasm-simd-threaded.mjs"))
    _script(runtime / "ort-binary.js", "ORT_BINARY", _base64(source / "ort-wasm-simd-threaded.wasm"))
    entry = released.entry(model.name, model.path.parent)
    _script(folder / "model.js", "ECG_MODEL", {"name": model.name, "entry": entry, "content": _base64(model.path)})
    # int16 microvolts (1000, 12), little-endian
    shown = [
        {"name": f"Synthetic, {name}", "content": base64.b64encode(np.round(signal * 1000).astype("<i2")).decode()}
        for name, signal in examples.signals().items()
    ]
    _script(folder / "examples.js", "ECG_EXAMPLES", shown)
    return folder


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _script(path: Path, name: str, value: object) -> None:
    files.write_text(path, f"window.{name} = {json.dumps(value)};\n")
