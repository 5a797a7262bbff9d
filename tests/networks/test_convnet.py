"""The torch networks: the original's tables row by row, and the channels-last copies that are trained."""

import pandas as pd
import pytest
import torch

from ecglib.networks import build, convnet
from ecglib.networks.architectures import CompactShape
from ecglib.study import original


@pytest.mark.parametrize("model", ["base_cnn", "student"])
def test_every_row_of_the_published_table(model):
    ours = convnet.layer_table(convnet.build(model))
    pd.testing.assert_frame_equal(ours, original.layer_table(model))


@pytest.mark.parametrize(("model", "params"), [("base_cnn", 6_522_555), ("student", 534_005)])
def test_the_published_sizes(model, params):
    sizes, published = convnet.size_table(convnet.build(model)), original.SIZES_MB[model]
    assert sizes["params"] == params
    assert {name: round(sizes[name], 2) for name in published} == published


SHAPES = {kind: CompactShape(block=kind, widths=(8, 40, 40), kernel=7) for kind in ("plain", "separable", "residual")}


@pytest.fixture(params=["student", *SHAPES])
def new_network(request):
    shape = SHAPES.get(request.param)
    return lambda: build.build("compact" if shape else request.param, shape=shape)


def test_the_channels_last_copy_computes_the_same(new_network):
    torch.manual_seed(0)
    network = new_network().eval()
    channels_last_net = convnet.channels_last(network).eval()
    x = torch.randn(2, 12, 1000)
    torch.testing.assert_close(channels_last_net.logits(x.unsqueeze(2)), network.logits(x), rtol=1e-4, atol=1e-5)


def test_the_weights_of_the_channels_last_copy_are_copied_back(new_network):
    channels_last_net = convnet.channels_last(new_network())
    with torch.no_grad():
        for parameter in channels_last_net.parameters():
            parameter.normal_()
    network = convnet.channels_first(channels_last_net, new_network()).eval()
    x = torch.randn(2, 12, 1000)
    expected = channels_last_net.eval().logits(x.unsqueeze(2))
    torch.testing.assert_close(network.logits(x), expected, rtol=1e-3, atol=1e-3)


def test_zero_parameters_are_not_counted_as_nonzero():
    network = convnet.build("student")
    with torch.no_grad():
        network.linear.weight.zero_()
        network.linear.bias.fill_(1)
        before = sum(int((p != 0).sum()) for p in network.parameters())
    assert convnet.counts(network)["nonzero_params"] == before < 534_005
