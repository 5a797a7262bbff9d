"""Chapter 2's sentences and tables: computed from the runs, and worded by what comes out."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.study import original
from ecglib.study.analyses import base_cnn
from ecglib.training.settings import TrainingSettings

HISTORY = pd.DataFrame({"epoch": [0, 1], "train_loss": [0.5, 0.2], "val_loss": [0.4, 0.3], "val_auc": [0.4, 0.5]})


@pytest.fixture
def base(sample):
    """A base CNN whose scores are the labels themselves, so that its AUC is 1."""
    held_out = sample.in_folds(9, 10)
    scores = Scores.from_dataset(held_out, 0, np.clip(held_out.labels, 0.1, 0.9))
    run = SimpleNamespace(scores=scores, history=HISTORY, metadata={"seed": 0, "best_epoch": 1})
    settings = SimpleNamespace(training={"base_cnn": TrainingSettings(network="base_cnn", epochs=2, bn_records=64)})
    study = SimpleNamespace(data=sample, settings=settings, runs=lambda model: [run])
    return base_cnn.BaseCNN(study)


def with_differences(base, low: float):
    base.study.validation_difference = lambda *_: Estimate(0.002, low, 0.004)
    base.study.compare_candidates = lambda names: pd.DataFrame({"model": names, "val_auc": [0.93, 0.92, 0.91]})
    return base.selection({name: name for name in base_cnn.CANDIDATES})


def test_recalibration_compares_the_scores_with_the_history_of_the_best_epoch(base):
    (row,) = base.recalibration().itertuples(index=False)
    assert row[:3] == (0, 0.5, 1.0)
    assert row[3] == 0.3


def test_seeds_that_gain_from_recalibration_are_counted(base):
    assert "by +0.5000 to +0.5000 and improves it for 1 of 1 seeds" in base.recalibration_gain()


def test_epochs_with_a_higher_training_loss_are_counted(base):
    assert "in 1 of 2 epochs" in base.loss_with_dropout()


def with_hardware(base, *hardware: str) -> str:
    keys = {"precision": "32-true", "seconds": 60.0, "best_epoch": 1}
    runs = [SimpleNamespace(metadata=keys | {"seed": seed, "hardware": one}) for seed, one in enumerate(hardware)]
    base.study.runs = lambda model: runs
    return base.training()


def test_where_a_network_was_trained_is_said_once_if_it_is_the_same_for_all_seeds(base):
    assert "3 seeds, in 32-true on a GPU. The first seed took 1 minutes" in with_hardware(base, *["a GPU"] * 3)


def test_seeds_are_named_where_hardware_differs(base):
    text = with_hardware(base, "a GPU", "a CPU", "a CPU")
    assert "3 seeds, in 32-true on a GPU (seed 0); in 32-true on a CPU (seeds 1, 2)." in text


def test_a_difference_whose_interval_contains_zero_is_called_noise(base):
    assert with_differences(base, -0.001).count("no more than noise") == 2
    assert with_differences(base, 0.001).count("no more than noise") == 0


def test_the_largest_layer_is_the_last_convolution():
    text = base_cnn.largest_layer(convnet.build("base_cnn"))
    assert "77 % are in `Conv1d-16`" in text


@pytest.mark.parametrize(("high", "side"), [(0.94, "inside"), (0.932, "above")])
def test_the_reported_auc_is_compared_with_the_interval(high, side):
    result = {
        "classes": {"macro": {"value": 0.93, "low": 0.92, "high": high}},
        "row": {"val_auc": 0.92, "seeds": 1, "seed_sd": None},
    }
    text = base_cnn.conclusion(result)
    assert f"The reported {original.REPORTED['base_cnn'].auc:.3f} is {side} the interval" in text
    assert "optimistic" not in text  # fold 9 gave less than fold 10
    assert "at least 0.930, met" in text
