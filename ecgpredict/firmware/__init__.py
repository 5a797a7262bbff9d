"""Export of an int8 model as portable C source code that compiles as it is.

A folder has the network as one C99 file, golden test vectors, programs for a PC and for an emulated Cortex-M processor,
what four build systems want to know, and a README.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from ecgpredict import files, released
from ecgpredict.errors import InputError
from ecgpredict.firmware import c_source, front, golden, graph, plan, reference
from ecgpredict.spec import CLASSES, INDEPENDENT_LEADS, LEADS

__all__ = ["described", "write"]


def write(
    model: str | Path,
    folder: Path,
    where: Path | None = None,
    *,
    prefix: str = "ecg",
    leads: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> Path:
    """The folder that a model was written to as C source code, in place of files of the same names.

    Parameters
    ----------
    model : a released model's name, or a .tflite file, whose outputs are then not calibrated (thresholds of 0.5)
    where : folder of the released models; the package's own by default
    prefix : of file names, symbols and, in capitals, macros
    leads, classes : names of a file's inputs and outputs, as in :func:`described`

    Raises
    ------
    InputError : unknown model, damaged file, one with operators that the firmware does not implement, or a prefix that
        is no C identifier
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", prefix, re.ASCII):
        expected, hint = "letters, digits and _", "give another prefix"
        raise InputError("not a C identifier", where="prefix", expected=expected, found=prefix, hint=hint)
    path, entry = described(model, where, leads, classes)
    network = graph.read(path)
    shape = network.samples, network.leads, len(network.bias)
    if shape != (expected := (entry["samples"], len(entry["leads"]), len(entry["classes"]))):
        hint = "name the file's leads and classes, in their order"
        raise InputError("other samples, leads or classes", where=path, expected=expected, found=shape, hint=hint)
    if unknown := [lead for lead in entry["leads"] if lead not in LEADS]:
        expected, hint = " ".join(LEADS), "name leads of these"
        raise InputError("unknown lead", where=path, expected=expected, found=unknown[0], hint=hint)
    values = c_source.template_values(network, plan.plan_memory(network, path), entry, path.stem, path)
    recordings = golden.recordings(entry["leads"])
    outputs = reference.outputs(network, values["quantizer"](recordings[:, : network.samples]))
    values["golden"] = {"microvolts": recordings[0].tolist(), "outputs": outputs[0].tolist()}
    values["front"] = front.template_values(entry["leads"])
    folder = Path(folder)
    for path in sorted(c_source.TEMPLATES.rglob("*.*")):
        name = path.relative_to(c_source.TEMPLATES).as_posix()
        files.write_text(folder / _renamed(name, prefix), _renamed(c_source.render(name, values), prefix))
    with files.atomic_path(folder / "recordings.bin") as temporary:
        golden.write(temporary, recordings)
    return folder


def described(
    model: str | Path, where: Path | None = None, leads: Sequence[str] = (), classes: Sequence[str] = ()
) -> tuple[Path, dict]:
    """A model's file, and its entry in the manifest or, for a file of one's own, one like that of the default.

    Leads and classes of a file are those given, else all twelve or the eight independent leads, and the superclasses.
    """
    path = Path(model)
    if path.suffix != ".tflite":
        return released.load_verified(str(model), where, released.TFLITE)
    if not path.is_file():
        hint = "check the path, or give a released model's name"
        raise InputError("no such file", where=path, expected="a .tflite file", found="nothing", hint=hint)
    content, entry = path.read_bytes(), released.entry(released.default(where), where)
    usual = INDEPENDENT_LEADS if graph.read(path).leads == len(INDEPENDENT_LEADS) else LEADS
    own = {"leads": list(leads or usual), "classes": list(classes or CLASSES), "temperature": 1.0}
    own |= {"file": path.name, "sha256": hashlib.sha256(content).hexdigest()}
    return path, entry | own | {"thresholds": [0.5] * len(own["classes"])}


def _renamed(text: str, prefix: str) -> str:
    return text.replace("ecg_", f"{prefix}_").replace("ECG_", f"{prefix.upper()}_")
