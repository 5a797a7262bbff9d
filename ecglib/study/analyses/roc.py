"""ROC curves and AUCs of several scores, as one figure needs them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ecglib.evaluation.metrics import auc_values, roc_curves
from ecglib.evaluation.scores import Scores, labels_for
from ecglib.study.study import Study


def roc_panels(
    study: Study, panels: Mapping[str, Scores]
) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, float]]]:
    """ROC curves and AUCs of the first seed of each of some scores, for one figure.

    Parameters
    ----------
    panels : {title: Scores of one fold}

    Returns
    -------
    {title: curves of :func:`ecglib.evaluation.metrics.roc_curves`} and {title: {curve: AUC}}
    """
    curves, aucs = {}, {}
    for title, scores in panels.items():
        y_true = labels_for(scores, study.data)
        curves[title] = roc_curves(y_true, scores.score[0])
        aucs[title] = auc_values(y_true, scores.score[0])
    return curves, aucs
