"""Every format that is read: a valid example, how it is read, and which kinds of damage it can suffer.

The fast tests damage a few examples of each, `python benchmarks/fuzz.py` thousands.
"""

import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import damage
import numpy as np
from recording_files import WRITERS, write_edf, write_wfdb

from ecgpredict import recordings, synthetic_ecg


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes
    ----------
    write : writes a valid example into a folder
    name : what is read in the folder
    damage : {name in the folder: the kinds of damage to it}
    """

    write: Callable[[Path], object]
    name: str
    damage: dict[str, dict[str, damage.Damage]]

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(kind for kinds in self.damage.values() for kind in kinds))

    def read(self, folder: Path) -> np.ndarray:
        """Do with the example in a folder what `ecglib predict` does before inference."""
        recording = recordings.read(folder / self.name, rate=100, units="mV")
        windows = recordings.windows(recording)
        recordings.quality_warnings(recording)
        assert windows.shape[1:] == (1000, 12) and np.isfinite(windows).all(), f"windows {windows.shape}"
        return windows


@cache
def signal() -> np.ndarray:
    return synthetic_ecg.ecg(["NORM"], np.random.default_rng(3)).astype(np.float32)


def _wfdb(rate: int, fmt: str) -> Callable[[Path], None]:
    return lambda folder: write_wfdb(folder, signal().repeat(rate // 100, axis=0), rate=rate, fmt=fmt)


def _segments(folder: Path) -> None:
    """A WFDB record of two segments of ten seconds each."""
    base = write_wfdb(folder, signal())
    for suffix in (".hea", ".dat"):
        base.with_suffix(suffix).rename(folder / f"part{suffix}")
    (folder / "part.hea").write_text((folder / "part.hea").read_text().replace("record", "part"))
    (folder / "record.hea").write_text("record/2 12 100 2000\npart 1000\npart 1000\n")


def _file(kind: str, name: str, kinds: dict[str, damage.Damage]) -> Format:
    """A format of one file, as the tests write it."""
    return Format(lambda folder: WRITERS[kind](folder, signal()), name, {name: kinds})


DEVICE_FILES = Path(__file__).parent / "ecgpredict" / "recordings" / "device_files.zip"


def _device(name: str, kinds: dict[str, damage.Damage]) -> Format:
    """A device's own file: compressed samples, and all that it holds beside them."""

    def write(folder: Path) -> None:
        with zipfile.ZipFile(DEVICE_FILES) as archive:
            (folder / name).write_bytes(archive.read(name))

    return Format(write, name, {name: kinds})


def _zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(write_edf(folder / "a.edf", signal()), "a.edf")
    (folder / "a.edf").unlink()


_WFDB = {"record.hea": damage.TEXT, "record.dat": damage.BYTES}
_MAT = {"A0001.hea": damage.TEXT, "A0001.mat": damage.BYTES}
RECORDINGS = {
    "WFDB, 100 Hz": Format(_wfdb(100, "16"), "record", _WFDB),
    "WFDB, 500 Hz": Format(_wfdb(500, "212"), "record", _WFDB),
    "WFDB, segments": Format(_segments, "record", {"record.hea": damage.TEXT, "part.hea": damage.TEXT}),
    "CSV": _file("CSV", "a.csv", damage.TEXT),
    ".npz": _file("npz", "a.npz", damage.NPZ),
    "WFDB, .mat": Format(lambda folder: WRITERS["MAT"](folder, signal()), "A0001.mat", _MAT),
    "EDF": _file("EDF", "a.edf", damage.HEADED),
    "BDF": _file("BDF", "a.bdf", damage.HEADED),
    "DICOM": _file("DICOM", "a.dcm", damage.HEADED),
    "HL7 aECG": _file("aECG", "a.xml", damage.TEXT),
    "GE MUSE XML": _file("MUSE", "a.xml", damage.TEXT),
    "Philips XML": _file("Philips", "a.xml", damage.TEXT),
    "SCP-ECG": _file("SCP-ECG", "a.scp", damage.HEADED),
    "MUSE, device": _device("muse_cvrg.xml", damage.TEXT),
    "Philips, device": _device("philips_ad4d_104.xml", damage.TEXT),
    "SCP-ECG, device": _device("scp_mdw14_2017.scp", damage.HEADED),
    "zip": Format(_zip, "a.zip/a.edf", {"a.zip": damage.HEADED}),
    ".npy": Format(lambda folder: np.save(folder / "a.npy", signal()), "a.npy", {"a.npy": damage.NPY}),
}


@cache
def valid(name: str) -> dict[str, bytes]:
    """The files of a format's valid example."""
    with tempfile.TemporaryDirectory() as folder:
        RECORDINGS[name].write(Path(folder))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def write_damaged(name: str, kind: str, random: Random, folder: Path) -> None:
    """Write a format's example into an empty folder, with one of its files damaged in this way."""
    form = RECORDINGS[name]
    target = random.choice([file for file, kinds in form.damage.items() if kind in kinds])
    for file, content in valid(name).items():
        (folder / file).write_bytes(form.damage[file][kind](content, random) if file == target else content)
