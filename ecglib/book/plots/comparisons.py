"""Figures that compare models: seeds and sparsity."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ecglib.book.plots.style import PAGE_WIDTH


def seed_spread(table: pd.DataFrame) -> Figure:
    """Macro AUC of each seed on folds 9 and 10 (model, seed, val_auc, test_auc), with the mean of each model."""
    figure, axes = plt.subplots(1, 2, figsize=(PAGE_WIDTH, 0.36 * table["model"].nunique() + 1.2), sharey=True)
    for axis, column, title in zip(axes, ("val_auc", "test_auc"), ("fold 9", "fold 10")):
        rows, dots = {"x": column, "y": "model", "ax": axis}, {"jitter": False, "size": 7, "alpha": 0.7}
        sns.stripplot(table, **rows, hue="model", palette="colorblind", **dots)
        sns.pointplot(table, **rows, color="black", linestyle="none", marker="|", markersize=20, errorbar=None)
        axis.set(xlabel=f"macro AUC on {title} (line: mean)", ylabel="")
        axis.xaxis.set_major_locator(MaxNLocator(4))
    return figure


def auc_against_sparsity(table: pd.DataFrame, reference: float, *, hue: str, title: str = "") -> Figure:
    """Macro AUC against the fraction of weights or channels removed, one line for each value of a column.

    Parameters
    ----------
    table : rows with removed (0-1), auc and the column `hue`
    reference : the AUC with nothing removed
    """
    figure, axis = plt.subplots(figsize=(6, 3.8))
    names = table[hue].unique()
    palette = dict(zip(names, sns.color_palette("colorblind", len(names))))
    sns.lineplot(table, x="removed", y="auc", hue=hue, style=hue, markers=True, dashes=False, palette=palette, ax=axis)
    axis.axhline(reference, color="#777777", linewidth=1, linestyle="--")
    place = {"xycoords": ("axes fraction", "data"), "xytext": (0, 3), "textcoords": "offset points"}
    axis.annotate("nothing removed", (0.01, reference), **place, fontsize=8, color="#555555")
    axis.xaxis.set_major_formatter(PercentFormatter(1))
    axis.set(xlabel="removed", ylabel="macro AUC on fold 9", title=title)
    axis.legend(title=None, fontsize=8)
    return figure
