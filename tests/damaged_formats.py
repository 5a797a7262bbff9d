"""Every format that ecglib reads: a valid example, how it is read, and which kinds of damage it can suffer.

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
from recording_files import (
    write_aecg,
    write_csv,
    write_dicom,
    write_edf,
    write_mat,
    write_muse,
    write_philips,
    write_scp,
    write_wfdb,
)

from ecglib.training.settings import TrainingSettings
from ecgpredict import recordings, synthetic_ecg
from ecgpredict.spec import LEADS


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes
    ----------
    write : writes a valid example into a folder
    read : reads the example in a folder
    damage : {name in the folder: the kinds of damage to it}
    """

    write: Callable[[Path], object]
    read: Callable[[Path], object]
    damage: dict[str, dict[str, damage.Damage]]

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(kind for kinds in self.damage.values() for kind in kinds))


@cache
def signal() -> np.ndarray:
    return synthetic_ecg.ecg(["NORM"], np.random.default_rng(3)).astype(np.float32)


def _recording(name: str) -> Callable[[Path], object]:
    """Does with a recording what `ecglib predict` does before inference."""

    def read(folder: Path) -> np.ndarray:
        recording = recordings.read(folder / name, rate=100, units="mV")
        windows = recordings.windows(recording)
        recordings.quality_warnings(recording)
        assert windows.shape[1:] == (1000, 12) and np.isfinite(windows).all(), f"windows {windows.shape}"
        return windows

    return read


def _wfdb(rate: int, fmt: str) -> Callable[[Path], None]:
    return lambda folder: write_wfdb(folder, signal().repeat(rate // 100, axis=0), rate=rate, fmt=fmt)


def _segments(folder: Path) -> None:
    """A WFDB record of two segments of ten seconds each."""
    base = write_wfdb(folder, signal())
    for suffix in (".hea", ".dat"):
        base.with_suffix(suffix).rename(folder / f"part{suffix}")
    (folder / "part.hea").write_text((folder / "part.hea").read_text().replace("record", "part"))
    (folder / "record.hea").write_text("record/2 12 100 2000\npart 1000\npart 1000\n")


def _npz(folder: Path) -> None:
    np.savez(folder / "a.npz", signal=signal(), leads=LEADS, rate=100, units="mV")


SETTINGS = TrainingSettings(network="student", epochs=1).model_dump(mode="json")
KEY = {"model": "student", "seed": 0, "settings": SETTINGS}


DEVICE_FILES = Path(__file__).parent / "ecgpredict" / "recordings" / "device_files.zip"


def _device(name: str, kinds: dict[str, damage.Damage]) -> Format:
    """A device's own file."""

    def write(folder: Path) -> None:
        with zipfile.ZipFile(DEVICE_FILES) as archive:
            (folder / name).write_bytes(archive.read(name))

    return Format(write, _recording(name), {name: kinds})


def _zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(write_edf(folder / "a.edf", signal()), "a.edf")
    (folder / "a.edf").unlink()


_WFDB = {"record.hea": damage.TEXT, "record.dat": damage.BYTES}
RECORDINGS = {
    "WFDB, 100 Hz": Format(_wfdb(100, "16"), _recording("record"), _WFDB),
    "WFDB, 500 Hz": Format(_wfdb(500, "212"), _recording("record"), _WFDB),
    "WFDB, segments": Format(
        _segments, _recording("record"), {name: damage.TEXT for name in ("record.hea", "part.hea")}
    ),
    "CSV": Format(
        lambda folder: write_csv(folder / "a.csv", signal(), rate=100),
        _recording("a.csv"),
        {"a.csv": damage.TEXT},
    ),
    ".npz": Format(_npz, _recording("a.npz"), {"a.npz": damage.NPZ}),
    "WFDB, .mat": Format(
        lambda folder: write_mat(folder, signal()),
        _recording("A0001.mat"),
        {"A0001.hea": damage.TEXT, "A0001.mat": damage.BYTES},
    ),
    "EDF": Format(lambda folder: write_edf(folder / "a.edf", signal()), _recording("a.edf"), {"a.edf": damage.HEADED}),
    "BDF": Format(lambda folder: write_edf(folder / "a.bdf", signal()), _recording("a.bdf"), {"a.bdf": damage.HEADED}),
    "DICOM": Format(
        lambda folder: write_dicom(folder / "a.dcm", signal()), _recording("a.dcm"), {"a.dcm": damage.HEADED}
    ),
    "HL7 aECG": Format(
        lambda folder: write_aecg(folder / "a.xml", signal()), _recording("a.xml"), {"a.xml": damage.TEXT}
    ),
    "GE MUSE XML": Format(
        lambda folder: write_muse(folder / "a.xml", signal()), _recording("a.xml"), {"a.xml": damage.TEXT}
    ),
    "Philips XML": Format(
        lambda folder: write_philips(folder / "a.xml", signal()), _recording("a.xml"), {"a.xml": damage.TEXT}
    ),
    "SCP-ECG": Format(
        lambda folder: write_scp(folder / "a.scp", signal()), _recording("a.scp"), {"a.scp": damage.HEADED}
    ),
    # of devices: compressed samples, and all that their files hold beside them
    "MUSE, device": _device("muse_cvrg.xml", damage.TEXT),
    "Philips, device": _device("philips_ad4d_104.xml", damage.TEXT),
    "SCP-ECG, device": _device("scp_mdw14_2017.scp", damage.HEADED),
    "zip": Format(_zip, _recording("a.zip/a.edf"), {"a.zip": damage.HEADED}),
    ".npy": Format(lambda folder: np.save(folder / "a.npy", signal()), _recording("a.npy"), {"a.npy": damage.NPY}),
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
