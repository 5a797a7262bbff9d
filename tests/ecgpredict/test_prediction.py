"""Classifying recordings with a released model: verified files, windows, many at once, and the command's output."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import command

from ecglib.compression import onnx_files, quantization
from ecglib.networks import convnet
from ecgpredict import prediction, recordings, released, synthetic_ecg
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS, Normalization

NAME, THRESHOLDS = "ecg1", (0.4, 0.5, 0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a manifest and a student of random weights, as int8."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    network = convnet.build("student")
    network.train()(torch.randn(16, 12, 1000))
    x = np.random.default_rng(0).standard_normal((8, 1000, 12)).astype(np.float32)
    file = quantization.quantize(onnx_files.to_onnx(network.eval(), folder / "f.onnx"), folder / "q.onnx", x)
    released.write(folder, NAME, [file], Normalization(0.0, 0.25), 1.3, THRESHOLDS)
    return folder


@pytest.fixture(scope="module")
def signals() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [synthetic_ecg.ecg([name], rng).astype(np.float32) for name in ("NORM", "IMI", "NORM")]


@pytest.fixture
def files(signals, tmp_path):
    for number, signal in enumerate(signals):
        np.savez(tmp_path / f"{number}.npz", signal=signal, rate=100, units="mV")
    return sorted(tmp_path.glob("*.npz"))


@pytest.fixture
def damaged(models, tmp_path):
    """A copy of the models for a test to damage."""
    for path in models.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_the_manifest_names_the_default_and_the_model_for_microcontrollers(damaged):
    assert released.load(where=damaged).name == released.microcontroller(damaged) == NAME
    released.write(damaged, "other", [damaged / f"{NAME}.onnx"], Normalization(0.0, 0.25), 1.0, THRESHOLDS)
    assert released.default(damaged) == NAME  # a further model changes nothing
    released.set_roles(damaged, "other", NAME, {})
    assert released.load(where=damaged).name == "other"
    assert released.microcontroller(damaged) == NAME


def test_a_model_of_the_roles_has_to_exist(damaged):
    for names in (("none", NAME), (NAME, "none")):
        with pytest.raises(InputError, match="unknown model"):
            released.set_roles(damaged, *names, {})
    with pytest.raises(InputError, match="unknown model"):
        released.set_roles(damaged, NAME, NAME, {"former": "none"})


def test_a_former_name_stands_for_its_successor_and_warns_once(damaged, capsys):
    released.set_roles(damaged, NAME, NAME, {"a former model": NAME})
    assert [released.load("a former model", damaged).name for _ in range(2)] == [NAME, NAME]
    (line,) = capsys.readouterr().err.splitlines()
    assert "a former model" in line and NAME in line


def test_a_release_takes_the_place_of_the_former_one(damaged, models):
    before = damaged / "before"
    before.mkdir()
    released.write(before, "former", [damaged / f"{NAME}.onnx"], Normalization(0.0, 0.25), 1.0, THRESHOLDS)
    (before / "weights").touch()
    released.copy_release(models, before)
    assert {path.name for path in before.iterdir()} == {released.MANIFEST, f"{NAME}.onnx", "weights"}
    assert released.default(before) == NAME


def test_another_format_of_the_manifest_is_named(damaged):
    path = damaged / released.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))
    with pytest.raises(InputError, match="format 1"):
        released.load(where=damaged)


def test_a_released_model_matches_its_manifest(models):
    model = released.load(where=models)
    assert model.normalization == Normalization(0.0, 0.25)
    assert (model.temperature, model.thresholds.tolist()) == (1.3, list(THRESHOLDS))
    entry = json.loads((models / released.MANIFEST).read_text())["models"][NAME]
    assert (entry["leads"], entry["classes"]) == (list(LEADS), list(CLASSES))


def test_probabilities_are_those_of_the_file_with_normalization_and_temperature(models, signals):
    model = released.load(where=models)
    raw = onnx_files.predict(model.path, np.stack(signals) / np.float32(0.25)).astype(float)
    logit = np.log(raw / (1 - raw)) / 1.3
    np.testing.assert_allclose(model.probabilities(np.stack(signals)), 1 / (1 + np.exp(-logit)), atol=1e-6)


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-1000], lambda content: content[:-1] + bytes([content[-1] ^ 1])]
)
def test_a_damaged_model_file_is_named(damaged, damage):
    path = damaged / f"{NAME}.onnx"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match="wrong checksum of a model file"):
        released.load(where=damaged)


def test_missing_models_are_named(damaged, tmp_path):
    with pytest.raises(InputError, match="unknown model"):
        released.load("teacher", damaged)
    (damaged / f"{NAME}.onnx").unlink()
    with pytest.raises(InputError, match="model file missing"):
        released.load(where=damaged)
    with pytest.raises(InputError, match="no released models"):
        released.load(where=tmp_path / "nowhere")


def test_predictions_come_in_order_with_findings_at_their_thresholds(models, files):
    model = released.load(where=models)
    found = list(prediction.classify(files, model))
    assert [one.path for one in found] == files
    for one in found:
        above = [name for name, limit in zip(CLASSES, THRESHOLDS) if one.probabilities[name] >= limit]
        assert list(one.findings) == above
        assert (one.windows, one.quality_warnings, one.error) == (1, (), "")


def test_a_long_recording_gets_the_mean_of_its_windows(models, signals, tmp_path):
    model = released.load(where=models)
    np.savez(tmp_path / "long.npz", signal=np.concatenate(signals), rate=100, units="mV")
    (one,) = prediction.classify([tmp_path / "long.npz"], model)
    assert one.windows == 3
    np.testing.assert_allclose(
        list(one.probabilities.values()), model.probabilities(np.stack(signals)).mean(axis=0), atol=1e-6
    )


def test_predictions_do_not_depend_on_the_number_of_processes(models, files):
    model = released.load(where=models)
    many = files * 50
    one, two = (list(prediction.classify(many, model, jobs=jobs)) for jobs in (1, 2))
    assert one == two
    assert [prediction_.path for prediction_ in two] == many


def test_a_folder_without_recordings_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("not a recording")
    with pytest.raises(InputError, match="no recordings in a folder"):
        prediction.find_recordings([tmp_path])


def test_models_are_copied_with_their_manifest_or_not_at_all(damaged, tmp_path):
    released.copy_release(damaged, tmp_path / "models")
    assert released.load(where=tmp_path / "models").thresholds.tolist() == list(THRESHOLDS)
    path = damaged / f"{NAME}.onnx"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="wrong checksum of a model file"):
        released.copy_release(damaged, tmp_path / "other")
    assert not (tmp_path / "other" / released.MANIFEST).exists()


def test_both_files_of_a_model_have_one_temperature_and_the_integers_their_scales(damaged):
    file, scales = damaged / "model.tflite", {"input_scale": 0.2, "input_zero": 8}
    file.write_bytes(b"model")
    sources = [damaged / f"{NAME}.onnx", file]
    released.write(damaged, "both", sources, Normalization(0.0, 1.0), 1.2, THRESHOLDS, integers=scales, seed=3)
    entries = [released.load_verified("both", damaged, kind)[1] for kind in (released.ONNX, released.TFLITE)]
    assert [one["file"] for one in entries] == ["both.onnx", "both.tflite"]
    assert [one["temperature"] for one in entries] == [1.2, 1.2]
    assert ["input_scale" in one for one in entries] == [False, True]
    assert entries[0]["seed"] == 3


def test_a_model_without_a_file_of_the_kind_is_named(damaged):
    with pytest.raises(InputError, match=r"without a \.tflite file"):
        released.load_verified(NAME, damaged, released.TFLITE)


@pytest.fixture
def ecglib(models, monkeypatch):
    """Runs `ecglib predict` with these arguments in this process."""
    monkeypatch.setattr(released, "folder", lambda: models)
    monkeypatch.setenv("COLUMNS", "120")

    def predict(*arguments, jobs=1):
        return command("predict", *arguments, "--jobs", jobs)

    return predict


def test_json_and_csv_have_a_row_for_each_recording_and_the_error_of_one_that_failed(ecglib, files):
    files[1].write_bytes(b"")
    rows = [json.loads(line) for line in ecglib(*files, "--json").stdout.splitlines()]
    assert [row["path"] for row in rows] == list(map(str, files))
    assert [row["error"] and row["error"].split(";")[0] for row in rows] == [None, "empty file", None]
    assert list(rows[0]["probabilities"]) == list(CLASSES)
    rows = list(csv.DictReader(io.StringIO(ecglib(*files, "--csv").stdout)))
    assert [row["error"].split(";")[0] for row in rows] == ["", "empty file", ""]
    assert rows[1]["MI"] == "" and rows[1]["path"] == str(files[1])


def test_classifying_imports_no_library_that_it_does_not_need(models, files):
    code = (
        "import sys; from pathlib import Path; from ecglib import cli; "
        "from ecgpredict import prediction, released, reports; "
        f"model = released.load(where=Path({str(models)!r})); "
        f"print(len(list(prediction.classify([Path({str(files[0])!r})], model)))); "
        "unneeded = ('torch', 'tensorflow', 'keras', 'onnx', 'pandas', 'sklearn', 'scipy.signal'); "
        "print([name for name in unneeded if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["1", "[]"], done.stderr


def test_the_exit_status_tells_whether_every_recording_was_read(ecglib, files):
    assert ecglib(*files).exit_code == 0
    files[0].write_bytes(b"")
    some = ecglib(*files, "--json")
    assert some.exit_code == 1
    assert "empty file" in some.stderr
    assert ecglib(files[0]).exit_code == 1
    unknown = ecglib(*files, "--model", "teacher")
    assert unknown.exit_code == 2
    assert "unknown model" in unknown.stderr


def test_the_command_continues_after_an_error_in_a_worker_process(ecglib, files):
    files[1].write_bytes(b"")
    rows = ecglib(*files, "--json", jobs=2).stdout.splitlines()
    assert [bool(json.loads(row)["error"]) for row in rows] == [False, True, False]


def raise_recursion_error():
    raise RecursionError("too deep")


def never_end():
    while True:
        pass


@pytest.mark.parametrize(("task", "error"), [(raise_recursion_error, "RecursionError"), (never_end, "not finished")])
def test_a_reader_that_raises_or_never_ends_is_reported(models, files, monkeypatch, task, error):
    read = recordings.read
    monkeypatch.setattr(
        prediction.recordings, "read", lambda path, **more: task() if path == files[1] else read(path, **more)
    )
    monkeypatch.setattr(prediction.batches, "TIME_LIMIT_S", 0.5)
    found = list(prediction.classify(files, released.load(where=models)))
    assert [error in one.error for one in found] == [False, True, False]
    assert [bool(one.probabilities) for one in found] == [True, False, True]
