"""Figures of networks: their layers and how they were trained."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ecglib.book import alt_text
from ecglib.book.plots.style import PAGE_WIDTH
from ecgpredict.spec import LEADS, N_SAMPLES

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
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(PAGE_WIDTH, 5.6), sharex=True)
    palette = sns.color_palette("colorblind", len(histories))
    for (name, seeds), color in zip(histories.items(), palette, strict=True):
        for number, history in enumerate(seeds):
            epoch = history["epoch"] + 1
            kept = history.index[-1] if name in last else history["val_auc"].idxmax()
            label = {"label": name} if number == 0 else {}
            upper.plot(epoch, history["train_loss"], "--", color=color, linewidth=1)
            upper.plot(epoch, history["val_loss"], color=color, **label)
            lower.plot(epoch, history["val_auc"], color=color, **label)
            lower.plot(epoch[kept], history["val_auc"][kept], "o", color=color)
    upper.set(ylabel="binary cross-entropy", title="dashed: folds 1–8; solid: fold 9")
    lower.set(xlabel="epoch", ylabel="macro AUC on fold 9", title="dot: the epoch whose weights were kept")
    upper.legend(fontsize=8)
    lower.xaxis.get_major_locator().set_params(integer=True)
    return figure


def convolution_blocks(networks: Mapping[str, pd.DataFrame]) -> Figure:
    """What each block of convolutional networks makes of a record, and the bytes of its weights in float32.

    A box is as wide as the square root of its samples and as high as that of its channels.

    Parameters
    ----------
    networks : {name: layers of :func:`ecglib.networks.convnet.layer_table`}
    """
    figure, axes = plt.subplots(len(networks), 1, figsize=(PAGE_WIDTH, 2.6 * len(networks)), squeeze=False)
    texts = []
    for axis, (name, table) in zip(axes.flat, networks.items()):
        stages, total, left = _stages(table), 4 * table["params"].sum(), 0.0
        for text, (channels, samples), size in stages:
            width, height = samples**0.5, channels**0.5
            color = plt.get_cmap("YlOrRd")(0.85 * size / total) if size else "#dddddd"
            axis.add_patch(Rectangle((left, -height / 2), width, height, facecolor=color, edgecolor="#555555"))
            shape, middle = f"{channels:,}×{samples:,}", left + width / 2
            axis.text(middle, height / 2 + 1, shape, ha="center", va="bottom", fontsize=9)
            bytes_of = (f"\n{size / 1e6:.2f} MB" if size >= 1e6 else f"\n{size / 1e3:.0f} KB") if size else ""
            axis.text(middle, -height / 2 - 1, text + bytes_of, ha="center", va="top", fontsize=9)
            left += width + 13
        axis.set(xlim=(-4, 172), ylim=(-24, 21), aspect="equal", title=f"{name}: {total / 1e6:.2f} MB")
        axis.axis("off")
        shown = [f"{text} {channels} by {samples}" for text, (channels, samples), _ in stages]
        largest, _, size = max(stages, key=lambda stage: stage[2])
        texts.append(
            f"{name}, channels by samples: {', '.join(shown)}; {size / total:.0%} of {total:,} bytes are in {largest}."
        )
    return alt_text.set_alt_text(figure, " ".join(texts))


def _stages(table: pd.DataFrame) -> list[tuple[str, tuple[int, int], int]]:
    """Name, (channels, samples) of the output, and bytes of the record, of each block and of the linear layer."""
    stages = [("record", (len(LEADS), N_SAMPLES), 0)]
    for number, rows in table.groupby(table["layer"].str.startswith("Conv1d").cumsum()):
        pooled = rows.loc[rows["layer"].str.startswith("MaxPool"), "output_shape"].iloc[-1]
        size = 4 * rows.loc[rows["layer"].str.match("Conv|BatchNorm"), "params"].sum()
        stages.append((f"block {number}", pooled[1:], int(size)))
    linear = table[table["layer"].str.startswith("Linear")].iloc[0]
    mean = ("mean", (stages[-1][1][0], 1), 0)
    return [*stages, mean, ("linear", (*linear["output_shape"][1:], 1), 4 * int(linear["params"]))]


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
