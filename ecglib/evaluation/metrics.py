"""ROC curves and AUCs of scores (n, 5) against labels (n, 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score, roc_curve

from ecglib.data.ptbxl import CLASSES


def class_aucs(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """One-vs-rest ROC AUC of each superclass: (n, 5), (n, 5) -> (5,)."""
    return np.asarray(roc_auc_score(truth, score, average=None))


def macro_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Mean of the superclasses' ROC AUCs."""
    return float(class_aucs(truth, score).mean())


def micro_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """ROC AUC over all (record, superclass) pairs at once."""
    return float(roc_auc_score(truth, score, average="micro"))


def auc_values(truth: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """AUC of each superclass, and their "micro" and "macro" averages, of scores (n, 5)."""
    values = dict(zip(CLASSES, map(float, class_aucs(truth, score))))
    return values | {"micro": micro_auc(truth, score), "macro": macro_auc(truth, score)}


def roc_curves(truth: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """ROC curves of each superclass, and the micro and macro averages, as long rows.

    The macro curve is the mean of the superclasses' sensitivities at each false positive rate.

    Returns
    -------
    DataFrame with curve (a class, "micro" or "macro"), false_positive_rate, sensitivity
    """
    grid = np.linspace(0, 1, 501)
    curves, on_grid = [], []
    for name, t, s in zip((*CLASSES, "micro"), (*truth.T, truth.ravel()), (*score.T, score.ravel())):
        false, true, _ = roc_curve(t, s)
        curves.append(pd.DataFrame({"curve": name, "false_positive_rate": false, "sensitivity": true}))
        on_grid.append(np.interp(grid, false, true))
    macro = np.mean(on_grid[: len(CLASSES)], axis=0)
    curves.append(pd.DataFrame({"curve": "macro", "false_positive_rate": grid, "sensitivity": macro}))
    return pd.concat(curves, ignore_index=True)
