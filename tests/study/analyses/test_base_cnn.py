"""Chapter 2: what recalibration gains, from the runs."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ecglib.evaluation.scores import Scores
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


def test_recalibration_compares_the_scores_with_the_history_of_the_best_epoch(base):
    (row,) = base.recalibration().itertuples(index=False)
    assert row[:3] == (0, 0.5, 1.0)
    assert row[3] == 0.3
