"""LUDB's folder: a synthetic one as written, then with one fault each."""

import shutil

import numpy as np
import pytest

from ecglib.data import ludb, synthetic_ludb
from ecgpredict.errors import InputError


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return synthetic_ludb.write_sample(tmp_path_factory.mktemp("ludb") / "ludb", records=20)


@pytest.fixture
def root(written, tmp_path):
    return shutil.copytree(written, tmp_path / "ludb")


def test_every_recording_is_read_with_its_person_and_statements(written):
    read = ludb.read(written)
    assert read.signals.shape == (20, ludb.N_SAMPLES, 12)
    assert read.table.index.tolist() == list(range(1, 21))
    assert read.table["statements"][10] == ("Sinus rhythm", "Electric axis of the heart: normal")
    assert set(read.table["sex"]) == {0, 1}


def test_samples_are_microvolts_and_the_limb_leads_obey_einthovens_law(written):
    signal = ludb.read(written).signals
    assert np.abs(signal[..., 0] + signal[..., 2] - signal[..., 1]).max() <= 0.0021  # three roundings to 1 µV each


def test_by_its_headers_gains_every_lead_spans_one_millivolt(written):
    read = ludb.read(written)
    np.testing.assert_allclose(np.ptp(read.as_in_headers(), axis=1), 1, atol=1e-5)
    assert not np.allclose(np.ptp(read.signals, axis=1), 1, atol=0.1)


def test_labels_are_missing_only_where_the_rule_leaves_a_recording_out(written):
    read = ludb.read(written)
    assert not np.isnan(read.labels("strict")).any()
    assert np.isnan(read.labels("clear")).any()


def test_an_age_above_89_is_read_as_90(root):
    table = (root / ludb.TABLE).read_text().splitlines()
    cells = table[1].split(",")
    cells[table[0].split(",").index("Age")] = '">89\n"'
    (root / ludb.TABLE).write_text("\n".join([table[0], ",".join(cells), *table[2:]]))
    assert ludb.read_table(root)["age"].iloc[0] == 90


def flipped(content):
    return content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]


@pytest.mark.parametrize(
    ("file", "change", "problem"),
    [
        ("data/3.hea", lambda content: content.replace(b" 500 5000", b" 400 5000"), "wrong sampling rate"),
        ("data/3.hea", lambda content: content.replace(b" v1", b" v2"), "wrong lead order"),
        ("data/3.dat", flipped, "wrong checksum"),
    ],
)
def test_a_fault_is_named(root, file, change, problem):
    content = (root / file).read_bytes()
    assert change(content) != content
    (root / file).write_bytes(change(content))
    with pytest.raises(InputError, match=problem):
        ludb.read(root)


@pytest.mark.parametrize("name", ["data/3.dat", "data/3.hea", "ludb.csv"])
def test_a_missing_file_comes_with_the_command_that_fetches_it(root, name):
    (root / name).unlink()
    with pytest.raises(InputError) as caught:
        ludb.read(root)
    assert "ecglib download ludb" in caught.value.hint


def test_the_synthetic_folder_is_the_same_each_time(written, tmp_path):
    again = synthetic_ludb.write_sample(tmp_path / "ludb", records=20)
    assert (again / "ludb.csv").read_bytes() == (written / "ludb.csv").read_bytes()
    assert (again / "data" / "7.dat").read_bytes() == (written / "data" / "7.dat").read_bytes()
