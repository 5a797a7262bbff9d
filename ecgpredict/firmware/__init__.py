"""Export of a released int8 model as portable C source code that compiles as it is.

A folder has the network as one C99 file, golden test vectors, programs for a PC and for an emulated Cortex-M processor,
and a README.
"""

from __future__ import annotations

from pathlib import Path

from ecgpredict import files, released
from ecgpredict.firmware import c_source, front, golden, graph, plan, reference

__all__ = ["write"]

# file of the folder -> template
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
}


def write(name: str, folder: Path, where: Path | None = None) -> Path:
    """The folder that a released model was written to as C source code, in place of files of the same names.

    Parameters
    ----------
    name : of the model in the manifest
    where : folder of the released models; the package's own by default

    Raises
    ------
    InputError : unknown model name, damaged model file, or a model with operators that the firmware does not implement
    """
    path, entry = released.load_verified(name, where, released.TFLITE)
    network = graph.read(path)
    values = c_source.template_values(network, plan.plan_memory(network, path), entry, name, path)
    recordings = golden.recordings()
    outputs = reference.outputs(network, values["quantizer"](recordings[:, : network.samples]))
    values["golden"] = {"microvolts": recordings[0].tolist(), "outputs": outputs[0].tolist()}
    values["front"] = front.template_values()
    folder = Path(folder)
    for target, template in _FILES.items():
        files.write_text(folder / target, c_source.render(template, values))
    with files.atomic_path(folder / "recordings.bin") as temporary:
        golden.write(temporary, recordings)
    return folder
