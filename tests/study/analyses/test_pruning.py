"""Pruning in chapter 4: the replays, the sixth claim, the base CNN's pruned versions and what they write."""

import pytest

from ecglib.compression.pruning import prunable_layers
from ecglib.evaluation.bootstrap import Estimate
from ecglib.networks import convnet
from ecglib.study import reporting, results
from ecglib.study.analyses import pruned_models, pruned_student, pruning, pruning_replay


@pytest.fixture(scope="module")
def replays(study):
    return pruning_replay.replay_losses(study)


@pytest.fixture(scope="module")
def pruned_quantized(study):
    return pruning_replay.replay_pruned_and_quantized(study)


@pytest.fixture(scope="module")
def pruned(study):
    return pruning.open_pruned_base(study)


@pytest.fixture(scope="module")
def student(study):
    return pruned_student.prune_student(study)


@pytest.fixture(scope="module")
def written(study, replays, pruned_quantized, student, pruned):
    """The study with the chapter's results."""
    pruning_replay.write(study, replays, pruned_quantized)
    student.write()
    pruned.write()
    return study


def test_each_loss_is_scored_dense_and_pruned(replays):
    assert list(replays.table()[["loss", "network"]].itertuples(index=False, name=None)) == [
        ("two sigmoids", "as trained"),
        ("two sigmoids", "20 % pruned"),
        ("one sigmoid", "as trained"),
        ("one sigmoid", "20 % pruned"),
    ]


def test_dynamic_quantization_leaves_every_convolution_as_it_is(pruned_quantized):
    formats = pruned_quantized.layers.set_index("layer")["format"]
    assert (formats.drop("linear") == "float32").all() and formats["linear"] == "int8"


def test_masks_take_as_many_bytes_as_the_weights(pruned_quantized):
    sizes = pruned_quantized.sizes().set_index("what is saved")["bytes"]
    dense, masked, permanent, _ = sizes
    weights = pruned_quantized.layers["weights"].sum()
    assert dense == permanent
    assert masked - dense == pytest.approx(4 * weights, rel=0.6)  # each of these small tensors takes a header as well


def test_the_student_is_pruned_and_compared_over_all_its_seeds_with_weights(study, student):
    seeds = list(study.model("student").seeds)
    assert student.scores.seed.tolist() == student.dense_scores.seed.tolist() == seeds
    assert student.change.n_seeds == len(seeds)


def test_the_students_zeros_are_a_fifth_of_the_weights_of_its_layers(written, student):
    dense = convnet.from_weights(student.runs[0].weights())
    weights = sum(layer.weight.numel() for layer in prunable_layers(dense).values())
    kept = results.read(written.paths.results, "student_pruned_20")["row"]["nonzero_params"]
    assert convnet.counts(dense)["nonzero_params"] - kept == pytest.approx(weights / 5, abs=5)


def test_every_pruned_version_of_the_registry_is_shown(study, pruned):
    assert list(pruned.magnitude_table()["zeros"]) == ["50\u00a0%", "80\u00a0%", "90\u00a0%", "95\u00a0%"]
    assert list(pruned.channels_table()["channels removed"]) == ["25\u00a0%", "50\u00a0%", "60\u00a0%", "75\u00a0%"]


def test_each_layer_is_pruned_by_each_share(study, pruned):
    found = pruning.sensitivity(study, pruned.network, pruned.base_runs[0], records=12)
    assert len(found.table) == len(pruning.SHARES) * 5  # four convolutions and the linear layer


def test_the_fewest_channels_near_the_base_cnn_are_selected(study, monkeypatch):
    aucs = {"base_cnn": 0.93, "25": 0.929, "50": 0.928, "60": 0.9272, "75": 0.926}
    monkeypatch.setattr(type(study), "scores", lambda self, model: model)
    monkeypatch.setattr(pruned_models, "common_seeds", lambda one, other: (one, other))
    monkeypatch.setattr(pruned_models, "mean_auc", lambda study, model, fold: aucs[model.rpartition("channels_")[2]])
    assert pruned_models.selected_channels(study) == "base_cnn_pruned_channels_60"
    aucs.update({"25": 0.91, "50": 0.92, "60": 0.915, "75": 0.9})
    assert pruned_models.selected_channels(study) == "base_cnn_pruned_channels_50"


def test_results_are_written_for_replays_and_pruned_versions(written):
    for model in ("base_cnn_pruning_replay", "student_pruned_20", "pruned_quantized_replay"):
        assert results.read(written.paths.results, model)["row"]["chapter"] == "04_pruning"
    channels = results.read(written.paths.results, "base_cnn_pruned_channels_60")
    assert set(channels["details"]["auc_change"]) == set(Estimate(0, 0, 0).to_dict())


def test_a_findings_columns_name_their_networks(written):
    table = reporting.by_superclass(written, "Pruning")
    assert [name.split(":")[0] for name in table.columns] == [
        "superclass",
        "as reported",
        "replayed",
        "like for like",
        "done right",
    ]
    assert written.model("student_pruned_20").label in table.columns[3]
