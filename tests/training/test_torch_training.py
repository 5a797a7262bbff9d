"""Training: what it saves, what it loads, and how it resumes."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from numbered_records import ecg_ids, numbered
from small_trainings import RUN_FILES, PowerCut, interrupt, train_torch

from ecglib.data.normalization import fit_normalization
from ecglib.networks import convnet, weights
from ecglib.training import augmentation, runs, scoring, torch_training
from ecglib.training.classifier import Classifier
from ecglib.training.settings import TrainingSettings
from ecglib.training.torch_training import TorchTraining
from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import Normalization

SETTINGS = TrainingSettings(network="student", epochs=2, batch_size=32, max_shift=20, gain_sd=0.1, max_noise_sd=0.02)
BUILD = partial(convnet.ECGNet, (4, 8))


@pytest.fixture(scope="module")
def finished(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "student" / "seed0"
    return train_torch("student", BUILD, SETTINGS, 0, sample, folder)


def test_a_run_has_history_weights_scores_and_metadata(finished, sample):
    assert finished.history["epoch"].tolist() == [0, 1]
    assert finished.metadata["records"] == {
        "train": len(sample.in_folds(*range(1, 9))),
        "validation": len(sample.in_folds(9)),
        "test": len(sample.in_folds(10)),
    }
    assert sorted(p.name for p in finished.folder.iterdir()) == RUN_FILES


def test_scores_are_those_of_the_saved_weights(finished, sample):
    network = weights.fill(BUILD(), finished.weights())
    normalization = Normalization(**finished.metadata["normalization"])
    scored = sample.in_folds(9, 10)
    np.testing.assert_allclose(scoring.predict(network, scored, normalization), finished.scores.score[0], atol=1e-5)
    assert finished.scores.ecg_id.tolist() == scored.ecg_id.tolist()


def test_the_best_epoch_on_fold_9_is_kept(finished):
    assert finished.metadata["best_epoch"] == finished.history["val_auc"].idxmax()


def test_a_finished_run_is_loaded(finished, sample, monkeypatch):
    monkeypatch.setattr(Classifier, "training_loss", lambda *_: pytest.fail("trained again"))
    again = train_torch("student", BUILD, SETTINGS, 0, sample, finished.folder)
    assert again.metadata == finished.metadata


def test_a_run_finished_elsewhere_is_copied(finished, sample, tmp_path):
    run = runs.prepare_or_load(tmp_path / "new", runs.run_key("student", 0, SETTINGS, sample), [finished.folder])
    assert run.metadata == finished.metadata


@pytest.mark.parametrize("change", [{"seed": 1}, {"model": "base_cnn"}, {"fingerprint": "0"}])
def test_a_run_with_another_key_is_not_used(finished, change):
    key = {name: finished.metadata[name] for name in ("model", "seed", "settings", "fingerprint", "records")}
    assert runs.find([finished.folder], key)
    assert runs.find([finished.folder], key | change) is None


@pytest.mark.parametrize(
    ("owner", "name", "when"),
    [
        (Classifier, "training_loss", 7),  # inside the second epoch
        (runs, "append_history", 2),  # the history has the epoch, the checkpoint does not
        (TorchTraining, "validate", 3),
        (torch_training, "recalibrate_batchnorm", 1),  # after the last epoch, before the weights are written
    ],
)
def test_a_killed_training_resumes_to_the_same_weights(sample, tmp_path, monkeypatch, owner, name, when):
    settings = SETTINGS.model_copy(update={"epochs": 3, "checkpoint": "last", "bn_records": 32, "average": 0.9})
    build, folder = partial(convnet.ECGNet, (4, 8), 0.3), tmp_path / "cut"
    uninterrupted = train_torch("student", build, settings, 0, sample, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt(patch, owner, name, when)
        with pytest.raises(PowerCut):
            train_torch("student", build, settings, 0, sample, folder)
    files.write_text(folder / "checkpoints" / "9.host.1.part.pt", "a checkpoint that was not finished")
    run = train_torch("student", build, settings, 0, sample, folder)
    assert run.weights_sha256() == uninterrupted.weights_sha256()
    measured = uninterrupted.history.columns.drop("seconds")
    pd.testing.assert_frame_equal(run.history[measured], uninterrupted.history[measured])


def test_files_of_an_interrupted_run_with_other_settings_are_not_used(tmp_path):
    folder = tmp_path / "run"
    assert runs.prepare_or_load(folder, {"settings": {"epochs": 1}}) is None
    files.write_text(folder / "history.csv", "epoch\n7\n")
    assert runs.prepare_or_load(folder, {"settings": runs.DEFAULT_SETTINGS | {"epochs": 2}}) is None
    assert not (folder / "history.csv").exists()


def test_a_run_older_than_a_setting_counts_as_having_its_default(finished, tmp_path):
    record = finished.metadata
    key = {name: record[name] for name in ("model", "seed", "settings", "fingerprint", "records")}
    old = {k: v for k, v in record["settings"].items() if k != "checkpoint"}
    runs.finish(tmp_path, record | {"settings": old})
    assert runs.find([tmp_path], key)
    assert runs.find([tmp_path], key | {"settings": record["settings"] | {"checkpoint": "last"}}) is None


@pytest.mark.parametrize(("checkpoint", "kept_epoch"), [("best", 1), ("last", 3)])
def test_kept_weights_are_those_of_the_requested_epoch(sample, tmp_path, monkeypatch, checkpoint, kept_epoch):
    validation_auc = iter([0.9, 0.7, 0.6])  # the first epoch is the best one
    monkeypatch.setattr("ecglib.training.torch_training.macro_auc", lambda *_: next(validation_auc))
    constant = {"network": "student", "batch_size": 64, "optimizer": "adam", "schedule": "late_decay", "decay_from": 9}

    def trained(epochs, checkpoint, name):
        settings = TrainingSettings(epochs=epochs, checkpoint=checkpoint, **constant)
        return train_torch("student", BUILD, settings, 0, sample, tmp_path / name)

    kept = trained(3, checkpoint, "kept").weights_sha256()
    validation_auc = iter([0.5, 0.6, 0.7])
    assert kept == trained(kept_epoch, "last", "reference").weights_sha256()


def test_averaged_weights_are_kept_in_place_of_the_last(sample, tmp_path):
    one_step = {"network": "student", "batch_size": len(sample), "optimizer": "adam", "schedule": "late_decay"}

    def convolution(epochs, average):
        settings = TrainingSettings(epochs=epochs, average=average, decay_from=9, checkpoint="last", **one_step)
        run = train_torch("student", BUILD, settings, 0, sample, tmp_path / f"{epochs} {average}")
        return weights.fill(BUILD(), run.weights()).features[0].weight.detach()

    expected = 0.75 * convolution(1, 0) + 0.25 * convolution(2, 0)
    torch.testing.assert_close(convolution(2, 0.75), expected, atol=1e-4, rtol=1e-3)  # saved as float16


def test_late_decay_lowers_the_learning_rate_and_history_records_it(sample, tmp_path):
    settings = TrainingSettings(
        network="student", epochs=2, batch_size=64, schedule="late_decay", decay_from=1, learning_rate=1e-3
    )
    run = train_torch("student", BUILD, settings, 0, sample, tmp_path / "run")
    np.testing.assert_allclose(run.history["learning_rate"], [1e-3, 1e-3 * np.exp(-0.1)])


def test_other_labels_and_signals_of_the_test_fold_change_no_weight(sample, tmp_path):
    settings = SETTINGS.model_copy(update={"test_fold": 4, "bn_records": 64})
    table, signals, tested = sample.table.copy(), np.array(sample.signals), (sample.table["fold"] == 4).to_numpy()
    table.loc[tested, "NORM"] = ~table.loc[tested, "NORM"]
    signals[sample.rows[tested]] = 0
    changed = replace(sample, table=table, signals=signals)
    first, second = (
        train_torch("student", BUILD, settings, 0, dataset, tmp_path / name)
        for name, dataset in (("as it is", sample), ("changed", changed))
    )
    assert first.weights().read_bytes() == second.weights().read_bytes()
    assert not np.array_equal(first.scores.for_fold(4).score, second.scores.for_fold(4).score)


def test_an_interrupted_run_older_than_a_setting_resumes(tmp_path, finished):
    key = {name: finished.metadata[name] for name in ("model", "seed", "settings", "fingerprint", "records")}
    old = {k: v for k, v in key["settings"].items() if k != "checkpoint"}
    files.write_text(tmp_path / "in_progress.json", json.dumps(key | {"settings": old}))
    files.write_text(tmp_path / "history.csv", "epoch\n0\n")
    assert runs.prepare_or_load(tmp_path, key) is None
    assert (tmp_path / "history.csv").exists()


@pytest.mark.parametrize("elsewhere", [False, True], ids=["trained anew", "found elsewhere"])
def test_a_finished_run_with_another_key_is_moved(tmp_path, finished, elsewhere):
    key = {name: finished.metadata[name] for name in ("model", "seed", "settings", "fingerprint", "records")}
    folder, other = tmp_path / "seed0", tmp_path / "other"
    runs.finish(folder, finished.metadata)
    runs.finish(other, finished.metadata | {"seed": 9})
    run = runs.prepare_or_load(folder, key | {"seed": 9}, [other] if elsewhere else [])
    assert (run.metadata["seed"] if run else None) == (9 if elsewhere else None)
    assert runs.Run(tmp_path / "seed0.superseded").metadata == finished.metadata


def test_an_exported_run_is_found_as_the_same_run(finished, tmp_path):
    key = {name: finished.metadata[name] for name in ("model", "seed", "settings", "fingerprint", "records")}
    runs.export_run(finished.folder, tmp_path / "with", weights=True)
    runs.export_run(finished.folder, tmp_path / "without", weights=False)
    assert runs.find([tmp_path / "with"], key).weights().read_bytes() == finished.weights().read_bytes()
    with pytest.raises(InputError, match="weights not committed"):
        runs.find([tmp_path / "without"], key).weights()


def test_an_export_without_weights_removes_those_of_an_earlier_one(finished, tmp_path):
    weights = runs.export_run(finished.folder, tmp_path, weights=True).weights()
    runs.export_run(finished.folder, tmp_path, weights=False)
    assert not weights.exists()


@pytest.mark.parametrize(
    ("capabilities", "expected"), [({"amx_bf16": True}, "bf16-mixed"), ({"avx512_f": True}, "32-true")]
)
def test_mixed_precision_if_the_processor_supports_it(capabilities, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert scoring.training_precision() == expected


@pytest.mark.parametrize(
    ("test_fold", "train_folds", "validation_fold"),
    [(10, (1, 2, 3, 4, 5, 6, 7, 8), 9), (4, (1, 2, 5, 6, 7, 8, 9, 10), 3), (1, (2, 3, 4, 5, 6, 7, 8, 9), 10)],
)
def test_only_training_folds_reach_training_batch_norm_and_normalization(
    test_fold, train_folds, validation_fold, sample, tmp_path, monkeypatch
):
    """Each epoch has every record once, in an order of its own; recalibration has each once, in the table's order."""
    dataset, epochs, recalibrated, validated = numbered(sample), [], [], []
    train_part = dataset.in_folds(*train_folds)
    loss, forward, validation = Classifier.training_loss, Classifier.forward, Classifier.validation_logits

    def training_loss(self, x, *given):
        epochs.append(x)
        return loss(self, x, *given)

    def recalibrating(self, x):
        if self.training:
            recalibrated.append(x)
        return forward(self, x)

    def validating(self, x):
        validated.append(x)
        return validation(self, x)

    monkeypatch.setattr(Classifier, "training_loss", training_loss)
    monkeypatch.setattr(Classifier, "forward", recalibrating)
    monkeypatch.setattr(Classifier, "validation_logits", validating)
    more = {"batch_size": len(train_part), "bn_records": len(sample), "test_fold": test_fold}
    settings = TrainingSettings(network="student", epochs=2, **more)
    run = train_torch("student", BUILD, settings, 0, dataset, tmp_path / "run")
    first, second = (ecg_ids(x, run.normalization) for x in epochs)
    expected = train_part.ecg_id.tolist()
    assert sorted(first) == sorted(second) == expected
    assert first != second
    assert ecg_ids(torch.cat(recalibrated), run.normalization) == expected
    assert ecg_ids(torch.cat(validated), run.normalization) == 2 * dataset.in_folds(validation_fold).ecg_id.tolist()
    assert run.scores.ecg_id.tolist() == dataset.in_folds(validation_fold, test_fold).ecg_id.tolist()
    assert not set(expected) & set(run.scores.ecg_id)
    volts = train_part.millivolts(slice(None)).astype(np.float64)
    assert (run.normalization.mean, run.normalization.scale) == pytest.approx((volts.mean(), volts.std()))


def test_a_crop_is_a_random_part_of_the_record():
    x = torch.arange(1000.0).repeat(64, 1).unsqueeze(2).expand(-1, -1, 12)
    cropped = augmentation.augment(x, TrainingSettings(network="student", epochs=1, crop=250))
    assert cropped.shape == (64, 250, 12)
    starts = cropped[:, 0, 0]
    assert torch.equal(cropped[:, :, 3], starts.unsqueeze(1) + torch.arange(250.0))
    assert starts.min() < 250 < 500 < starts.max() <= 750


def test_without_augmentation_settings_records_are_unchanged():
    x = torch.randn(4, 1000, 12)
    assert augmentation.augment(x, TrainingSettings(network="student", epochs=1)) is x


def test_a_shift_moves_all_leads_and_fills_with_zeros():
    torch.manual_seed(0)
    x = torch.arange(1.0, 1001).repeat(12, 1).T[None].repeat(8, 1, 1)
    shifted = augmentation.augment(x, TrainingSettings(network="student", epochs=1, max_shift=50))
    assert (shifted[..., :1] == shifted).all()
    for record in shifted[..., 0]:
        kept = record[record != 0]
        assert 950 <= len(kept) <= 1000
        assert (kept.diff() == 1).all()


def test_a_gain_scales_a_record_as_a_whole():
    torch.manual_seed(0)
    x = torch.randn(4, 1000, 12)
    gain = augmentation.augment(x, TrainingSettings(network="student", epochs=1, gain_sd=0.2)) / x
    torch.testing.assert_close(gain, gain[:, :1, :1].expand_as(gain), rtol=1e-4, atol=1e-4)
    assert gain[:, 0, 0].unique().numel() == 4


def test_recalibrated_statistics_are_those_of_whole_records_without_dropout(sample):
    settings, records = (
        TrainingSettings(network="student", epochs=1, crop=250),
        sample.in_folds(*range(1, 9)).sample(64, seed=0),
    )
    normalization = fit_normalization(sample)
    classifier = Classifier(BUILD(), settings)
    torch_training.recalibrate_batchnorm(classifier, records, normalization)
    network, seen = convnet.channels_first(classifier.network, BUILD()).eval(), {}
    norms = [layer for layer in network.features if isinstance(layer, torch.nn.BatchNorm1d)]
    for norm in norms:
        norm.register_forward_hook(lambda layer, given, _out: seen.update({layer: given[0]}))
    scoring.predict(network, records, normalization)
    for norm in norms:
        torch.testing.assert_close(norm.running_mean, seen[norm].mean(dim=(0, 2)), rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(norm.running_var, seen[norm].var(dim=(0, 2)), rtol=1e-3, atol=1e-3)


def test_a_run_saves_the_recalibrated_statistics(finished, sample, tmp_path):
    settings = SETTINGS.model_copy(update={"bn_records": 64})
    run = train_torch("student", BUILD, settings, 0, sample, tmp_path / "run")
    kept, other = (weights.read(one.weights()) for one in (run, finished))
    differ = {name.rsplit(".", 1)[1] for name in kept if not np.array_equal(kept[name], other[name])}
    assert {"running_mean", "running_var"} <= differ <= {"running_mean", "running_var", "num_batches_tracked"}


def test_bfloat16_scores_are_close_to_float32_scores(finished, sample):
    network, normalization = (
        convnet.from_weights(finished.weights()),
        Normalization(**finished.metadata["normalization"]),
    )
    exact, fast = (one(network, sample.in_folds(9), normalization) for one in (scoring.predict, scoring.predict_bf16))
    np.testing.assert_allclose(fast, exact, atol=0.03)
