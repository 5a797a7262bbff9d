"""Recordings from anywhere: formats, rates, units, lead names and orders, lengths, quality, and bad input."""

import numpy as np
import pandas as pd
import pytest
import wfdb
from scipy.signal import resample_poly

from ecglib import recordings, synthetic
from ecglib.errors import InputError
from ecglib.ptbxl import LEADS
from ecglib.recordings import Recording


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    """Ten seconds at 100 Hz, (1000, 12) in mV."""
    return synthetic.ecg(["NORM"], np.random.default_rng(3)).astype(np.float32)


def write_wfdb(folder, signal, *, rate=100, names=LEADS, units="mV"):
    factor = {"mV": 1, "uV": 1000, "µV": 1000}[units]
    wfdb.wrsamp(
        "record", fs=rate, units=[units.replace("µ", "u")] * signal.shape[1], sig_name=list(names),
        p_signal=signal.astype(float) * factor, fmt=["16"] * signal.shape[1], write_dir=str(folder),
    )  # fmt: skip
    header = folder / "record.hea"
    header.write_bytes(header.read_bytes().replace(b"uV", units.encode("utf-8")))
    return folder / "record"


def write_csv(path, signal, *, rate=None, names=LEADS):
    table = pd.DataFrame(signal, columns=list(names))
    if rate:
        table.insert(0, "time", np.arange(len(signal)) / rate)
    table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("suffix", ["", ".hea", ".dat"])
def test_a_wfdb_record_is_read_by_any_of_its_names(signal, tmp_path, suffix):
    base = write_wfdb(tmp_path, signal)
    recording = recordings.read(base.with_name(base.name + suffix))
    assert (recording.name, recording.rate) == ("record", 100)
    np.testing.assert_allclose(recording.signal, signal, atol=1e-3)


@pytest.mark.parametrize("units", ["uV", "µV"])
def test_microvolts_of_a_header_become_millivolts(signal, tmp_path, units):
    np.testing.assert_allclose(recordings.read(write_wfdb(tmp_path, signal, units=units)).signal, signal, atol=1e-3)


@pytest.mark.parametrize(
    "name", [str.upper, str.lower, lambda lead: f"Lead {lead}", lambda lead: f"MDC_ECG_LEAD_{lead}"]
)
def test_leads_are_known_by_their_usual_names_and_in_any_order(signal, tmp_path, name):
    order = np.random.default_rng(0).permutation(12)
    path = write_csv(tmp_path / "a.csv", signal[:, order], rate=100, names=[name(LEADS[i]) for i in order])
    np.testing.assert_allclose(recordings.read(path, units="mV").signal, signal, atol=1e-6)


def test_other_channels_are_left_aside(signal, tmp_path):
    both = np.column_stack([np.zeros(1000), signal])
    path = write_csv(tmp_path / "a.csv", both, rate=100, names=["resp", *LEADS])
    np.testing.assert_allclose(recordings.read(path, units="mV").signal, signal, atol=1e-6)


@pytest.mark.parametrize("turned", [False, True])
def test_numpy_files_hold_leads_in_columns_or_rows(signal, tmp_path, turned):
    np.save(tmp_path / "a.npy", signal.T if turned else signal)
    recording = recordings.read(tmp_path / "a.npy", rate=100, units="mV")
    np.testing.assert_array_equal(recording.signal, signal)


def test_an_npz_file_says_everything_itself(signal, tmp_path):
    np.savez(tmp_path / "a.npz", signal=signal[:, ::-1] * 1000, rate=100, leads=LEADS[::-1], units="uV")
    np.testing.assert_allclose(recordings.read(tmp_path / "a.npz").signal, signal, atol=1e-5)


def test_at_100_hz_a_window_is_the_record_itself(signal):
    np.testing.assert_array_equal(recordings.windows(Recording("a", signal, 100))[0], signal)


@pytest.mark.parametrize("rate", [125, 250, 257, 360, 500, 1000])
def test_other_rates_are_brought_to_100_hz(signal, rate):
    time = np.arange(10 * rate) / rate
    slow = np.sin(2 * np.pi * 3 * time)[:, None].repeat(12, 1).astype(np.float32)
    window = recordings.windows(Recording("a", slow, rate))
    assert window.shape == (1, 1000, 12)
    expected = np.sin(2 * np.pi * 3 * np.arange(1000) / 100)
    np.testing.assert_allclose(window[0, 100:-100, 0], expected[100:-100], atol=0.01)


def test_what_100_hz_cannot_hold_does_not_fold_back():
    time = np.arange(5000) / 500
    mains = np.sin(2 * np.pi * 90 * time)[:, None].repeat(12, 1).astype(np.float32)  # would appear as 10 Hz
    window = recordings.windows(Recording("a", mains, 500))[0]
    assert np.abs(window[100:-100]).max() < 0.05


@pytest.mark.parametrize(
    ("seconds", "starts"), [(10, [0]), (14.9, [0]), (15, [0, 5]), (20, [0, 10]), (27, [0, 10, 17]), (30, [0, 10, 20])]
)
def test_windows_follow_one_another_and_the_last_ends_with_the_record(seconds, starts):
    ramp = np.arange(round(100 * seconds), dtype=np.float32)[:, None].repeat(12, 1)
    found = recordings.windows(Recording("a", ramp, 100))
    assert found[:, 0, 0].tolist() == [100 * start for start in starts]


def test_missing_samples_are_joined_and_remarked_on(signal):
    holed = signal.copy()
    holed[100:120, 3] = np.nan
    recording = Recording("a", holed, 100)
    assert np.isfinite(recordings.windows(recording)).all()
    assert recordings.remarks(recording)[0] == "missing samples, filled in: aVR"


def test_a_clean_recording_draws_no_remark(signal):
    assert recordings.remarks(Recording("a", signal, 100)) == []
    fast = resample_poly(signal, 5, 1, axis=0, padtype="line")
    assert recordings.remarks(Recording("a", fast, 500)) == []


def test_flat_and_clipped_leads_are_remarked_on(signal):
    bad = signal.copy()
    bad[:, 7] = 0.3
    bad[:, 8] = np.clip(bad[:, 8], None, np.quantile(bad[:, 8], 0.9))
    assert recordings.remarks(Recording("a", bad, 100)) == ["flat: V2", "clipped: V3"]


def test_swapped_limb_leads_break_einthovens_law(signal):
    swapped = signal.copy()
    swapped[:, [0, 6]] = swapped[:, [6, 0]]
    assert any("Einthoven" in remark for remark in recordings.remarks(Recording("a", swapped, 100)))


def text_named_dat(folder, signal):
    base = write_wfdb(folder, signal)
    base.with_suffix(".dat").write_text("this is a text")
    return base.with_suffix(".dat")


def lone_dat(folder, signal):
    (folder / "lone.dat").write_bytes(b"\0" * 100)
    return folder / "lone.dat"


def empty(folder, signal):
    (folder / "empty.csv").touch()
    return folder / "empty.csv"


def garbage(folder, signal):
    (folder / "a.npy").write_bytes(b"\x93NUMPY garbage")
    return folder / "a.npy"


def words(folder, signal):
    (folder / "a.csv").write_text("I,II\nhello,world\n")
    return folder / "a.csv"


def holed(folder, signal):
    signal = signal.copy()
    signal[:500, 2] = np.nan
    return write_csv(folder / "a.csv", signal, rate=100)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda folder, s: folder / "nowhere.csv", "recording missing"),
        (lambda folder, s: folder / "nowhere", "recording missing"),
        (empty, "empty file"),
        (text_named_dat, "no WFDB record"),
        (lone_dat, "no WFDB record"),
        (garbage, "no NumPy file"),
        (words, "no table of numbers"),
        (holed, "too many samples missing"),
        (
            lambda folder, s: write_csv(folder / "a.csv", s[:, :8], rate=100, names=LEADS[:2] + LEADS[6:]),
            "leads missing",
        ),
        (lambda folder, s: write_csv(folder / "a.csv", s[:300], rate=100), "recording too short"),
        (lambda folder, s: write_csv(folder / "a.csv", s, rate=250_000), "sampling rate out of range"),
        (lambda folder, s: write_csv(folder / "a.csv", s), "sampling rate not known"),
        (lambda folder, s: write_csv(folder / "a.csv", s, rate=100, names=["I", "i", *LEADS[2:]]), "leads missing"),
        (
            lambda folder, s: write_csv(folder / "a.csv", np.column_stack([s, s[:, 0]]), rate=100, names=[*LEADS, "i"]),
            "there twice",
        ),
    ],
)
def test_what_cannot_be_read_is_named(make, what, signal, tmp_path):
    with pytest.raises(InputError, match=what):
        recordings.read(make(tmp_path, signal), units="mV")


def test_eight_leads_are_told_how_the_others_follow(signal, tmp_path):
    path = write_csv(tmp_path / "a.csv", signal[:, [0, 1, *range(6, 12)]], rate=100, names=LEADS[:2] + LEADS[6:])
    with pytest.raises(InputError, match="III = II - I"):
        recordings.read(path, units="mV")


def test_a_unit_that_nothing_says_is_asked_for(signal, tmp_path):
    with pytest.raises(InputError, match="unit not known") as caught:
        recordings.read(write_csv(tmp_path / "a.csv", signal, rate=100))
    assert "--units mV" in caught.value.mend
