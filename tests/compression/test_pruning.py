"""Pruning: which weights are zero and stay zero, which channels are removed, and what the network then computes."""

import copy

import pytest
import torch
from small_trainings import train_torch

from ecglib.compression import pruning
from ecglib.networks import convnet, weights
from ecglib.training import runs
from ecglib.training.settings import TrainingSettings


def test_global_pruning_removes_the_smallest_weights_of_all_layers(network):
    pruned = pruning.prune_globally(network, 0.9)
    before, after = (
        torch.cat([layer.weight.flatten() for layer in pruning.prunable_layers(n).values()]) for n in (network, pruned)
    )
    assert float((after == 0).float().mean()) == pytest.approx(0.9, abs=1e-3)
    assert before[after == 0].abs().max() <= before[after != 0].abs().min()


def test_masks_are_permanent_and_the_original_network_is_unchanged(network):
    pruned = pruning.prune_globally(network, 0.5)
    assert set(pruned.state_dict()) == set(network.state_dict())
    assert convnet.counts(network)["nonzero_params"] > convnet.counts(pruned)["nonzero_params"]


def test_zeros_stay_zero_in_training(network, sample, tmp_path):
    settings = TrainingSettings(
        network="student", epochs=1, batch_size=32, init_from="student", pruning="magnitude", amount=0.8
    )
    pruned = pruning.prune_globally(network, 0.8)
    run = train_torch("pruned", lambda: copy.deepcopy(pruned), settings, 0, sample, tmp_path / "run")
    trained = convnet.from_weights(run.weights())
    for before, after in zip(pruning.prunable_layers(pruned).values(), pruning.prunable_layers(trained).values()):
        assert (after.weight[before.weight == 0] == 0).all()
        assert not torch.equal(before.weight, after.weight)
    assert run.metadata["nonzero_params"] == convnet.counts(trained)["nonzero_params"]
    assert run.metadata["compressed_bytes"] < 0.5 * run.metadata["file_bytes"]


@pytest.mark.parametrize(("share", "channels"), [(0.25, (3, 6, 6)), (0.5, (2, 4, 4)), (0.75, (1, 2, 2))])
def test_channels_are_removed_from_every_layer(network, share, channels):
    smaller = pruning.prune_channels(network, share)
    expected = convnet.ECGNet(channels)
    assert {k: v.shape for k, v in smaller.state_dict().items()} == {
        k: v.shape for k, v in expected.state_dict().items()
    }


def zero_channels(network, share):
    """A copy of the same size in which the channels that pruning removes are zero."""

    def blocks(network):
        layers = list(network.features)
        return [(layer, layers[i + 1]) for i, layer in enumerate(layers) if isinstance(layer, torch.nn.Conv1d)]

    marked, zeroed = copy.deepcopy(network), copy.deepcopy(network).eval()
    for _, norm in blocks(marked):  # the running variance does not affect the norm, so it can hold the channel's index
        norm.running_var = torch.arange(norm.num_features, dtype=torch.float32)
    smaller = pruning.prune_channels(marked, share)
    with torch.no_grad():
        for (convolution, norm), (_, left) in zip(blocks(zeroed), blocks(smaller)):
            lost = torch.ones(norm.num_features, dtype=torch.bool)
            lost[left.running_var.long()] = False
            for values in (convolution.weight, convolution.bias, norm.weight, norm.bias, norm.running_mean):
                values[lost] = 0
    return zeroed


def test_removing_channels_has_the_same_effect_as_zeroing_them(network):
    x = torch.randn(4, 12, 1000)
    smaller, zeroed, whole = (
        n.eval()(x).detach() for n in (pruning.prune_channels(network, 0.5), zero_channels(network, 0.5), network)
    )
    torch.testing.assert_close(smaller, zeroed, atol=1e-6, rtol=0)
    assert (smaller - whole).abs().max() > 1e-4


def test_a_pruned_network_is_rebuilt_from_its_weights_file(network, tmp_path):
    smaller = pruning.prune_channels(network, 0.5)
    weights.save(smaller, tmp_path / "weights.safetensors")
    again = convnet.from_weights(tmp_path / "weights.safetensors").eval()
    x = torch.randn(2, 12, 1000)
    with torch.inference_mode():
        torch.testing.assert_close(again(x), smaller.eval()(x), atol=2e-3, rtol=0)  # weights are stored in float16


def test_a_run_from_other_initial_weights_is_another_run(sample, tmp_path):
    settings = TrainingSettings(network="student", epochs=1, batch_size=64, learning_rate=1e-3)
    starts = []
    for seed in (0, 1):
        build = lambda: convnet.build("student")  # noqa: E731
        starts.append(train_torch("student", build, settings, seed, sample, tmp_path / str(seed)))
    one, other = (runs.run_key("pruned", 0, settings, sample, start) for start in starts)
    assert one != other
    assert runs.run_key("pruned", 0, settings, sample, starts[0]) == one
