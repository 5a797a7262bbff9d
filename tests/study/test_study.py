"""What a study gives to students and to quantization: folds 1-8 alone, by the weights that are there now."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from numbered_records import ecg_ids, numbered
from small_trainings import train_torch

from ecglib.networks import convnet, inception
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecglib.study.study import Study
from ecglib.training import runs, scoring
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import CLASSES

CROPPED = TrainingSettings(network="student", epochs=1, crop=500, teachers=("student",), same_crop=True)


@pytest.fixture(scope="module")
def study(sample, project, tmp_path_factory) -> Study:
    profile = load_profile(project / "config" / "sample.yml").model_copy(update={"max_calibration_records": None})
    opened = Study(profile, Paths("sample", tmp_path_factory.mktemp("study")))
    vars(opened)["records"] = numbered(sample)
    return opened


@pytest.fixture(scope="module")
def trained(study):
    """Trains a small student, of which the seed decides the weights."""

    def train(seed: int) -> runs.Run:
        settings, folder = TrainingSettings(network="student", epochs=1), study.paths.root / f"trained{seed}"
        build = partial(convnet.ECGNet, (4, 8))
        return train_torch("student", build, settings, seed, study.data, folder)

    return train


@pytest.fixture
def training_ids(study) -> list[int]:
    return study.data.in_folds(*range(1, 9)).ecg_id.tolist()


def test_int8_files_are_calibrated_on_folds_1_to_8(study, trained, training_ids):
    run = trained(0)
    assert ecg_ids(study.representative_records(run, len(study.data)), run.normalization) == training_ids
    assert set(ecg_ids(study.representative_records(run, 30), run.normalization)) < set(training_ids)


def test_a_profile_limits_the_records_of_a_calibration(study, trained):
    limited = Study(study.settings.model_copy(update={"max_calibration_records": 5}), study.paths)
    vars(limited)["records"] = study.records
    assert [len(limited.representative_records(trained(0), count)) for count in (3, 200)] == [3, 5]


def test_a_torch_teacher_scores_folds_1_to_8(study, trained, training_ids, monkeypatch):
    run, scored = trained(0), []
    outputs = scoring._outputs

    def recorded(forward, dataset, *more):
        scored.append(dataset.ecg_id.tolist())
        return outputs(forward, dataset, *more)

    monkeypatch.setattr(scoring, "_outputs", recorded)
    assert study.training_scores(run).ecg_id.tolist() == training_ids
    assert len(study.training_crop_scores(run, CROPPED)) == len(training_ids)
    assert scored == [training_ids] * 2


def test_a_keras_teacher_scores_folds_1_to_8(study, trained, training_ids, monkeypatch):
    scored = []

    class Network:
        def predict(self, x, **_):
            scored.append(x)
            return np.full((len(x), 5), 0.5, np.float32)

    record = trained(0).metadata | {"model": "inception_cnn"}
    run = runs.finish(study.paths.root / "keras", record)
    monkeypatch.setattr(inception, "build", lambda: None)
    monkeypatch.setattr(inception, "load_weights", lambda *_: Network())
    monkeypatch.setattr(runs.Run, "weights", lambda self: None)
    assert study.training_scores(run).ecg_id.tolist() == training_ids
    assert [ecg_ids(x, run.normalization) for x in scored] == [training_ids]


def test_stored_scores_are_those_of_the_weights_at_hand(study, trained):
    """A folder is trained again after its run.json was deleted: its other files stay."""
    first, second = trained(0), trained(1)
    again = runs.finish(study.paths.root / "again", second.metadata | {"seed": 0})
    (again.folder / again.metadata["weights"]).write_bytes(second.weights().read_bytes())
    one, other = study.training_scores(first), study.training_scores(again)
    assert not np.array_equal(one.score, other.score)
    np.testing.assert_array_equal(study.training_scores(first).score, one.score)
    crops = study.training_crop_scores(first, CROPPED), study.training_crop_scores(again, CROPPED)
    assert not np.array_equal(*crops)


def test_a_student_of_superclasses_sees_its_records_and_columns_of_a_teacher_of_all_labels(study, trained):
    teacher = runs.finish(study.paths.root / "all", trained(0).metadata | {"model": "compact_32_statements"})
    table = study.records.table.copy()
    table.loc[table.index[::7], list(CLASSES)] = False
    records = replace(study.records, table=table)
    every = Study(study.settings, study.paths)
    labels = pd.DataFrame(False, records.ecg_id, [*CLASSES, "statement"])
    vars(every).update(records=records, all_tasks=records.with_labels(labels))
    known, seen = (data.in_folds(*range(1, 9)).ecg_id[:, None, None] for data in (records, every.data))
    path = every._stored(teacher, "training_crop_scores_500", ".npy")
    path.parent.mkdir(parents=True)
    np.save(path, known + np.broadcast_to(np.arange(6) / 10, (21, 6)))
    expected = seen + np.broadcast_to(np.arange(5) / 10, (21, 5))
    np.testing.assert_array_equal(every.training_crop_scores(teacher, CROPPED), expected)
