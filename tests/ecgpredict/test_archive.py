"""Predictions of archives as Parquet files, and archives in shards."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ecgpredict import archive, prediction, released, shards, synthetic_ecg
from ecgpredict.errors import InputError, StudyError
from ecgpredict.spec import CLASSES


@pytest.fixture(scope="module")
def model():
    return released.load()


@pytest.fixture
def folder(tmp_path):
    """Four recordings in two folders, one of them unreadable."""
    root = tmp_path / "recordings"
    signal = synthetic_ecg.ecg(["NORM"], np.random.default_rng(0)).astype(np.float32)
    for name in ("b/1", "b/2", "a/3"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        np.savez(root / f"{name}.npz", signal=signal, rate=100, units="mV")
    (root / "a" / "broken.npz").write_bytes(b"not a recording")
    return root


def test_folders_are_walked_in_order_and_given_files_kept(folder):
    names = list(archive.walk([folder, folder / "b" / "1.npz"]))
    assert names == [str(folder / name) for name in ("a/3.npz", "a/broken.npz", "b/1.npz", "b/2.npz", "b/1.npz")]


def test_a_file_has_the_predictions_of_the_command(folder, tmp_path, model):
    target = tmp_path / "scores.parquet"
    assert archive.write(archive.walk([folder]), target, [model]) == 4
    table = pd.read_parquet(target).set_index("path")
    for one in prediction.classify(prediction.find_recordings([folder]), model):
        row = table.loc[str(one.path)]
        assert (row["windows"], list(row["findings"])) == (one.windows, list(one.findings))
        expected = [one.probabilities.get(name, np.nan) for name in CLASSES]
        np.testing.assert_array_equal(row[list(CLASSES)].to_numpy(float), np.float32(expected))
        assert bool(row["error"]) == bool(one.error)


def test_a_file_has_thresholds_and_offsets_of_each_model(folder, tmp_path, model):
    other = replace(released.load(released.microcontroller()), offsets=(0.5, 0.0, 0.0, 0.0, 0.0))
    archive.write(archive.walk([folder]), tmp_path / "scores.parquet", [model, other])
    models = json.loads(pq.read_schema(tmp_path / "scores.parquet").metadata[b"models"])
    assert [list(each["thresholds"].values()) for each in models.values()] == [
        one.thresholds.tolist() for one in (model, other)
    ]
    assert models[model.name]["offsets"] == {} and models[other.name]["offsets"]["NORM"] == 0.5


def test_rows_are_written_in_groups(folder, tmp_path, model, monkeypatch):
    monkeypatch.setattr(archive, "ROW_GROUP", 3)
    archive.write(archive.walk([folder]), tmp_path / "scores.parquet", [model])
    assert pq.ParquetFile(tmp_path / "scores.parquet").num_row_groups == 2


def test_after_an_error_there_is_no_file(tmp_path, model):
    with pytest.raises(InputError, match="no recordings"):
        archive.write([], tmp_path / "scores.parquet", [model])
    assert not list(tmp_path.iterdir())


def archive_of(tmp_path, *names):
    for name in names:
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{name}.npz").touch()
    return tmp_path / "in"


def lists(out):
    return [shards.read_list(path) for path in sorted((out / shards.LISTS).iterdir())]


def test_recordings_are_assigned_to_shards_once(tmp_path):
    source = archive_of(tmp_path, *"abcde")
    assert shards.plan(source, tmp_path / "out", 2) == ["00000", "00001", "00002"]
    assert lists(tmp_path / "out") == [["a.npz", "b.npz"], ["c.npz", "d.npz"], ["e.npz"]]


def test_new_recordings_fill_the_last_shard_and_then_new_ones(tmp_path):
    shards.plan(archive_of(tmp_path, *"bcd"), tmp_path / "out", 2)
    first = (tmp_path / "out" / shards.LISTS / "00000.txt").stat().st_mtime_ns
    shards.plan(archive_of(tmp_path, *"aef"), tmp_path / "out", 2)
    assert lists(tmp_path / "out") == [["b.npz", "c.npz"], ["d.npz", "a.npz"], ["e.npz", "f.npz"]]
    assert (tmp_path / "out" / shards.LISTS / "00000.txt").stat().st_mtime_ns == first  # not classified again


def test_a_removed_recording_leaves_its_shard(tmp_path):
    source = archive_of(tmp_path, *"abc")
    shards.plan(source, tmp_path / "out", 2)
    (source / "c.npz").unlink()
    assert shards.plan(source, tmp_path / "out", 2) == ["00000"]


def test_a_list_of_recordings_is_divided_like_a_folder(tmp_path):
    (tmp_path / "names.txt").write_text("z/1.hea\na/2.hea\nz/1.hea\n")
    shards.plan(tmp_path / "names.txt", tmp_path / "out", 2)
    assert lists(tmp_path / "out") == [["z/1.hea", "a/2.hea"]]
    assert shards.root_of(tmp_path / "names.txt") == tmp_path


def test_a_name_with_a_line_break_is_refused(tmp_path):
    with pytest.raises(InputError, match="line break"):
        shards.plan(archive_of(tmp_path, "a\nb"), tmp_path / "out")


@pytest.fixture
def planned(folder, tmp_path, model):
    """Four recordings in two classified shards."""
    out = tmp_path / "out"
    for name in shards.plan(folder, out, 2):
        names = shards.read_list(out / shards.LISTS / f"{name}.txt")
        archive.write(names, out / shards.SCORES / f"{name}.parquet", [model], root=folder)
    return out


def test_shards_become_one_data_set(planned):
    table = pd.read_parquet(shards.join(planned))
    assert table["path"].tolist() == ["a/3.npz", "a/broken.npz", "b/1.npz", "b/2.npz"]
    assert table["error"].notna().tolist() == [False, True, False, False]


def test_a_shard_that_lacks_a_recording_is_not_joined(planned):
    with (planned / shards.LISTS / "00001.txt").open("a") as file:
        file.write("b/3.npz\n")
    with pytest.raises(StudyError, match="shard 00001"):
        shards.join(planned)
    assert not (planned / shards.DATA_SET).exists()
