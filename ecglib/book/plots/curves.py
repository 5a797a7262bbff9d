"""AUC against sparsity."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from ecglib.book.plots.style import PAGE_WIDTH


def auc_against_sparsity(table: pd.DataFrame, reference: float, *, hue: str) -> Figure:
    """Macro AUC against the fraction of weights or channels removed, one line for each value of a column.

    Parameters
    ----------
    table : rows with removed (0-1), auc and the column `hue`
    reference : the AUC with nothing removed
    """
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.8))
    names = table[hue].unique()
    palette = dict(zip(names, sns.color_palette("colorblind", len(names))))
    sns.lineplot(table, x="removed", y="auc", hue=hue, style=hue, markers=True, dashes=False, palette=palette, ax=axis)
    axis.axhline(reference, color="#777777", linewidth=1, linestyle="--")
    place = {"xycoords": ("axes fraction", "data"), "xytext": (0, 3), "textcoords": "offset points"}
    axis.annotate("nothing removed", (0.01, reference), **place, fontsize=8.5, color="#555555")
    axis.xaxis.set_major_formatter(PercentFormatter(1))
    axis.set(xlabel="removed", ylabel="macro AUC on fold 9")
    axis.legend(title=None)
    return figure


def shrinking(grid: Mapping) -> Figure:
    """AUC of a network against its zeros, a line for each number of bits; `grid` is results/full/shrink.json."""
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.4))
    table = pd.DataFrame(grid["auc"], index=grid["zeros"], columns=grid["bits"])
    for bits, color in zip(shown := [32, 8, 4, 3, 2], sns.color_palette("viridis", len(shown))):
        axis.plot(table.index, table[bits], color=color, label=f"{bits} bits")
    axis.set(xlabel="zeros in each layer, %", ylabel=f"macro AUC, fold {grid['fold']}", ylim=(0.4, 1))
    axis.legend()
    return figure
