"""A released microcontroller's model as a folder of C that compiles as it is.

In comes the name of a released int8 model; out comes a folder with the network as one portable C file, golden vectors,
programs for a PC and for an emulated Cortex-M, and a README.
"""

from __future__ import annotations

from pathlib import Path

from ecglib import files
from ecglib.deployment import released
from ecglib.deployment.firmware import c_source, golden, graph, plan
from ecglib.errors import InputError

__all__ = ["write"]

# file of the folder -> template
_FILES = {
    "ecg_model.h": "ecg_model.h", "ecg_model.c": "ecg_model.c", "ecg_golden.h": "ecg_golden.h",
    "ecg_golden.c": "ecg_golden.c", "pc/check.c": "check.c", "pc/classify.c": "classify.c", "pc/replay.c": "replay.c",
    "pc/recording.h": "recording.h", "cortex-m/CMakeLists.txt": "cortex-m/CMakeLists.txt",
    "cortex-m/mps2.ld": "cortex-m/mps2.ld", "cortex-m/startup.c": "cortex-m/startup.c",
    "cortex-m/device.c": "cortex-m/device.c", "CMakeLists.txt": "CMakeLists.txt", "README.md": "README.md",
}  # fmt: skip


def write(name: str, folder: Path, where: Path | None = None) -> Path:
    """Write a released model as a folder of C.

    Parameters
    ----------
    name : in the manifest
    folder : to write; files of the same names are replaced
    where : the folder of the released models, if not the package's own

    Returns
    -------
    the folder

    Raises
    ------
    InputError : no model of that name, a damaged one, or one with operators that the firmware does not compute
    """
    path, entry = released.load_verified(name, where)
    if path.suffix != ".tflite":
        micro = [one for one, known in released.entries(path.parent).items() if known["file"].endswith(".tflite")]
        raise InputError(
            "a model that does not run on microcontrollers", where=path, found=name,
            expected=" or ".join(micro) or "a .tflite file", hint="give one of the expected names",
        )  # fmt: skip
    network = graph.read(path)
    values = c_source.known(network, plan.of(network, path), entry, name, path)
    recordings = golden.recordings()
    answers = golden.answers(network, values["microvolts"], recordings)
    values["golden"] = {"microvolts": recordings[0].tolist(), "answers": answers[0].tolist()}
    folder = Path(folder)
    for target, template in _FILES.items():
        files.write_text(folder / target, c_source.render(template, values))
    with files.atomic_path(folder / "recordings.bin") as temporary:
        golden.write(temporary, recordings)
    return folder
