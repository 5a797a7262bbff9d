"""Crops, mixtures of records, and the averages over windows that a record is scored by."""

import numpy as np
import pytest
import torch

from ecglib.networks import convnet
from ecglib.networks.architectures import CompactShape
from ecglib.networks.compact import CompactNet
from ecglib.training import augmentation, distillation, scoring
from ecglib.training.classifier import Classifier
from ecglib.training.settings import TrainingSettings
from ecglib.training.train import train
from ecgpredict.spec import Normalization

SHAPE = CompactShape(block="plain", widths=(4, 8), kernel=7)
COMPACT = {"network": "compact", "shape": SHAPE, "epochs": 1, "batch_size": 32}


def test_a_mixture_keeps_the_mean_of_records_and_targets():
    torch.manual_seed(0)
    x, target = torch.randn(16, 20, 12), torch.rand(16, 5)
    mixed, mixed_target = augmentation.mix(x, target, 0.5)
    torch.testing.assert_close(mixed.mean(dim=0), x.mean(dim=0), atol=1e-5, rtol=0)
    torch.testing.assert_close(mixed_target.mean(dim=0), target.mean(dim=0), atol=1e-5, rtol=0)
    assert not torch.allclose(mixed, x)


def test_a_records_probability_is_the_mean_over_its_windows(sample):
    network, records = CompactNet(SHAPE).eval(), sample.in_folds(9)
    normalization = Normalization(0.0, 1.0)
    x = torch.from_numpy(records.millivolts(slice(None))).transpose(1, 2)
    with torch.no_grad():
        expected = torch.stack([network(x[:, :, s : s + 500]) for s in (0, 250, 500)]).mean(dim=0)
    found = scoring.predict(network, records, normalization, windows=500)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)


def test_predictions_of_crops_come_in_the_order_of_their_starts(sample):
    network, records = convnet.build("student").eval(), sample.in_folds(9)
    normalization = Normalization(0.0, 1.0)
    found = scoring.predict_crops(network, records, normalization, 250, (0, 300))
    x = torch.from_numpy(records.millivolts(slice(None))).transpose(1, 2)
    with torch.no_grad():
        expected = network(x[:, :, 300:550]).numpy()
    assert found.shape == (len(records), 2, 5)
    np.testing.assert_allclose(found[:, 1], expected, atol=2e-2)  # bfloat16 where the processor has it


def test_soft_targets_of_crops_are_the_teachers_mean():
    teachers = [np.full((3, 2, 5), value, np.float16) for value in (0.2, 0.6)]
    np.testing.assert_allclose(distillation.soft_targets(teachers, None, 1.0), 0.4, atol=1e-3)


def test_a_student_is_taught_by_the_scores_of_its_own_crop():
    settings = TrainingSettings(**COMPACT, crop=500, teachers=("t",), same_crop=True)
    classifier = Classifier(CompactNet(SHAPE), settings)
    of_crops = torch.arange(21.0).repeat_interleave(5).repeat(2, 1)  # crop k of each record has probabilities k
    target = torch.cat([torch.zeros(2, 5), of_crops], dim=1)
    soft = classifier.soft_of_crop(target, torch.tensor([[0], [450]]))
    assert soft.tolist() == [[0.0] * 5, [18.0] * 5]


@pytest.mark.parametrize(
    "settings",
    [
        {"crop": 250, "windows": True, "mixup": 0.2},
        {"crop": 250, "statements_weight": 1.0, "mixup": 0.2},
        {"crop": 500, "teachers": ("t",), "same_crop": True, "bn_records": 32},
    ],
    ids=["windows", "statements", "same crop"],
)
def test_a_compact_network_is_trained(settings, sample, tmp_path):
    settings = TrainingSettings(**COMPACT, **settings)
    train_part = sample.in_folds(*range(1, 9))
    targets = {
        "teacher_scores": lambda: [np.full((len(train_part), 21, 5), 0.5, np.float16)],
        "statements": lambda: np.ones((len(train_part), 71), np.float32),
    }
    run = train("compact", settings, 0, sample, tmp_path / "run", **targets)
    assert np.isfinite(run.history["train_loss"]).all()
    assert run.metadata["params"] == sum(p.numel() for p in CompactNet(SHAPE).parameters())


def damaged_settings(**damage) -> TrainingSettings:
    return TrainingSettings(**COMPACT, **damage)


@pytest.mark.parametrize("ratio_db", [0.0, 20.0])
def test_training_noise_has_the_ratio_asked_for(ratio_db):
    x = torch.randn(64, 1000, 12)
    noise = augmentation.augment(x, damaged_settings(noise_snr_db=(ratio_db, ratio_db))) - x
    ratio = 10 * torch.log10(x.var(dim=1).mean(dim=1) / noise.var(dim=1).mean(dim=1))
    torch.testing.assert_close(ratio, torch.full((64,), ratio_db), atol=0.01, rtol=0)


def test_groups_of_leads_are_dropped_but_never_all():
    x = augmentation.augment(torch.ones(500, 20, 12), damaged_settings(lead_dropout=0.5))
    groups = torch.stack([x[:, 0, leads].mean(dim=1) for leads in augmentation.LEAD_GROUPS], dim=1)
    assert set(groups.flatten().tolist()) == {0.0, 1.0}  # a group is there or not
    assert groups.any(dim=1).all()
    assert 0.5 < groups.mean() < 0.65  # half, and what no record loses: 1/2 + 1/8


def test_a_stretched_crop_keeps_straight_lines_and_stays_within_the_record():
    x = torch.arange(1000.0).reshape(1, 1000, 1).expand(100, -1, 12)
    crops = augmentation.augment(x, damaged_settings(crop=500, max_stretch=0.2), torch.full((100, 1), 500))
    steps = crops.diff(dim=1)
    assert crops.shape == (100, 500, 12)
    assert steps.min() > 0.79
    assert steps.max() < 1.21
    assert crops.max() <= 999
    assert steps.std(dim=0).max() > 0.05  # another scale for each record
