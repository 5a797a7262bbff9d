"""Chapter 3: dead units of a network."""

import pytest

from ecglib.networks import inception


@pytest.fixture(scope="module")
def network():
    """A fresh network with three dead units, one of them of no variance at all."""
    network = inception.build()
    layer = network.get_layer("batch_normalization_4")
    gamma, beta, mean, variance = layer.get_weights()
    variance[:3] = (0, 1e-8, 9e-7)
    layer.set_weights([gamma, beta, mean, variance])
    return network


def test_the_channels_found_dead_are_those_whose_scale_is_set_to_zero(network):
    dead = int(inception.normalized_channels(network)["dead"].sum())
    assert inception.zero_dead_channels(network) == dead == 3
