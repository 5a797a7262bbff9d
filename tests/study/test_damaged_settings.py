"""Scores, a training's metadata: damaged, each gives a clear error.

The same files are damaged by the thousand in `python benchmarks/fuzz.py`.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from damage_checks import check_read_or_refused
from damaged_formats import KEY, SETTINGS_FILES, valid

from ecglib.evaluation.scores import Scores
from ecglib.training import runs
from ecgpredict.errors import StudyError
from ecgpredict.spec import CLASSES


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", SETTINGS_FILES)
def test_a_damaged_file_is_read_or_refused_with_a_clear_error(name):
    check_read_or_refused(SETTINGS_FILES, name)


def written(name, folder) -> Path:
    for file, content in valid(name).items():
        (folder / file).write_bytes(content)
    return folder


def with_values(path, change) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"settings": None}, "settings"),
        ({"seed": "0"}, "seed"),
        ({"weights": "../../weights"}, "weights"),
        ({"normalization": {"mean": 0.0}}, "normalization, scale"),
        ({"normalization": {"mean": 0.0, "scale": float("nan")}}, "normalization, scale"),
    ],
)
def test_a_training_with_damaged_metadata_is_named(values, where, tmp_path):
    path = written("run.json", tmp_path) / "run.json"
    with_values(path, lambda content: content.update(values))
    with pytest.raises(StudyError, match="damaged metadata") as caught:
        runs.find([tmp_path], KEY)
    assert caught.value.where == f"{path}, {where}"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 200_000])
def test_metadata_of_a_stopped_training_that_are_damaged_are_named(content, tmp_path):
    (tmp_path / "in_progress.json").write_bytes(content)
    with pytest.raises(StudyError, match="damaged metadata") as caught:
        runs.prepare_or_load(tmp_path, KEY)
    assert "delete its folder" in caught.value.hint


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({"score": np.zeros((2, 300, 5), object)}, "ValueError"),
        ({"score": np.zeros((2, 300, 5), complex)}, "score of type complex128"),
        ({"ecg_id": np.arange(300) / 2}, "ecg_id of type float64"),
        ({"seed": np.zeros((110_000_000,), np.int8)}, "at most 100,000,000 expected"),
        ({"fold": np.array(9)}, "fold ()"),
        ({"ecg_id": np.array(1), "fold": np.array(9)}, "ecg_id ()"),
        ({"classes": np.array([CLASSES])}, None),
    ],
)
def test_scores_of_another_type_or_shape_are_named(arrays, found, tmp_path):
    path = written("scores", tmp_path) / "s.npz"
    with np.load(path) as content:
        np.savez_compressed(path, **{**content, **arrays})
    if found is None:
        assert Scores.load(path).score.shape == (2, 300, 5)
        return
    with pytest.raises(StudyError) as caught:
        Scores.load(path)
    assert found in str(caught.value.found)
