"""The compact networks: shapes, weights on disk, and the settings that describe them."""

import pytest
import torch
from pydantic import ValidationError

from ecglib.networks import build, weights
from ecglib.networks.architectures import REFERENCE_NETWORKS, CompactShape
from ecglib.networks.compact import CompactNet, fold_limb_leads
from ecglib.networks.cost import multiply_accumulates
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import Normalization

SHAPES = [
    CompactShape(block="plain", widths=(4, 6), kernel=7),
    CompactShape(block="separable", widths=(4, 6), depth=2),
    CompactShape(block="residual", widths=(4, 6), depth=2),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.block)
def test_a_compact_network_takes_records_of_any_length(shape):
    network = CompactNet(shape).eval()
    for samples in (1000, 250):
        assert network(torch.zeros(2, 12, samples)).shape == (2, 5)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.block)
def test_eight_leads_give_the_outputs_of_twelve_that_obey_the_limb_leads_laws(shape):
    torch.manual_seed(0)
    network, normalization = CompactNet(shape), Normalization(0.2, 0.3)
    network(torch.randn(8, 12, 1000))  # running means and variances other than 0 and 1
    network.eval()
    eight = torch.randn(3, 1000, 8)
    one, two = eight[..., :1], eight[..., 1:2]
    limb = torch.cat([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2], dim=2)
    twelve = normalization(torch.cat([limb, eight[..., 2:]], dim=2)).transpose(1, 2)
    with torch.no_grad():
        folded = fold_limb_leads(network, normalization)(normalization(eight).transpose(1, 2))
        torch.testing.assert_close(folded, network(twelve), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", [*REFERENCE_NETWORKS, "compact"])
def test_weights_are_loaded_into_the_same_network(name, tmp_path):
    shape = SHAPES[2] if name == "compact" else None
    saved = build.build(name, 0.1, shape).eval()
    weights.save(saved, tmp_path / "weights.safetensors")
    loaded = build.load(tmp_path / "weights.safetensors", name, shape).eval()
    x = torch.randn(2, 12, 250, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(loaded(x), saved(x), atol=5e-3, rtol=0)  # weights are saved in half precision


def test_resnet1d_wang_has_the_benchmarks_number_of_parameters():
    assert sum(p.numel() for p in build.build("resnet1d_wang").parameters()) == 473_349


def test_multiplications_are_counted_at_every_position():
    network = CompactNet(CompactShape(block="plain", widths=(4,), kernel=3, stem_kernel=10, stem_stride=2))
    stem, block, linear = 496 * 4 * 12 * 10, 248 * 4 * 4 * 3, 4 * 5
    assert multiply_accumulates(network) == stem + block + linear


def test_without_padding_windows_96_samples_apart_share_their_columns():
    torch.manual_seed(0)
    network = CompactNet(CompactShape(block="plain", widths=(4, 6, 8, 8), kernel=7), padding=False).eval()
    columns = network.features[:-1]  # all but the mean
    ecg = torch.randn(1, 12, 1096)
    first, second = columns(ecg[..., :1000]), columns(ecg[..., 96:])
    assert first.shape == (1, 8, 19)
    torch.testing.assert_close(first[..., 3:], second[..., :-3])  # a column is 32 samples


def test_only_compact_networks_go_without_padding():
    with pytest.raises(ValidationError, match="padding"):
        TrainingSettings(network="student", epochs=1, padding=False)
