"""Calibration of a new site: offsets from labelled recordings, their file, and predictions with it."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import command
from scipy.special import expit, logit

from ecgpredict import site_calibration, synthetic_ecg
from ecgpredict.errors import InputError
from ecgpredict.prediction import Prediction
from ecgpredict.released import ReleasedModel
from ecgpredict.spec import CLASSES, Normalization, add_offsets


@pytest.fixture
def model(tmp_path):
    (tmp_path / "small.onnx").write_bytes(b"weights")
    return ReleasedModel("small", tmp_path / "small.onnx", Normalization(0.0, 1.0), 1.0, np.full(5, 0.5))


@pytest.fixture
def site():
    """Probabilities (400, 5), and labels of a site where every logit is .7 too low."""
    rng = np.random.default_rng(0)
    score = expit(rng.normal(-1, 1.5, (400, 5)))
    return score, (rng.random(score.shape) < add_offsets(score, 0.7)).astype(float)


@pytest.fixture
def written(model, site, tmp_path):
    """A calibration of the model on disk."""
    score, y_true = site
    names = [f"/site/{number}.csv" for number in range(len(score))]
    predictions = [Prediction(Path(name), dict(zip(CLASSES, row)), (), 1, ()) for name, row in zip(names, score)]
    site_calibration.write(tmp_path / "site.json", site_calibration.fit(dict(zip(names, y_true)), predictions, model))
    return tmp_path / "site.json"


def test_an_offset_moves_the_logit():
    np.testing.assert_allclose(
        add_offsets(np.array([[0.2, 0.9]]), np.array([0.5, -1])), expit([[logit(0.2) + 0.5, logit(0.9) - 1]])
    )


def test_with_the_offset_the_mean_probability_is_the_share_of_positives(site):
    score, y_true = site
    offsets = site_calibration.fit_offsets(score, y_true)
    np.testing.assert_allclose(offsets, 0.7, atol=0.35)
    np.testing.assert_allclose(add_offsets(score, offsets).mean(axis=0), y_true.mean(axis=0), atol=1e-5)


def test_recordings_whose_label_is_unknown_do_not_count(site):
    score, y_true = site
    y_true[200:, 1] = np.nan
    assert site_calibration.fit_offsets(score, y_true)[1] == site_calibration.fit_offsets(score[:200], y_true[:200])[1]


def test_a_superclass_with_too_few_recordings_keeps_its_probabilities(site):
    score, y_true = site
    y_true[:, 2] = np.arange(400) < 9
    offsets = site_calibration.fit_offsets(score, y_true)
    assert offsets[2] == 0 and (offsets[[0, 1, 3, 4]] != 0).all()


def test_a_calibration_comes_back_from_its_file(written, model, site):
    expected = site_calibration.fit_offsets(*site)
    np.testing.assert_allclose(site_calibration.apply(written, model).offsets, expected)


def test_another_models_calibration_is_refused(written, model):
    model.path.write_bytes(b"other weights")
    with pytest.raises(InputError, match="another model's calibration"):
        site_calibration.apply(written, model)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"offsets": None}, "not offsets"),
        ({"offsets": dict.fromkeys(CLASSES, 7)}, "not offsets"),
        ({"offsets": dict.fromkeys(CLASSES, float("nan"))}, "not offsets"),
        ({"model": ["small"]}, "another model's calibration"),
        ({"format": 2}, "not a calibration"),
        ({"more": 1}, "not a calibration"),
    ],
)
def test_a_changed_calibration_is_refused(written, model, change, problem):
    written.write_text(json.dumps(json.loads(written.read_text()) | change))
    with pytest.raises(InputError, match=problem):
        site_calibration.apply(written, model)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"[" * 100_000, b"1" * 5000, b" " * 100_001])
def test_a_file_that_is_no_calibration_is_refused(model, tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError):
        site_calibration.apply(tmp_path / "x.json", model)


HEADER = f"path,{','.join(CLASSES)}\n"


def test_labels_are_one_zero_or_unknown(tmp_path):
    (tmp_path / "labels.csv").write_text(HEADER + "/a/1.csv,1,0,,0, 1 \n")
    ((name, values),) = site_calibration.read_labels(tmp_path / "labels.csv").items()
    assert name == "/a/1.csv"
    np.testing.assert_array_equal(values, [1, 0, np.nan, 0, 1])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no labels"),
        ("path,NORM\na,1\n", "no labels"),
        (HEADER + "a,1,0,0,0,2\n", "not a label"),
        (HEADER + "a,1,0,0,0,0\na,1,0,0,0,0\n", "not one row per recording"),
        (HEADER + ",1,0,0,0,0\n", "not one row per recording"),
        (HEADER + "a" * 200_000 + ",1,0,0,0,0\n", "labels unreadable"),
    ],
)
def test_other_labels_are_refused(tmp_path, text, problem):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(InputError, match=problem):
        site_calibration.read_labels(tmp_path / "labels.csv")


def test_a_site_is_calibrated_and_its_recordings_classified(tmp_path):
    (tmp_path / "site").mkdir()
    rng, rows = np.random.default_rng(1), []
    for number in range(24):
        statement = ("NORM", "IMI")[number % 2]
        path = tmp_path / "site" / f"{number:02}.npz"
        np.savez(path, signal=synthetic_ecg.ecg([statement], rng).astype(np.float32), rate=100, units="mV")
        rows.append(f"{path},{1 - number % 2},{number % 2},,,\n")
    (tmp_path / "labels.csv").write_text(HEADER + "".join(rows))
    site, calibration = tmp_path / "site", tmp_path / "site.json"
    done = command("calibrate", tmp_path / "labels.csv", site, "--out", calibration, "--jobs", 1)
    assert done.exit_code == 0, done.output
    classified = command("predict", site, "--json", "--calibration", calibration, "--jobs", 1).stdout
    rows = [json.loads(line) for line in classified.splitlines() if line.startswith("{")]
    share = np.mean([row["probabilities"]["MI"] for row in rows])
    assert share == pytest.approx(0.5, abs=0.001)  # half of these recordings have an infarction


def test_without_enough_labels_nothing_is_written(model):
    with pytest.raises(InputError, match="too few labels"):
        site_calibration.fit({}, [], model)
