"""AUCs of scores (n, 5) against labels (n, 5)."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score


def class_aucs(y_true: np.ndarray, y_score: np.ndarray) -> np.ndarray:
    """One-vs-rest ROC AUC of each superclass: (n, 5), (n, 5) -> (5,)."""
    return np.atleast_1d(roc_auc_score(y_true, y_score, average=None))


def macro_auc(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean of the superclasses' ROC AUCs."""
    return float(class_aucs(y_true, y_score).mean())


def macro_average_precision(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean of the superclasses' areas under the precision-recall curve (AUPRC), each as an average precision."""
    return float(np.mean(average_precision_score(y_true, y_score, average=None)))
