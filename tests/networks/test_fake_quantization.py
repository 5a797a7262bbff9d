"""Rounding to 8 bits in a float network."""

import pytest
import torch
from small_trainings import train_torch

from ecglib.networks import convnet, weights
from ecglib.networks.fake_quantization import FakeQuantize, FakeQuantizeWeight, strip_fake_quant
from ecglib.training import scoring
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import Normalization


def test_a_weight_has_255_levels_per_channel_and_keeps_its_gradient():
    weight = torch.randn(4, 3, 200, requires_grad=True)
    rounded = FakeQuantizeWeight()(weight)
    rounded.sum().backward()
    step = weight.detach().abs().amax(dim=(1, 2)) / 127
    for channel in range(4):
        levels = rounded[channel] / step[channel]
        torch.testing.assert_close(levels, levels.round(), atol=1e-3, rtol=0)
        assert levels.abs().max() <= 127.001
    assert (weight.grad == 1).all()


def test_an_activations_range_follows_the_training_batches_only():
    layer = FakeQuantize()
    layer(torch.tensor([-1.0, 3.0]))
    assert (float(layer.low), float(layer.high)) == (-1, 3)
    layer.eval()
    out = layer(torch.tensor([-9.0, 0.0, 9.0]))
    assert (float(layer.low), float(layer.high)) == (-1, 3)
    assert out.tolist() == pytest.approx([-1, 0, 3], abs=0.02)


def test_it_computes_the_same_in_channels_last_order():
    torch.manual_seed(0)
    network = convnet.build("quantization_aware", 0.0).train()
    x = torch.randn(2, 12, 1000)
    network(x)
    network.eval()
    channels_last_net = convnet.channels_last(network).eval()
    with torch.inference_mode():
        torch.testing.assert_close(channels_last_net.logits(x.unsqueeze(2)), network.logits(x), atol=2e-2, rtol=0)
    again = convnet.channels_first(channels_last_net, convnet.build("quantization_aware", 0.0)).eval()
    torch.testing.assert_close(again(x), network(x))


def test_without_fake_quantization_it_is_a_plain_float_network_with_the_rounded_weights():
    network = convnet.build("quantization_aware", 0.0)
    network.train()(torch.randn(4, 12, 1000))
    plain = strip_fake_quant(network.eval())
    assert convnet.counts(plain)["params"] == 614_055
    assert torch.equal(plain.linear.weight, network.linear.weight)
    assert not any(isinstance(layer, FakeQuantize) for layer in plain.modules())
    x = torch.randn(4, 12, 1000)
    torch.testing.assert_close(plain(x), network(x), atol=0.05, rtol=0)


def test_its_weights_are_saved_and_loaded(sample, tmp_path):
    settings = TrainingSettings(
        network="quantization_aware", epochs=1, batch_size=64, learning_rate=1e-3, checkpoint="last"
    )
    build = lambda: convnet.build("quantization_aware")  # noqa: E731
    run = train_torch("quantization_replay", build, settings, 0, sample, tmp_path / "run")
    network = weights.fill(build(), run.weights())
    normalization = Normalization(**run.metadata["normalization"])
    score = scoring.predict(network, sample.in_folds(9, 10), normalization)
    torch.testing.assert_close(torch.from_numpy(score), torch.from_numpy(run.scores.score[0]), atol=1e-6, rtol=0)
