"""Figures of AUC against file size: every model of the study, and chapter 8's compact ones with the fitted law."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator, NullLocator

from ecglib.book import alt_text
from ecglib.book.plots.style import PAGE_WIDTH
from ecglib.study.registry import Registry

MOST_NAMES = 6  # models with a name in the figure; with two other labels, eight in all
GAP = 0.02  # models whose AUC is below all better ones' by more have a panel of their own
LABEL_POINTS = 9.5
_BESIDE = {"xytext": (4, 4), "textcoords": "offset points", "fontsize": LABEL_POINTS}
COLUMN_COLORS = {"as reported": "#D55E00", "replayed": "#E69F00", "done right": "#0072B2"}
SYSTEM_NAMES = {"Base CNN": "base CNN", "Student with teacher": "students", "Student without teacher": ""}
KINDS = {
    "02_base_cnn": "base CNN",
    "03_inception_cnn": "Inception CNN",
    "04_pruning": "pruning",
    "05_quantization": "quantization",
    "06_distillation": "student, distillation",
    "10_deployment": "microcontrollers",
    "08_frontier": "compact students",
}


def overview_points(summary: pd.DataFrame, registry: Registry) -> pd.DataFrame:
    """One row per model of the overview, with what its mark shows.

    Named are, in this order and at most :data:`MOST_NAMES`: the smallest and the best model of the Pareto front (models
    that no smaller one surpasses), the model with the lowest AUC, and models that do a finding of the original right,
    the best first.
    """
    shown = summary.dropna(subset=["file_bytes", "test_auc"]).sort_values("test_auc", ascending=False)
    models = [registry.models[name] for name in shown["model"]]
    shown = shown.assign(
        label=[model.label for model in models],
        kind=[KINDS.get(model.chapter, model.chapter[3:].replace("_", " ")) for model in models],
        replayed=[model.role == "replay" for model in models],
        finding=[model.column == "done right" for model in models],
        low_panel=(shown["test_auc"].diff() < -GAP).cumsum() > 0,
    )
    by_size = shown.sort_values(["file_bytes", "test_auc"], ascending=[True, False])
    shown["front"] = by_size["test_auc"] > by_size["test_auc"].cummax().shift(fill_value=0)
    front = by_size[shown["front"].loc[by_size.index]]
    order = pd.concat([front.iloc[[0, -1]], shown.iloc[[-1]], shown[shown["finding"]]])
    shown["named"] = shown.index.isin(order.index.unique()[:MOST_NAMES])
    columns = ["label", "kind", "replayed", "front", "named", "low_panel", "file_bytes", "test_auc"]
    return shown[[*columns, "test_auc_low", "test_auc_high"]].reset_index(drop=True)


def auc_against_bytes(points: pd.DataFrame, published: Mapping[str, float] | None = None) -> Figure:
    """Macro AUC on fold 10 against the bytes of the shipped file, with intervals where a model is named.

    Parameters
    ----------
    points : of :func:`overview_points`
    published : {model: AUC} that others published for the same task, whose file sizes are not known: a band
    """
    from adjustText import adjust_text

    parts = [part for part in (points[~points["low_panel"]], points[points["low_panel"]]) if len(part)]
    size, ratios = (PAGE_WIDTH, 3.6 + 1.4 * len(parts)), [3, 1][: len(parts)]
    figure, axes = plt.subplots(len(parts), figsize=size, sharex=True, squeeze=False, height_ratios=ratios)
    kinds = list(dict.fromkeys(points.sort_values("file_bytes", ascending=False)["kind"]))
    palette = dict(zip(kinds, sns.color_palette("colorblind", len(kinds)), strict=True))
    top, bottom = axes[0, 0], axes[-1, 0]
    top.set(xscale="log", xlim=(points["file_bytes"].min() / 2, points["file_bytes"].max() * 2))
    front = points[points["front"]].sort_values("file_bytes")
    top.step(front["file_bytes"], front["test_auc"], where="post", color="#cccccc", linewidth=3, zorder=0)
    for axis, part in zip(axes.flat, parts):
        texts = [_mark(axis, row, palette[row.kind]) for row in part.itertuples()]
        axis.axvline(1e6, color="#cc0000", linewidth=0.8, zorder=0)
        axis.margins(y=0.12)
        axis.yaxis.set_major_locator(MultipleLocator(0.005) if axis is top else MaxNLocator(3))
        figure.canvas.draw()  # labels are placed in the panel's final position
        marks = part["file_bytes"].to_numpy(), part["test_auc"].to_numpy()
        forces = {"expand": (1.1, 1.6), "force_text": (0.2, 0.5), "force_static": (0.2, 0.5), "iter_lim": 1000}
        names = [text for text in texts if text]
        adjust_text(names, *marks, ax=axis, arrowprops=None, ensure_inside_axes=True, **forces)
    if published:
        _band(top, published)
    bottom.annotate("1 MB", (1e6, 0), xycoords=("data", "axes fraction"), color="#cc0000", **_BESIDE)
    bottom.set(xlabel="size of the shipped file")
    bottom.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size / 1e6:g} MB"))
    figure.supylabel("macro AUC on fold 10", fontsize="medium")
    _legend(figure, palette)
    return alt_text.set_alt_text(figure, alt_text.models_by_size(points))


def systems(table: pd.DataFrame) -> Figure:
    """Macro AUC against bytes as reported, replayed and done right, with an arrow from what was reported.

    Parameters
    ----------
    table : of :func:`ecglib.book.tables.systems`; weights of unknown size count four bytes a parameter
    """
    points = table[table["column"].isin(list(COLUMN_COLORS))]
    points = points.assign(file_bytes=points["file_bytes"].fillna(4 * points["params"].astype(float)))
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 4.6))
    for name, part in points.groupby("system", sort=False):
        places = part.set_index("column")[["file_bytes", "auc"]]
        for column, place in places.iterrows():
            axis.plot(*place, "o", color=COLUMN_COLORS[column], markersize=7, alpha=0.85)
        if {"as reported", "done right"} <= {*places.index}:
            start, arrow = places.loc["as reported"], {"arrowstyle": "->", "color": "#999999", "shrinkB": 4}
            axis.annotate("", places.loc["done right"], start, arrowprops=arrow)
            above = start["auc"] > 0.9
            offset, align = ((0, 14), "center") if above else ((9, -3), "left")
            axis.annotate(
                SYSTEM_NAMES.get(name, name), start, offset, textcoords="offset points", ha=align, fontsize=LABEL_POINTS
            )
    axis.axvline(1e6, color="#777777", linewidth=0.8, zorder=0)
    axis.set(
        xscale="log", xlim=(4e5, 6e7), ylim=(0.48, 1), xlabel="bytes of the weights or the file", ylabel="macro AUC"
    )
    axis.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size / 1e6:g} MB"))
    marks = [Line2D([], [], marker="o", linestyle="none", color=c, label=name) for name, c in COLUMN_COLORS.items()]
    axis.legend(handles=marks, loc="lower right")
    ends = points.groupby("column")["auc"].agg(["min", "max"]).loc[list(COLUMN_COLORS)]
    spans = [f"{row.Index}, from {row.min:.3f} to {row.max:.3f}" for row in ends.itertuples()]
    return alt_text.set_alt_text(figure, f"Macro AUC against bytes of the study's systems: {'; '.join(spans)}.")


def _mark(axis, row, color):
    """A model's mark, with interval and name if it is named; the name, or None."""
    face = "white" if row.replayed else color
    axis.plot(row.file_bytes, row.test_auc, "o", color=color, markerfacecolor=face, markersize=7 if row.named else 5)
    if not row.named:
        return None
    spread = [[row.test_auc - row.test_auc_low], [row.test_auc_high - row.test_auc]]
    axis.errorbar(row.file_bytes, row.test_auc, spread, fmt="none", ecolor=(*color, 0.35), zorder=1)
    halo = [withStroke(linewidth=2.5, foreground="white")]
    return axis.text(row.file_bytes, row.test_auc, row.label, fontsize=LABEL_POINTS, path_effects=halo)


def _band(axis, published: Mapping[str, float]) -> None:
    low, high = min(published.values()), max(published.values())
    axis.axhspan(low, high, color="#999999", alpha=0.12, zorder=0, linewidth=0)
    text = f"networks of a benchmark of 2020: {low:.3f} to {high:.3f}"
    axis.annotate(text, (0, low), xycoords=("axes fraction", "data"), color="#555555", **_BESIDE)


def _legend(figure: Figure, palette: Mapping) -> None:
    marks = [Line2D([], [], marker="o", linestyle="none", color=color, label=kind) for kind, color in palette.items()]
    hollow = {"marker": "o", "linestyle": "none", "color": "#555555", "markerfacecolor": "white"}
    marks.append(Line2D([], [], label="replayed", **hollow))
    figure.legend(handles=marks, loc="outside lower center", ncols=4, fontsize=LABEL_POINTS, frameon=False)


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
