"""AUC against sparsity."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter


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
