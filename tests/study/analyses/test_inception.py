"""Chapter 3's sentences: dead units, the replay's memorization, and the comparison with what was reported."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ecglib.networks import inception
from ecglib.study.analyses import inception_cnn
from ecglib.study.analyses.inception_cnn import REPLAY, InceptionCNN
from ecglib.study.analyses.inception_int8 import TfliteFiles


@pytest.fixture(scope="module")
def network():
    """A fresh network with three dead units, one of them of no variance at all."""
    network = inception.build()
    layer = network.get_layer("batch_normalization_4")
    gamma, beta, mean, variance = layer.get_weights()
    variance[:3] = (0, 1e-8, 9e-7)
    layer.set_weights([gamma, beta, mean, variance])
    return network


def files_of(network) -> TfliteFiles:
    return TfliteFiles(None, None, {}, {}, {}, inception.normalized_channels(network), {})


def test_dead_units_are_counted_by_layer(network):
    text = files_of(network).dead_units()
    assert text.startswith("3 of the 128 units of `dense` are dead")
    assert "exactly zero for 1 of them" in text


def test_the_channels_found_dead_are_those_whose_scale_is_set_to_zero(network):
    dead = int(inception.normalized_channels(network)["dead"].sum())
    assert inception.zero_dead_channels(network) == dead == 3


def test_a_network_without_dead_units_says_so():
    assert files_of(inception.build()).dead_units().startswith("No unit of this network is dead")


def test_parameters_agree_with_the_original():
    text = inception_cnn.parameters(inception.build())
    assert "**4,266,277 parameters**, as reported" in text
    assert "The layer `dense` alone holds 96 %" in text


@pytest.mark.parametrize(("final_loss", "memorizes"), [(1.0, True), (0.31, False)])
def test_memorization_is_only_claimed_where_the_losses_part(final_loss, memorizes):
    history = pd.DataFrame(
        {"epoch": [0, 1], "train_loss": [0.3, 0.001], "val_loss": [0.3, final_loss], "val_auc": [0.9, 0.8]}
    )
    trained = InceptionCNN(SimpleNamespace(runs=lambda name: [SimpleNamespace(history=history)]))
    text = trained.memorization()
    assert ("memorizes" in text) == memorizes
    assert "highest after epoch 1, at 0.900, and ends at 0.800 after 2 epochs" in text
    assert np.isclose(trained.runs[REPLAY][0].history["val_loss"].min(), 0.3)
