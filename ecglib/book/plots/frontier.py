"""Figure of chapter 10: AUC against the bytes of an int8 file, with the fitted law."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from ecglib.book import alt_text
from ecglib.book.plots.style import PAGE_WIDTH


def frontier(
    points: pd.DataFrame, law: Callable[[np.ndarray], np.ndarray] | None, others: Mapping[str, tuple[float, float]]
) -> Figure:
    """Macro AUC on fold 10 against bytes, a color per kind of network, a dot per seed, and the law.

    Parameters
    ----------
    points : label, kind, file_bytes, value, low, high and seeds (AUC of each)
    law : gives the AUC at sizes in bytes; None for no curve
    others : {name: (bytes, AUC)} of models outside this family, for comparison
    """
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 4.8))
    kinds = list(dict.fromkeys(points["kind"]))
    palette = dict(zip(kinds, sns.color_palette("colorblind", len(kinds)), strict=True))
    shift = dict(zip(kinds, np.linspace(0.98, 1.04, len(kinds)), strict=True))
    for kind, part in points.groupby("kind", sort=False):
        sizes, value = part["file_bytes"].to_numpy() * shift[kind], part["value"].to_numpy()
        spread, color = [value - part["low"].to_numpy(), part["high"].to_numpy() - value], palette[kind]
        axis.errorbar(sizes, value, spread, fmt="o", color=color, ecolor=(*color, 0.35), label=kind)
        for size, seeds in zip(sizes, part["seeds"]):
            axis.plot([size] * len(seeds), seeds, ".", color=color, markersize=3, alpha=0.7)
    for number, (name, (size, auc)) in enumerate(others.items()):
        axis.plot(size, auc, "Ds^v"[number % 4], color="#555555", markerfacecolor="white", label=name)
    if law:
        sizes = np.geomspace(points["file_bytes"].min(), points["file_bytes"].max(), 100)
        axis.plot(sizes, law(sizes), color="#999999", zorder=0, label="fitted law, plain blocks")
    axis.set(xscale="log", xlabel="bytes of the file", ylabel="macro AUC on fold 10")
    low, high = axis.get_xlim()
    axis.set_xticks([tick for tick in (2**power * 1024 for power in range(4, 15)) if low <= tick <= high])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda size, _: _size(size)))
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return alt_text.set_alt_text(figure, alt_text.frontier(points))


def _size(size: float) -> str:
    return f"{size / 1024:g} KB" if size < 2**20 else f"{size / 2**20:g} MB"
