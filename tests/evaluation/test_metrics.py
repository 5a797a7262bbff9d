"""Metrics checked on cases computed by hand."""

import numpy as np
import pytest

from ecglib.evaluation import metrics


def test_auc_by_hand():
    # positives score 3 and 1, negatives 2 and 0: 3 of 4 pairs are in order
    y_true = np.array([[1, 0, 1, 0]] * 5).T.astype(bool)
    y_score = np.array([[3.0, 2, 1, 0]] * 5).T
    assert metrics.class_aucs(y_true, y_score).tolist() == [0.75] * 5
    assert metrics.macro_auc(y_true, y_score) == 0.75


def test_average_precision_by_hand():
    # the first and the third of four are positives: precision 1 and 2/3; if all are tied, 2 of 4 are positives
    y_true = np.array([[1, 0, 1, 0]] * 5).T.astype(bool)
    assert metrics.macro_average_precision(y_true, np.array([[3.0, 2, 1, 0]] * 5).T) == pytest.approx(5 / 6)
    assert metrics.macro_average_precision(y_true, np.zeros((4, 5))) == 0.5
