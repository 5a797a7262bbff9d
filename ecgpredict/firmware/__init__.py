"""Export of an int8 model as portable C source code that compiles as it is.

A folder has the network as one C99 file, golden test vectors, programs for a PC and for an emulated Cortex-M processor,
what four build systems want to know, and a README.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ecgpredict import files, released
from ecgpredict.errors import InputError
from ecgpredict.firmware import c_source, front, golden, graph, plan, reference

__all__ = ["described", "write"]

# file of the folder -> template, where they have different names
_FILES = {
    "ecg_model.h": "ecg_model.h",
    "ecg_model.c": "ecg_model.c",
    "ecg_front.h": "ecg_front.h",
    "ecg_front.c": "ecg_front.c",
    "ecg_golden.h": "ecg_golden.h",
    "ecg_golden.c": "ecg_golden.c",
    "pc/check.c": "check.c",
    "pc/classify.c": "classify.c",
    "pc/replay.c": "replay.c",
    "pc/recording.h": "recording.h",
    "cortex-m/CMakeLists.txt": "cortex-m/CMakeLists.txt",
    "cortex-m/mps2.ld": "cortex-m/mps2.ld",
    "cortex-m/startup.c": "cortex-m/startup.c",
    "cortex-m/device.c": "cortex-m/device.c",
    "CMakeLists.txt": "CMakeLists.txt",
    "README.md": "README.md",
    "library.json": "packages/library.json",
    "library.properties": "packages/library.properties",
    "zephyr/module.yml": "packages/module.yml",
    "idf_component.yml": "packages/idf_component.yml",
}


def write(model: str | Path, folder: Path, where: Path | None = None, *, prefix: str = "ecg") -> Path:
    """The folder that a model was written to as C source code, in place of files of the same names.

    Parameters
    ----------
    model : a released model's name, or a .tflite file, whose outputs are then not calibrated (thresholds of 0.5)
    where : folder of the released models; the package's own by default
    prefix : of file names, symbols and, in capitals, macros

    Raises
    ------
    InputError : unknown model, damaged file, one with operators that the firmware does not implement, or a prefix that
        is no C identifier
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", prefix, re.ASCII):
        expected, hint = "letters, digits and _", "give another prefix"
        raise InputError("not a C identifier", where="prefix", expected=expected, found=prefix, hint=hint)
    path, entry = described(model, where)
    network = graph.read(path)
    shape = network.samples, network.leads, len(network.bias)
    if shape != (expected := (entry["samples"], len(entry["leads"]), len(entry["classes"]))):
        hint = "give a model of these recordings"
        raise InputError("other samples, leads or classes", where=path, expected=expected, found=shape, hint=hint)
    values = c_source.template_values(network, plan.plan_memory(network, path), entry, path.stem, path)
    recordings = golden.recordings()
    outputs = reference.outputs(network, values["quantizer"](recordings[:, : network.samples]))
    values["golden"] = {"microvolts": recordings[0].tolist(), "outputs": outputs[0].tolist()}
    values["front"] = front.template_values()
    folder = Path(folder)
    for target, template in _FILES.items():
        files.write_text(folder / _renamed(target, prefix), _renamed(c_source.render(template, values), prefix))
    with files.atomic_path(folder / "recordings.bin") as temporary:
        golden.write(temporary, recordings)
    return folder


def described(model: str | Path, where: Path | None = None) -> tuple[Path, dict]:
    """A model's file, and its entry in the manifest or, for a file of one's own, one like that of the default."""
    path = Path(model)
    if path.suffix != ".tflite":
        return released.load_verified(str(model), where, released.TFLITE)
    if not path.is_file():
        hint = "check the path, or give a released model's name"
        raise InputError("no such file", where=path, expected="a .tflite file", found="nothing", hint=hint)
    content, entry = path.read_bytes(), released.entry(released.default(where), where)
    own = {"file": path.name, "sha256": hashlib.sha256(content).hexdigest(), "temperature": 1.0}
    return path, entry | own | {"thresholds": [0.5] * len(entry["classes"])}


def _renamed(text: str, prefix: str) -> str:
    return text.replace("ecg_", f"{prefix}_").replace("ECG_", f"{prefix.upper()}_")
