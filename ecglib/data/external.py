"""Data sets of other hospitals that anyone can fetch: recordings with SNOMED or AHA codes, and their superclasses.

Four are parts of PhysioNet's challenge of 2021 (Reyna et al. 2021, doi 10.13026/34va-7q14; CC BY 4.0): WFDB records
whose headers have a line `# Dx:` of SNOMED CT codes. SPH (Liu et al. 2022, doi 10.1038/s41597-022-01403-5) has HDF5
files of leads by samples in mV at 500 Hz, and AHA codes in `metadata.csv`. Sources differ in what their readers wrote
down, and are never pooled.

The superclasses are by `external_codes.csv`, written down before any model was evaluated on these sets. It has a row
for each code: the superclass that PTB-XL's table of statements gives to what it names, the superclasses of which a
recording with it is left out, as it may mean them, whether a normal ECG may have it, and why. A code without a row
leaves its recording out of every superclass that it has not by another code: what is not mapped is not negative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ecgpredict import recordings
from ecgpredict.errors import InputError
from ecgpredict.recordings import Recording
from ecgpredict.spec import CLASSES, LEADS

CODES, METADATA = "external_codes.csv", "metadata.csv"
SPH_RATE, SPH_SHORTEST = 500, 5000  # Hz, samples
_DX = re.compile(r"^#\s*Dx:(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A data set of another hospital, with the vocabulary of its codes: SNOMED or AHA.

    `folder` is its place below training/ of the challenge, empty for SPH.
    """

    title: str
    vocabulary: str
    folder: str = ""


SOURCES = {
    "georgia": Source("Georgia", "SNOMED", "georgia"),
    "chapman": Source("Chapman", "SNOMED", "chapman_shaoxing"),
    "ningbo": Source("Ningbo", "SNOMED", "ningbo"),
    "cpsc2018": Source("CPSC2018", "SNOMED", "cpsc_2018"),
    "sph": Source("SPH", "AHA"),
}


@dataclass(frozen=True)
class Labeled:
    """A recording's file, its patient (of the challenge's sets: the recording), and its codes."""

    path: Path
    patient: str
    codes: tuple[str, ...]


@cache
def meanings(vocabulary: str) -> dict[str, dict[str, str]]:
    """{code: its row of the table}."""
    table = pd.read_csv(Path(__file__).with_name(CODES), dtype=str, keep_default_na=False)
    return table[table["vocabulary"] == vocabulary].set_index("code").to_dict("index")


def superclasses(codes: Iterable[str], vocabulary: str) -> np.ndarray:
    """A recording's superclasses float64 (5,): 1 or 0, and NaN where it is left out."""
    known = meanings(vocabulary)
    rows = [known.get(code, {"superclass": "", "left_out": " ".join(CLASSES), "normal": "doubtful"}) for code in codes]
    label = dict.fromkeys(CLASSES, 0.0 if rows else np.nan)
    for name in CLASSES:
        if any(name in row["superclass"].split() for row in rows):
            label[name] = 1.0
        elif any(name in row["left_out"].split() for row in rows):
            label[name] = np.nan
    normal = {row["normal"] for row in rows}
    if rows and any(row["superclass"] for row in rows):
        label["NORM"] = 0.0
    elif rows and not np.isnan(label["NORM"]):
        label["NORM"] = 0.0 if "no" in normal else np.nan if "doubtful" in normal else 1.0
    return np.array(list(label.values()))


def labeled(root: Path, source: Source) -> list[Labeled]:
    """The recordings below a folder, by name; an InputError if there are none."""
    root = Path(root)
    found = list(map(_of_header, sorted(root.rglob("*.hea")))) if source.folder else _of_metadata(root)
    if not found:
        raise _fault("no recordings", root, f"the recordings of {source.title}", "none")
    return found


def _of_header(path: Path) -> Labeled:
    given = _DX.search(path.read_text(encoding="utf-8", errors="replace"))
    codes = re.findall(r"\d+", given[1]) if given else ()
    return Labeled(path, path.stem, tuple(codes))


def _of_metadata(root: Path) -> list[Labeled]:
    table = pd.read_csv(root / METADATA, dtype=str, keep_default_na=False)
    files = {file.stem: file for file in root.rglob("*.h5")}
    return [
        Labeled(files[row.ECG_ID], row.Patient_ID, tuple(map(str, _primary(row.AHA_Code))))
        for row in table.itertuples()
        if row.ECG_ID in files
    ]


def _primary(text: str) -> list[int]:
    """The primary statements of "22;145+362": without modifiers such as "possible", as PTB-XL counts any likelihood."""
    return [code for code in map(int, re.findall(r"\d+", text)) if not 200 <= code < 500]


def read(path: Path) -> Recording:
    """A recording; raises InputError for one that `ecglib predict` would not classify."""
    if path.suffix != ".h5":
        return recordings.read(path)
    import h5py

    try:
        with h5py.File(path) as file:
            signal = np.asarray(file["ecg"], np.float32).T
    except (OSError, KeyError, ValueError) as error:
        raise _fault("recording unreadable", path, "an HDF5 file with ecg", error) from error
    if signal.ndim != 2 or signal.shape[1] != len(LEADS) or len(signal) < SPH_SHORTEST or not np.isfinite(signal).all():
        expected = f"{len(LEADS)} leads of {SPH_SHORTEST} samples or more, none missing"
        raise _fault("not a recording of twelve leads", path, expected, signal.shape[::-1])
    return Recording(path.stem, signal, SPH_RATE)


def _fault(problem: str, where: Path, expected: str, found: object) -> InputError:
    hint = "download it again with `ecglib download`, and give its folder"
    return InputError(problem, where=where, expected=expected, found=found, hint=hint)
