"""The study's figures; one style and one colour a superclass throughout.

Each function takes tables or arrays and returns a matplotlib Figure. Colours are Okabe and Ito's,
which readers with colour-vision deficiencies can tell apart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, MultipleLocator, PercentFormatter

from ecglib.ptbxl import CLASSES, LEADS
from ecglib.signals import SAMPLING_RATE

CLASS_COLOURS = dict(zip(CLASSES, ("#0072B2", "#D55E00", "#CC79A7", "#009E73", "#E69F00")))
AVERAGE_COLOURS = {"micro": "#777777", "macro": "#000000"}
PROCEDURE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#777777")
_PAPER, _FINE, _COARSE = "#fff8f6", "#f6d5cf", "#e8a79c"


def style() -> None:
    """Set the style once, at the start of a chapter."""
    sns.set_theme(style="whitegrid", context="notebook", rc={
        "figure.dpi": 110, "savefig.bbox": "tight", "axes.spines.top": False, "axes.spines.right": False,
        "axes.titlesize": "medium", "figure.constrained_layout.use": True, "svg.hashsalt": "ecg",
    })  # fmt: skip


def ecg_paper(signal: np.ndarray, title: str = "", *, rate: float = SAMPLING_RATE) -> Figure:
    """A 12-lead ECG as a clinician reads it: 25 mm/s, 10 mm/mV, 3 x 4 leads of 2.5 s and lead II below.

    Parameters
    ----------
    signal : (samples, 12) in mV, ten seconds, leads in the order of LEADS
    """
    columns, row_height = 4, 3.0  # mV between the rows' baselines
    span = len(signal) / rate / columns
    figure, axis = plt.subplots(figsize=(10.4, 5.6))
    time = np.arange(len(signal)) / rate
    for lead, name in enumerate(LEADS):
        row, column = lead % 3, lead // 3
        shown = (time >= column * span) & (time < (column + 1) * span)
        base = (3 - row) * row_height
        axis.plot(time[shown], signal[shown, lead] + base, color="black", linewidth=0.8)
        axis.text(column * span + 0.08, base + 1.15, name, fontsize=9, fontweight="bold")
        if column:
            axis.plot([column * span] * 2, [base - 0.3, base + 0.3], color="black", linewidth=0.8)
    axis.plot(time, signal[:, LEADS.index("II")], color="black", linewidth=0.8)
    axis.text(0.08, 1.15, "II", fontsize=9, fontweight="bold")
    axis.plot([-0.2, -0.2, 0, 0], [0, 1, 1, 0], color="black", linewidth=1)  # the 1 mV calibration pulse
    axis.set(xlim=(-0.3, time[-1] + 0.1), ylim=(-1.6, 3 * row_height + 2), title=title, aspect=0.4)
    axis.set_facecolor(_PAPER)
    # 1 mm is 0.04 s and 0.1 mV; heavier lines every 5 mm
    axis.xaxis.set(major_locator=MultipleLocator(0.2), minor_locator=MultipleLocator(0.04))
    axis.yaxis.set(major_locator=MultipleLocator(0.5), minor_locator=MultipleLocator(0.1))
    axis.grid(which="minor", color=_FINE, linewidth=0.3)
    axis.grid(which="major", color=_COARSE, linewidth=0.6)
    axis.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    axis.set_xlabel("25 mm/s    10 mm/mV    small square 0.04 s and 0.1 mV", fontsize=9)
    return figure


def lead_grid(signal: np.ndarray, title: str = "", *, rate: float = SAMPLING_RATE) -> Figure:
    """The 12 leads of a record, (samples, 12) in mV, in a plain grid of four rows and three columns."""
    figure, axes = plt.subplots(4, 3, figsize=(10, 7), sharex=True)
    time = np.arange(len(signal)) / rate
    for axis, lead, name in zip(axes.ravel(), signal.T, LEADS):
        axis.plot(time, lead, color=CLASS_COLOURS["NORM"], linewidth=0.7)
        axis.set_title(name)
    figure.supxlabel("time in s")
    figure.supylabel("voltage in mV")
    figure.suptitle(title)
    return figure


def combination_bars(table: pd.DataFrame) -> Figure:
    """How many records carry each combination of superclasses; boolean columns of a record table."""
    names = table[list(CLASSES)].apply(lambda row: " + ".join(row.index[row]) or "none", axis=1)
    counts = names.value_counts()
    figure, axis = plt.subplots(figsize=(8, 0.26 * len(counts) + 1))
    colours = [CLASS_COLOURS.get(name, "#999999") for name in counts.index]
    axis.barh(counts.index[::-1], counts.to_numpy()[::-1], color=colours[::-1])
    axis.bar_label(axis.containers[0], fmt="{:,.0f}", padding=3, fontsize=8)
    axis.set(xlabel="records", title="Combinations of superclasses (colour: a class alone)")
    axis.margins(x=0.1, y=0.01)
    return figure


def people(table: pd.DataFrame) -> Figure:
    """Age and sex of the records' patients, and how the superclasses share the age range."""
    known = table[table["age"] <= 89]  # PTB-XL writes 300 for patients over 89
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    sex = known["sex"].map({0: "male", 1: "female"})
    sns.histplot(
        x=known["age"], hue=sex.rename("sex"), binwidth=5, multiple="stack", palette=["#56B4E9", "#F0E442"], ax=left
    )
    left.set(xlabel="age in years", ylabel="records")
    for name in CLASSES:
        sns.kdeplot(known.loc[known[name], "age"], color=CLASS_COLOURS[name], label=name, ax=right, cut=0)
    right.set(xlabel="age in years", ylabel="density")
    right.legend(fontsize=8)
    return figure


def training_curves(histories: dict[str, list[pd.DataFrame]], *, last: Collection[str] = ()) -> Figure:
    """Losses and fold-9 AUC against epochs, one line a seed and one colour a training.

    Parameters
    ----------
    histories : {training: [history of each seed]}, with epoch, train_loss, val_loss and val_auc
    last : trainings that kept the last epoch; the others kept the best on fold 9
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    for (name, seeds), colour in zip(histories.items(), PROCEDURE_COLOURS):
        for number, history in enumerate(seeds):
            epoch = history["epoch"] + 1
            kept = history.index[-1] if name in last else history["val_auc"].idxmax()
            label = {"label": name} if number == 0 else {}
            left.plot(epoch, history["train_loss"], "--", color=colour, linewidth=1)
            left.plot(epoch, history["val_loss"], color=colour, **label)
            right.plot(epoch, history["val_auc"], color=colour, **label)
            right.plot(epoch[kept], history["val_auc"][kept], "o", color=colour)
    left.set(xlabel="epoch", ylabel="binary cross-entropy", title="dashed: folds 1-8, as trained; solid: fold 9")
    right.set(xlabel="epoch", ylabel="macro AUC on fold 9", title="dot: the epoch that was kept")
    left.legend()
    for axis in (left, right):
        axis.xaxis.get_major_locator().set_params(integer=True)
    return figure


def architecture(table: pd.DataFrame) -> Figure:
    """A network's layers from top to bottom, as boxes joined by lines.

    Parameters
    ----------
    table : layer, output_shape, params and connected_to, in an order in which sources come first
    """
    depth, across = _placed(dict(zip(table["layer"], table["connected_to"])))
    figure, axis = plt.subplots(figsize=(7.6, 0.46 * max(depth.values()) + 0.6))
    kinds = [("dense", "#E69F00"), ("batch_norm", "#dddddd"), ("max_pool", "#cfe8f7"), ("conv", "#56B4E9")]
    for row in table.itertuples():
        here = (across[row.layer], -depth[row.layer])
        shape = "×".join(map(str, row.output_shape[1:]))
        text = f"{row.layer}\n{shape}" + (f", {row.params:,} params" if row.params else "")
        colour = next((colour for kind, colour in kinds if row.layer.startswith(kind)), "white")
        box = {"boxstyle": "round,pad=0.25", "facecolor": colour, "edgecolor": "#555555", "linewidth": 0.5}
        axis.text(*here, text, ha="center", va="center", fontsize=7.5, linespacing=1.1, zorder=3, bbox=box)
        for source in row.connected_to:
            # straight down past the branches beside it, then across
            way = ((across[source], across[source], here[0]), (-depth[source], here[1] + 1, here[1]))
            axis.plot(*way, color="#555555", linewidth=0.8, zorder=1)
    axis.set(xlim=(-2.1, 2.1), ylim=(-max(depth.values()) - 0.5, 0.5))
    axis.axis("off")
    return figure


def _placed(sources: dict[str, tuple[str, ...]]) -> tuple[dict[str, int], dict[str, float]]:
    """Each layer's row, the length of the longest way to it, and its column, 0 in the middle."""
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


def roc(panels: dict[str, pd.DataFrame], aucs: dict[str, dict[str, float]]) -> Figure:
    """ROC curves per superclass with micro and macro averages, one panel a fold or model.

    Parameters
    ----------
    panels : {title: long rows of :func:`ecglib.evaluation.roc_curves`}
    aucs : {title: {curve: AUC}}, for the legend
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(5.2 * len(panels), 4.8), squeeze=False)
    for axis, (title, curves) in zip(axes[0], panels.items()):
        for name, colour in (CLASS_COLOURS | AVERAGE_COLOURS).items():
            curve = curves[curves["curve"] == name]
            dashed = "--" if name in AVERAGE_COLOURS else "-"
            label = f"{name} {aucs[title][name]:.3f}"
            axis.plot(
                curve["false_positive_rate"], curve["sensitivity"], dashed, color=colour, label=label, linewidth=1.5
            )
        axis.plot([0, 1], [0, 1], color="#cccccc", linewidth=1, zorder=0)
        axis.set(xlabel="false positive rate", ylabel="sensitivity", title=title, aspect="equal")
        axis.legend(title="AUC", fontsize=8, loc="lower right")
    return figure


def macro_roc(models: pd.DataFrame, reference: str) -> Figure:
    """Macro ROC curves of many models, a panel a chapter, one model dashed in all of them.

    Parameters
    ----------
    models : rows with model, chapter, auc (for the legend) and the lists false_positive_rate and sensitivity
    reference : the model that every panel shows
    """
    chapters = models.loc[models["model"] != reference, "chapter"].unique()
    columns = 2
    rows = -(-len(chapters) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(10, 4.6 * rows), sharex=True, sharey=True, squeeze=False)
    (common,) = models[models["model"] == reference].itertuples()
    for axis, chapter in zip(axes.flat, chapters):
        shown = models[(models["chapter"] == chapter) & (models["model"] != reference)]
        axis.plot(common.false_positive_rate, common.sensitivity, "--", color="black", linewidth=1.2,
                  label=f"{reference} {common.auc:.3f}")  # fmt: skip
        for row, colour in zip(shown.itertuples(), sns.color_palette("colorblind", len(shown))):
            label = f"{row.model} {row.auc:.3f}"
            axis.plot(row.false_positive_rate, row.sensitivity, color=colour, label=label, linewidth=1.2)
        axis.set(xlim=(0, 0.5), ylim=(0.5, 1), title=f"chapter {chapter}")
        axis.legend(title="AUC", fontsize=7.5, loc="lower right")
    for axis in list(axes.flat)[len(chapters) :]:
        axis.remove()
    figure.supxlabel("false positive rate")
    figure.supylabel("sensitivity")
    return figure


def reliability(panels: Mapping[str, pd.DataFrame]) -> Figure:
    """How often a finding is there against its probability, one panel each.

    Parameters
    ----------
    panels : {title: table of :func:`ecglib.calibration.reliability`}
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels), 4.4), sharey=True, squeeze=False)
    for axis, (title, table) in zip(axes.flat, panels.items()):
        axis.plot([0, 1], [0, 1], color="#777777", linewidth=1, linestyle="--")
        for name in CLASSES:
            one = table[table["superclass"] == name]
            axis.plot(one["predicted"], one["observed"], color=CLASS_COLOURS[name], linewidth=1, label=name)
            axis.scatter(one["predicted"], one["observed"], one["records"] ** 0.5, color=CLASS_COLOURS[name])
        axis.set(xlabel="probability", title=title, aspect="equal")
    axes[0, 0].set_ylabel("share of records with the finding")
    axes[0, 0].legend(fontsize=8)
    return figure


def seeds(table: pd.DataFrame) -> Figure:
    """Each seed's macro AUC as a dot, with the mean of each model, on folds 9 and 10.

    Parameters
    ----------
    table : rows with model, seed, val_auc and test_auc
    """
    figure, axes = plt.subplots(1, 2, figsize=(10, 0.5 * table["model"].nunique() + 1.6), sharey=True)
    for axis, column, title in zip(axes, ("val_auc", "test_auc"), ("fold 9", "fold 10")):
        sns.stripplot(table, x=column, y="model", hue="model", palette="colorblind", jitter=False, size=7, alpha=0.7,
                      ax=axis)  # fmt: skip
        sns.pointplot(table, x=column, y="model", color="black", linestyle="none", marker="|", markersize=20,
                      errorbar=None, ax=axis)  # fmt: skip
        axis.set(xlabel=f"macro AUC on {title} (line: mean)", ylabel="")
        axis.xaxis.set_major_locator(MaxNLocator(4))
    return figure


def auc_against_sparsity(table: pd.DataFrame, reference: float, *, hue: str, title: str = "") -> Figure:
    """Macro AUC against the share of weights or channels taken out, one line for each value of a column.

    Parameters
    ----------
    table : rows with taken_out (0-1), auc and the column `hue`
    reference : the AUC with nothing taken out
    """
    figure, axis = plt.subplots(figsize=(6.4, 4.2))
    names = table[hue].unique()
    palette = dict(zip(names, sns.color_palette("colorblind", len(names))))
    sns.lineplot(
        table, x="taken_out", y="auc", hue=hue, style=hue, markers=True, dashes=False, palette=palette, ax=axis
    )
    axis.axhline(reference, color="#777777", linewidth=1, linestyle="--")
    axis.annotate("nothing taken out", (0.01, reference), xycoords=("axes fraction", "data"), xytext=(0, 3),
                  textcoords="offset points", fontsize=8, color="#555555")  # fmt: skip
    axis.xaxis.set_major_formatter(PercentFormatter(1))
    axis.set(xlabel="taken out", ylabel="macro AUC on fold 9", title=title)
    axis.legend(title=None, fontsize=8)
    return figure


def auc_against_bytes(
    models: pd.DataFrame, references: Mapping[str, float] | None = None, labelled: Collection[str] = ()
) -> Figure:
    """Macro AUC on fold 10 with intervals against the shipped file's bytes, every model, and the Pareto front.

    The front joins the models that no smaller or equally small one surpasses. Models far below the others (a gap of
    more than 0.02) stand in a panel of their own, so that the others can be told apart.

    Parameters
    ----------
    models : rows with model, chapter, file_bytes, test_auc, test_auc_low, test_auc_high
    references : {model: AUC} published elsewhere, of files whose size is not known: marked at the right edge
    labelled : models that bear name and interval, beside those on the front; the others are dots. None named: all
    """
    from adjustText import adjust_text

    shown = models.dropna(subset=["file_bytes", "test_auc"]).sort_values("test_auc", ascending=False)
    far = (shown["test_auc"].diff() < -0.02).cumsum() > 0
    parts = [part for part in (shown[~far], shown[far]) if len(part)]
    figure, axes = plt.subplots(
        len(parts), figsize=(9, 4 + 2 * len(parts)), sharex=True, squeeze=False, height_ratios=[3, 1][: len(parts)]
    )
    palette = dict(zip(sorted(shown["chapter"].unique()), sns.color_palette("colorblind")))
    halo = [withStroke(linewidth=2.5, foreground="white")]
    smallest, largest = shown["file_bytes"].min(), shown["file_bytes"].max()
    by_size = shown.sort_values(["file_bytes", "test_auc"], ascending=[True, False])
    front = by_size[by_size["test_auc"] > by_size["test_auc"].cummax().shift(fill_value=0)]
    axes[0, 0].step(front["file_bytes"], front["test_auc"], where="post", color="#bbbbbb", linewidth=4, zorder=0)
    axes[0, 0].set(xscale="log", xlim=(smallest / 2, largest * 4))  # labels stand to the right
    named = {*labelled, *front["model"]} if labelled else {*shown["model"]}
    for axis, part in zip(axes.flat, parts):
        texts = []
        for row in part.itertuples():
            colour = palette[row.chapter]
            if row.model not in named:
                axis.plot(row.file_bytes, row.test_auc, "o", color=colour, markersize=4, alpha=0.5)
                continue
            spread = [[row.test_auc - row.test_auc_low], [row.test_auc_high - row.test_auc]]
            axis.errorbar(row.file_bytes, row.test_auc, spread, fmt="o", color=colour, ecolor=(*colour, 0.35))
            texts.append(axis.text(row.file_bytes, row.test_auc, row.model, fontsize=8, path_effects=halo))
        axis.axvline(1e6, color="#cc0000", linewidth=0.8)
        figure.canvas.draw()  # labels move within the panel's final place
        adjust_text(
            texts, part["file_bytes"].to_numpy(), part["test_auc"].to_numpy(), ax=axis, iter_lim=500,
            expand=(1.2, 2.0), force_text=(0.3, 0.8), force_static=(0.3, 0.6), min_arrow_len=8,
            arrowprops={"arrowstyle": "-", "color": "#777777", "linewidth": 0.6},
        )  # fmt: skip
    low, high = axes[0, 0].get_ylim()
    place = 1.0
    for name, auc in sorted((references or {}).items(), key=lambda one: -one[1]):
        place = min((auc - low) / (high - low), place - 0.045)  # beside its AUC, or below the name before
        axes[0, 0].annotate(
            f"{name} {auc:.3f}", (1, auc), xycoords=("axes fraction", "data"), xytext=(1.03, place),
            textcoords="axes fraction", fontsize=8, color="#555555", va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": "#777777", "linewidth": 0.7},
        )  # fmt: skip
    axes[-1, 0].annotate("1 MB", (1e6, 0), xycoords=("data", "axes fraction"), xytext=(4, 4),
                         textcoords="offset points", fontsize=8, color="#cc0000")  # fmt: skip
    axes[-1, 0].set(xlabel="bytes of the shipped file")
    figure.supylabel("macro AUC on fold 10 (95 % interval)", fontsize="medium")
    return figure
