"""The convolution in tiles: the same function and gradients as torch's."""

import pytest
import torch
from torch.nn import functional as F

from ecglib.networks import tiled_convolution
from ecglib.networks.tiled_convolution import TiledConv2d, convolve


@pytest.mark.parametrize("samples", [10, 11, 36, 63, 100, 243])
@pytest.mark.parametrize("taps", [10, 3])
def test_function_and_gradients_are_those_of_a_convolution(samples, taps):
    torch.manual_seed(0)
    x = torch.randn(3, samples, 40, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(20, 40, taps, dtype=torch.float64, requires_grad=True)
    y = convolve(x, weight)
    expected = F.conv1d(x.transpose(1, 2), weight).transpose(1, 2)
    torch.testing.assert_close(y, expected, rtol=0, atol=1e-4)
    direction = torch.randn_like(y)
    gradients = torch.autograd.grad((y * direction).sum(), (x, weight))
    for ours, theirs in zip(gradients, torch.autograd.grad((expected * direction).sum(), (x, weight))):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)


def test_rounding_errors_are_no_larger_than_those_of_the_direct_sum():
    torch.manual_seed(0)
    x, weight = torch.randn(8, 243, 150), torch.randn(300, 150, 10)
    exact = F.conv1d(x.double().transpose(1, 2), weight.double()).transpose(1, 2)
    direct = F.conv1d(x.transpose(1, 2), weight).transpose(1, 2)
    assert (convolve(x, weight) - exact).abs().mean() < 2 * (direct - exact).abs().mean()


def test_a_convolution_can_be_trained_after_inference_of_the_same_shape():
    tiled_convolution._transforms.cache_clear()
    layer, x = TiledConv2d(64, 8, (1, 10)), torch.randn(2, 64, 1, 50)
    with torch.inference_mode():
        layer(x)
    layer(x).sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_in_bfloat16_torch_computes_the_convolution():
    layer, x = TiledConv2d(64, 8, (1, 10)), torch.randn(2, 64, 1, 50)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(layer(x), F.conv2d(x, layer.weight, layer.bias), rtol=0, atol=0)
