"""The Inception CNN in Keras: the original's table row by row, training, weights files, and .tflite files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_trainings import RUN_FILES

from ecglib.compression import tflite_files
from ecglib.networks import inception
from ecglib.study import original
from ecglib.training import keras_training
from ecglib.training.settings import TrainingSettings
from ecglib.training.train import train
from ecgpredict.spec import Normalization

AUGMENTED = {"max_shift": 20, "gain_sd": 0.1, "max_noise_sd": 0.02, "dropout": 0.3}
SETTINGS = TrainingSettings(network="inception_cnn", epochs=1, batch_size=32, learning_rate=1e-3, **AUGMENTED)


@pytest.fixture(scope="module")
def few(sample):
    """100 of the records, of all folds."""
    return sample.sample(100, seed=0)


@pytest.fixture(scope="module")
def finished(few, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "inception_cnn" / "seed0"
    return train("inception_cnn", SETTINGS, 0, few, folder)


@pytest.fixture(scope="module")
def records(few) -> np.ndarray:
    return few.in_folds(9).millivolts(slice(None)) / np.float32(0.2)


@pytest.fixture(scope="module")
def files(finished, records, tmp_path_factory) -> dict[str, Path]:
    model = inception.load_weights(inception.build(), finished.weights())
    folder = tmp_path_factory.mktemp("tflite")
    return {
        "float32": tflite_files.to_tflite(model, folder / "float32.tflite"),
        "int8": tflite_files.to_tflite(model, folder / "int8.tflite", records),
    }


def test_every_row_of_the_published_table():
    pd.testing.assert_frame_equal(inception.layer_table(inception.build()), original.inception_table())


def test_a_run_has_the_files_of_every_run(finished):
    assert sorted(p.name for p in finished.folder.iterdir()) == RUN_FILES
    assert finished.history["epoch"].tolist() == [0]
    assert finished.metadata["backend"] == "tensorflow"


def test_scores_are_those_of_the_saved_weights(finished, few):
    model = inception.load_weights(inception.build(), finished.weights())
    normalization = Normalization(**finished.metadata["normalization"])
    score = keras_training.predict(model, few.in_folds(9, 10), normalization)
    np.testing.assert_allclose(score, finished.scores.score[0], atol=1e-5)


def test_a_finished_run_is_loaded(finished, few, monkeypatch):
    monkeypatch.setattr(inception, "build", lambda *_: pytest.fail("built again"))
    assert train("inception_cnn", SETTINGS, 0, few, finished.folder).metadata == finished.metadata


def test_the_float_file_computes_what_keras_does(files, finished, records):
    model = inception.load_weights(inception.build(), finished.weights())
    np.testing.assert_allclose(
        tflite_files.predict(files["float32"], records), model.predict(records, verbose=0), atol=1e-4
    )


def test_the_int8_file_is_full_integer_and_close(files, records):
    types = tflite_files.tensor_types(files["int8"])
    assert set(types) <= {"int8", "int32"}
    assert tflite_files.tensor_types(files["float32"])["float32"] > 0
    difference = np.abs(tflite_files.predict(files["int8"], records) - tflite_files.predict(files["float32"], records))
    assert difference.mean() < 0.05


def test_the_int8_file_is_about_a_quarter(files):
    assert files["int8"].stat().st_size <= 0.27 * files["float32"].stat().st_size


def test_the_late_decay_is_the_originals():
    rate = keras_training.LateDecay(1.1e-3, start=30 * 10, steps=10)
    assert float(rate(299)) == pytest.approx(1.1e-3)
    assert float(rate(300)) == pytest.approx(1.1e-3 * np.exp(-0.1))
    assert float(rate(315)) == pytest.approx(1.1e-3 * np.exp(-0.2))


def test_the_torch_backend_fits_and_reads_the_same_weights(finished, records, tmp_path):
    np.save(tmp_path / "records.npy", records[:8])
    script = f"""
import json, sys, numpy as np
from ecglib.networks import inception
x = np.load({str(tmp_path / "records.npy")!r})
model = inception.load_weights(inception.build(), __import__("pathlib").Path({str(finished.weights())!r}))
score = model.predict(x, verbose=0)
model.compile("adam", "binary_crossentropy")
loss = model.fit(x, (score > 0.5).astype("float32"), epochs=1, verbose=0).history["loss"][0]
print(json.dumps({{"backend": inception.keras.backend.backend(), "score": score.tolist(), "loss": loss}}))
"""
    environment = os.environ | {"KERAS_BACKEND": "torch"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    printed = json.loads(done.stdout.splitlines()[-1])
    assert printed["backend"] == "torch"
    assert np.isfinite(printed["loss"])
    model = inception.load_weights(inception.build(), finished.weights())
    np.testing.assert_allclose(printed["score"], model.predict(records[:8], verbose=0), atol=1e-3)
