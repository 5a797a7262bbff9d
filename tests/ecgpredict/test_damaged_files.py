"""A damaged recording is read, or refused with a clear error; it never ends a batch.

The same files are damaged by the thousand in `python benchmarks/fuzz.py`.
"""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from damage_checks import RANDOMS, REPRODUCIBLE, check_read_or_refused
from damaged_formats import RECORDINGS, signal, write_damaged
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_files import write_csv, write_wfdb

from ecgpredict import prediction, recordings, released
from ecgpredict.errors import InputError


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_damaged_recording_is_read_or_refused_with_a_clear_error(name):
    check_read_or_refused(RECORDINGS, name)


@pytest.mark.filterwarnings("ignore")
@settings(REPRODUCIBLE, max_examples=60)
@given(st.sampled_from([(name, kind) for name, one in RECORDINGS.items() for kind in one.kinds]), RANDOMS)
def test_a_batch_goes_on_after_a_damaged_recording(example, random):
    model = released.load()
    with tempfile.TemporaryDirectory() as folder:
        for part in ("0", "1"):
            (Path(folder) / part).mkdir()
        write_damaged(*example, random, Path(folder) / "0")
        np.savez(Path(folder) / "1" / "intact.npz", signal=signal(), rate=100, units="mV")
        paths = prediction.find_recordings([folder])
        found = list(prediction.classify(paths, model, rate=100, units="mV"))
    assert [one.path for one in found] == paths
    assert found[-1].probabilities and not found[-1].error
    for one in found:
        assert bool(one.error) != bool(one.probabilities)
        assert np.isfinite(list(one.probabilities.values())).all()


def header(text: str):
    """A WFDB record with another header."""

    def write(folder):
        base = write_wfdb(folder, signal())
        base.with_suffix(".hea").write_text(text)
        return base

    return write


def changed_header(old: str, new: str):
    def write(folder):
        base = write_wfdb(folder, signal())
        path = base.with_suffix(".hea")
        path.write_text(path.read_text().replace(old, new))
        return base

    return write


def short_signal_file(folder):
    base = write_wfdb(folder, signal())
    path = base.with_suffix(".dat")
    path.write_bytes(path.read_bytes()[:-1000])
    return base


def npz(**arrays):
    def write(folder):
        np.savez_compressed(folder / "a.npz", **{"signal": signal(), "rate": 100, "units": "mV", **arrays})
        return folder / "a.npz"

    return write


def cut_npz(folder):
    path = npz()(folder)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def cut_npy_header(folder):
    np.save(folder / "a.npy", signal())
    (folder / "a.npy").write_bytes((folder / "a.npy").read_bytes().replace(b"}", b"{"))
    return folder / "a.npy"


def huge_npy(folder):
    np.save(folder / "a.npy", signal())
    (folder / "a.npy").write_bytes((folder / "a.npy").read_bytes().replace(b"1000, 12), ", b"9000000012,), "))
    return folder / "a.npy"


@pytest.mark.parametrize(
    ("write", "problem", "found"),
    [
        (header(""), "unreadable WFDB record", "none"),
        (header("\x80\x81\n"), "unreadable WFDB record", r"'\x80\x81'"),
        (header("record/1 12 100 1000\nrecord 1000\n"), "unreadable WFDB record", "segments within a segment"),
        (header("record/2147483648 12 100 1000\nrecord 1000\n"), "unreadable WFDB record", "1"),
        (header("record 12 100 1000\nrecord.dat 16 1000/mV\n"), "unreadable WFDB record", "1"),
        (changed_header("100 1000", "100 99999999"), "recording too large", "1,199,999,988 announced"),
        (changed_header("100 1000", "100 2000000"), "unreadable WFDB record", "24,000 bytes"),
        (changed_header("100 1000", "100 " + "9" * 5000), "recording too large", "announced"),
        (changed_header("record 12", "record 9999999"), "recording too large", "announced"),
        (changed_header("100 1000", "0 1000"), "sampling rate out of range", "0 Hz"),
        (changed_header("100 1000", "1000000 1000"), "sampling rate out of range", "1e+06 Hz"),
        (changed_header(" V1\n", "\n"), "leads missing", "V2"),
        (short_signal_file, "unreadable WFDB record", "23,000 bytes"),
        (cut_npz, "unreadable NumPy file", "BadZipFile"),
        (cut_npy_header, "unreadable NumPy file", ""),
        (huge_npy, "unreadable NumPy file", "mmap length"),
        (npz(signal=np.zeros((6_000_000, 12), np.int8)), "recording too long", "60000 seconds"),
        (npz(signal=np.zeros((0, 12))), "recording too short", "0 seconds"),
        (npz(signal=np.full((1000, 12), np.inf)), "too many samples missing", "100%"),
        (npz(rate=0), "sampling rate out of range", "0 Hz"),
        (npz(rate=np.nan), "sampling rate out of range", "nan Hz"),
        (npz(leads=np.array("x" * 100_000)), "unreadable NumPy file", "at most"),
        (lambda folder: write_csv(folder / "a.csv", signal() * np.nan, rate=100), "too many samples missing", "100%"),
    ],
)
def test_what_was_damaged_is_named(write, problem, found, tmp_path):
    with pytest.raises(InputError) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recordings.read(write(tmp_path), rate=100, units="mV")
    assert caught.value.problem == problem
    assert found in str(caught.value.found)
    assert str(tmp_path) in str(caught.value.where)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), AttributeError("x"), OSError("x"), StopIteration()])
def test_whatever_a_reader_raises_becomes_a_clear_error(error, tmp_path, monkeypatch):
    def read(path):
        raise error

    monkeypatch.setitem(recordings.reading.READERS, ".csv", read)
    path = write_csv(tmp_path / "a.csv", signal(), rate=100)
    with pytest.raises(InputError, match="unreadable recording") as caught:
        recordings.read(path)
    assert type(error).__name__ in caught.value.found
