"""Records and their cache, on synthetic records in PTB-XL's layout."""

import json
import os

import numpy as np
import pytest
import wfdb

from ecglib.data import dataset, synthetic
from ecglib.data.dataset import open_dataset, read_record
from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS

FIRST = "records100/00000/00001_lr"


def rewrite(root, **changes):
    """Rewrite the first record with other properties."""
    record = wfdb.rdrecord(str(root / FIRST), physical=False)
    of_leads = {"units": ["mV"] * 12, "fmt": ["16"] * 12, "adc_gain": [1000.0] * 12, "baseline": [0] * 12}
    settings = {"fs": 100, "sig_name": record.sig_name, "d_signal": record.d_signal} | of_leads
    wfdb.wrsamp("00001_lr", **(settings | changes), write_dir=str(root / "records100/00000"))


def test_signals_are_what_wfdb_reads(sample, sample_root):
    expected = wfdb.rdsamp(str(sample_root / sample.table["filename"].iloc[5]))[0]
    np.testing.assert_allclose(sample.millivolts([5])[0], expected, atol=1e-6)


def test_folds_and_labels_stay_together(sample):
    ninth = sample.in_folds(9)
    assert set(ninth.table["fold"]) == {9}
    position = list(sample.ecg_id).index(ninth.ecg_id[2])
    np.testing.assert_array_equal(ninth.millivolts([2]), sample.millivolts([position]))
    np.testing.assert_array_equal(ninth.labels[2], sample.labels[position])


def test_the_cache_is_used_the_second_time(sample_root, tmp_path, monkeypatch):
    first = open_dataset(sample_root, tmp_path, jobs=1, progress=False)
    monkeypatch.setattr(dataset, "_write_cache", lambda *_: pytest.fail("read again"))
    second = open_dataset(sample_root, tmp_path, jobs=1, progress=False)
    assert second.fingerprint == first.fingerprint


def flipped(content):
    return content[:2000] + bytes([content[2000] ^ 1]) + content[2001:]


@pytest.mark.parametrize(
    ("suffix", "damage", "problem"),
    [
        (".hea", None, "record missing"),
        (".dat", None, "record missing"),
        (".dat", lambda content: content[:12000], "record unreadable"),
        (".dat", flipped, "wrong checksum"),
        (".hea", lambda content: b"no header\n", "record unreadable"),
    ],
)
def test_a_damaged_record_is_named(damaged, suffix, damage, problem):
    path = (damaged / FIRST).with_suffix(suffix)
    content = path.read_bytes()
    path.unlink()
    if damage:
        path.write_bytes(damage(content))
    with pytest.raises(InputError, match=problem) as caught:
        read_record(damaged / FIRST)
    assert str(damaged / FIRST) in str(caught.value.where)


@pytest.mark.parametrize(
    ("changes", "problem", "found"),
    [
        ({"sig_name": ["II", "I", *LEADS[2:]]}, "wrong lead order", "II I III"),
        ({"fs": 500}, "wrong sampling rate", "500"),
        ({"d_signal": np.ones((900, 12), np.int64)}, "wrong number of samples", "900"),
        ({"adc_gain": [200.0] * 12}, "wrong gain or unit", "200.0"),
        ({"units": ["uV"] * 12}, "wrong gain or unit", "uV"),
    ],
)
def test_another_kind_of_record_is_named(damaged, changes, problem, found):
    rewrite(damaged, **changes)
    with pytest.raises(InputError, match=problem) as caught:
        read_record(damaged / FIRST)
    assert found in str(caught.value.found)


def test_missing_samples_are_named(damaged):
    signal = wfdb.rdrecord(str(damaged / FIRST), physical=False).d_signal
    signal[10:13, 4] = -32768
    rewrite(damaged, d_signal=signal)
    with pytest.raises(InputError, match="missing samples") as caught:
        read_record(damaged / FIRST)
    assert caught.value.found == "3 in aVL"


def test_a_bad_record_leaves_no_cache(damaged, tmp_path):
    (damaged / FIRST).with_suffix(".dat").unlink()
    with pytest.raises(InputError, match="record missing"):
        open_dataset(damaged, tmp_path / "cache", jobs=1, progress=False)
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is of Linux")  # noqa: PTH110
def test_a_full_disk_leaves_no_cache_and_is_reported(sample_root, tmp_path):
    (tmp_path / "signals.npy.part").symlink_to("/dev/full")
    with pytest.raises(InputError, match="disk full while caching") as caught:
        open_dataset(sample_root, tmp_path, jobs=1, progress=False)
    assert "ECGLIB_CACHE" in caught.value.hint
    assert not list(tmp_path.iterdir())


def other_tables(root):
    table = root / "ptbxl_database.csv"
    table.write_text(table.read_text().replace("synthetic record", "another report"))


def other_signals(root):
    rewrite(root, d_signal=np.full((1000, 12), 7, np.int64))


@pytest.mark.parametrize("change", [other_tables, other_signals])
def test_a_cache_made_from_other_data_is_refused(damaged, tmp_path, change):
    open_dataset(damaged, tmp_path / "cache", jobs=1, progress=False)
    change(damaged)
    with pytest.raises(InputError, match="cache made from other data"):
        open_dataset(damaged, tmp_path / "cache", jobs=1, progress=False)


def test_a_damaged_cache_is_refused(damaged, tmp_path):
    open_dataset(damaged, tmp_path / "cache", jobs=1, progress=False)
    (tmp_path / "cache" / "signals.json").write_text(json.dumps({"tables": "x"}))
    with pytest.raises(InputError, match="cache unreadable"):
        open_dataset(damaged, tmp_path / "cache", jobs=1, progress=False)


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        synthetic.write_sample(tmp_path / name, records=12, seed=3, progress=False)
    files = [p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file()]
    assert len(files) == 2 * 12 + 2 + 1  # records, tables, and the file that marks them as synthetic
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)


def test_a_random_sample_depends_on_the_seed_and_has_no_duplicates(sample):
    chosen = sample.sample(20, seed=0)
    assert len(set(chosen.ecg_id)) == 20
    assert chosen.ecg_id.tolist() == sample.sample(20, seed=0).ecg_id.tolist()
    assert chosen.ecg_id.tolist() != sample.sample(20, seed=1).ecg_id.tolist()
    assert len(sample.sample(10**6, seed=0)) == len(sample)
    np.testing.assert_array_equal(
        chosen.millivolts([3]), sample.select(sample.ecg_id == chosen.ecg_id[3]).millivolts([0])
    )
