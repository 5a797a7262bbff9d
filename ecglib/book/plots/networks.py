"""Figures of networks: their layers and how they were trained."""

from __future__ import annotations

from collections.abc import Collection

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ecglib.book import alt_text
from ecglib.book.plots.style import PAGE_WIDTH

_TRAININGS = 10  # colors that can be told apart


def training_curves(histories: dict[str, list[pd.DataFrame]], *, last: Collection[str] = ()) -> Figure:
    """Losses and AUC on fold 9 against epochs, with one line per seed and one color per training.

    Parameters
    ----------
    histories : {training: [history of each seed]}, with epoch, train_loss, val_loss and val_auc
    last : trainings whose last epoch was kept; the best one on fold 9 was kept of the others

    Raises
    ------
    ValueError : more trainings than there are colors, or a name in `last` that is not among them
    """
    if len(histories) > _TRAININGS or not set(last) <= set(histories):
        raise ValueError(f"expected at most {_TRAININGS} trainings, with those in last among them")
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_WIDTH, 3.2))
    palette = sns.color_palette("colorblind", len(histories))
    for (name, seeds), color in zip(histories.items(), palette, strict=True):
        for number, history in enumerate(seeds):
            epoch = history["epoch"] + 1
            kept = history.index[-1] if name in last else history["val_auc"].idxmax()
            label = {"label": name} if number == 0 else {}
            left.plot(epoch, history["train_loss"], "--", color=color, linewidth=1)
            left.plot(epoch, history["val_loss"], color=color, **label)
            right.plot(epoch, history["val_auc"], color=color, **label)
            right.plot(epoch[kept], history["val_auc"][kept], "o", color=color)
    left.set(xlabel="epoch", ylabel="binary cross-entropy", title="dashed: folds 1–8; solid: fold 9")
    right.set(xlabel="epoch", ylabel="macro AUC on fold 9", title="dot: the epoch whose weights were kept")
    left.legend(fontsize=8)
    for axis in (left, right):
        axis.xaxis.get_major_locator().set_params(integer=True)
    return figure


def architecture(table: pd.DataFrame) -> Figure:
    """A network's layers from top to bottom, as boxes connected by lines.

    Parameters
    ----------
    table : layer, output_shape, params and connected_to, sources before the layers that they feed
    """
    depth, across = _layout(dict(zip(table["layer"], table["connected_to"])))
    figure, axis = plt.subplots(figsize=(7.6, 0.46 * max(depth.values()) + 0.6))
    kinds = [("dense", "#E69F00"), ("batch_norm", "#dddddd"), ("max_pool", "#cfe8f7"), ("conv", "#56B4E9")]
    for row in table.itertuples():
        here = (across[row.layer], -depth[row.layer])
        shape = "×".join(map(str, row.output_shape[1:]))
        text = f"{row.layer}\n{shape}" + (f", {row.params:,} params" if row.params else "")
        color = next((color for kind, color in kinds if row.layer.startswith(kind)), "white")
        box = {"boxstyle": "round,pad=0.25", "facecolor": color, "edgecolor": "#555555", "linewidth": 0.5}
        axis.text(*here, text, ha="center", va="center", fontsize=7.5, linespacing=1.1, zorder=3, bbox=box)
        for source in row.connected_to:
            # straight down beside the other branches, then across
            way = ((across[source], across[source], here[0]), (-depth[source], here[1] + 1, here[1]))
            axis.plot(*way, color="#555555", linewidth=0.8, zorder=1)
    axis.set(xlim=(-2.1, 2.1), ylim=(-max(depth.values()) - 0.5, 0.5))
    axis.axis("off")
    return alt_text.set_alt_text(figure, alt_text.architecture(table))


def _layout(sources: dict[str, tuple[str, ...]]) -> tuple[dict[str, int], dict[str, float]]:
    """Each layer's row, which is the length of the longest path to it, and its column, 0 in the middle."""
    targets = {name: [other for other, of in sources.items() if name in of] for name in sources}
    order = {name: number for number, name in enumerate(sources)}
    depth: dict[str, int] = {}
    across: dict[str, float] = {}
    for name, of in sources.items():
        depth[name] = 1 + max((depth[source] for source in of), default=-1)
        if len(of) != 1:
            across[name] = float(np.mean([across[source] for source in of] or [0.0]))
        else:
            branches = sorted(targets[of[0]], key=order.get)
            across[name] = across[of[0]] + branches.index(name) - (len(branches) - 1) / 2
    return depth, across
