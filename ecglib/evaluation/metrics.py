"""ROC curves and AUCs of scores (n, 5) against labels (n, 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from ecgpredict.spec import CLASSES


def class_aucs(y_true: np.ndarray, y_score: np.ndarray) -> np.ndarray:
    """One-vs-rest ROC AUC of each superclass: (n, 5), (n, 5) -> (5,)."""
    return np.asarray(roc_auc_score(y_true, y_score, average=None))


def macro_auc(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean of the superclasses' ROC AUCs."""
    return float(class_aucs(y_true, y_score).mean())


def macro_average_precision(y_true: np.ndarray, y_score: np.ndarray) -> float:
    """Mean of the superclasses' areas under the precision-recall curve (AUPRC), each as an average precision."""
    return float(np.mean(average_precision_score(y_true, y_score, average=None)))


def roc_curves(y_true: np.ndarray, y_score: np.ndarray) -> pd.DataFrame:
    """ROC curves of each superclass, and the micro and macro averages, in long format.

    The macro curve is the mean of the superclasses' sensitivities at each false positive rate.

    Returns
    -------
    DataFrame with curve (a superclass, "micro" or "macro"), false_positive_rate, sensitivity
    """
    grid = np.linspace(0, 1, 501)
    curves, on_grid = [], []
    columns = zip((*CLASSES, "micro"), (*y_true.T, y_true.ravel()), (*y_score.T, y_score.ravel()))
    for name, labels, scores in columns:
        false_positive_rate, sensitivity, _ = roc_curve(labels, scores)
        curve = {"curve": name, "false_positive_rate": false_positive_rate, "sensitivity": sensitivity}
        curves.append(pd.DataFrame(curve))
        on_grid.append(np.interp(grid, false_positive_rate, sensitivity))
    macro = np.mean(on_grid[: len(CLASSES)], axis=0)
    curves.append(pd.DataFrame({"curve": "macro", "false_positive_rate": grid, "sensitivity": macro}))
    return pd.concat(curves, ignore_index=True)
