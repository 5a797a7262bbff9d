"""Figures of networks: their layers and how they were trained."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ecglib.book import alt_text
from ecglib.book.plots.style import PAGE_WIDTH
from ecgpredict.spec import LEADS, N_SAMPLES

_BOX = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#555555", "linewidth": 0.7}


def training_curves(histories: dict[str, list[pd.DataFrame]], *, last: Collection[str] = ()) -> Figure:
    """Losses and AUC on fold 9 of {training: [history of each seed]}: a line per seed, a color per training.

    The dot is the best epoch on fold 9, or the last one of the trainings in `last`, which kept it.
    """
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
    upper.legend()
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
            axis.text(middle, height / 2 + 1, shape, ha="center", va="bottom", fontsize=8.5)
            bytes_of = (f"\n{size / 1e6:.2f} MB" if size >= 1e6 else f"\n{size / 1e3:.0f} KB") if size else ""
            axis.text(middle, -height / 2 - 1, text + bytes_of, ha="center", va="top", fontsize=8.5)
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


def inception_block(channels: int, filters: int, steps: int, step_ms: float) -> Figure:
    """The four branches of the Inception block, from its input at the top to their concatenation."""
    three, five = (f"{count} steps: {count * step_ms:.0f} ms" for count in (3, 5))
    narrow, pooled = ("convolution\none step", "#a9d6f5"), (f"maximum\n{three}", "#dddddd")
    wide = [(f"convolution\n{steps_of}", "#56B4E9") for steps_of in (three, five)]
    branches = [[narrow], [narrow, wide[0]], [narrow, wide[1]], [pooled, narrow]]
    top, bottom = (
        f"signal: {channels} channels × {steps} steps",
        f"side by side: {4 * filters} channels × {steps} steps",
    )
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 4.2))
    boxes = [(1.5, 3.05, top, "white"), (1.5, -0.05, bottom, "white")]
    arrow = {"arrowstyle": "->", "color": "#555555", "linewidth": 1}
    for x, layers in enumerate(branches):
        heights = (2.05, 0.95) if len(layers) > 1 else (1.5,)
        boxes += [(x, y, *layer) for y, layer in zip(heights, layers)]
        ends = [
            (0.9 + 0.4 * x, 2.92),
            *((x, y + side) for y in heights for side in (0.24, -0.24)),
            (0.9 + 0.4 * x, 0.08),
        ]
        for start, end in zip(ends[::2], ends[1::2]):
            axis.annotate("", end, start, arrowprops=arrow)
    for x, y, text, color in boxes:
        axis.text(x, y, text, ha="center", va="center", fontsize=9, bbox=_BOX | {"facecolor": color})
    axis.set(xlim=(-0.5, 3.5), ylim=(-0.3, 3.3))
    axis.axis("off")
    told = [", then ".join(text.replace("\n", " over ") for text, _ in layers) for layers in branches]
    return alt_text.set_alt_text(figure, f"Inception block: {top}; four branches: {'; '.join(told)}; {bottom}.")


def parameters_by_stage(stages: pd.DataFrame) -> Figure:
    """A network's stages from top to bottom (stage, shape, params), with the parameters of each as a bar."""
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 0.58 * len(stages) + 0.4))
    most, total = stages["params"].max(), stages["params"].sum()
    axis.plot([-0.35, -0.35], [1 - len(stages), 0], color="#555555", linewidth=0.8, zorder=0)
    for row in stages.itertuples():
        length = 0.75 * row.params / most
        axis.text(-0.35, -row.Index, f"{row.stage}\n{row.shape}", ha="center", va="center", fontsize=9, bbox=_BOX)
        axis.barh(-row.Index, length, height=0.5, color="#E69F00")
        text = f"{row.params:,}" if row.params else ""
        if row.params == most:
            axis.text(length - 0.02, -row.Index, f"{text} ({100 * most / total:.0f} %)", ha="right", va="center")
        else:
            axis.text(length + 0.01, -row.Index, text, va="center")
    axis.set(xlim=(-0.7, 0.76), ylim=(-len(stages) + 0.4, 0.6))
    axis.axis("off")
    told = [f"{row.stage} ({row.shape}) {row.params:,}" for row in stages.itertuples()]
    return alt_text.set_alt_text(figure, f"Parameters of each stage of the network: {'; '.join(told)}.")
