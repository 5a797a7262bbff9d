"""Figures of AUC against file size: the front page's, the study's systems, and chapter 8's compact networks."""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MultipleLocator, NullLocator

from ecglib.book import alt_text
from ecglib.book.plots.style import PAGE_WIDTH
from ecglib.evaluation.bootstrap import Estimate

LABEL_POINTS = 9.5
_BLUE = "#1F8FD6"  # legible on white and on black
COLUMN_COLORS = {"as reported": "#D55E00", "replayed": "#E69F00", "done right": "#0072B2"}
SYSTEM_NAMES = {"Base CNN": "base CNN", "Student with teacher": "students", "Student without teacher": ""}


def front_page(rows: pd.DataFrame, names: Sequence[str], words: Mapping[str, str], *, phone: bool = False) -> str:
    """Macro AUC on fold 10 against the bytes of the file, as an SVG element for a page.

    Its text stays text, in the font and the color of the page around it: it reads in dark mode and in Korean.

    Parameters
    ----------
    rows : file_bytes, test_auc, test_auc_low and test_auc_high of each model, the largest first
    names : what the page calls them
    words : "x" and "y", titles of the axes; "below", what lies left of 1 MB; "alt", the text for who does not see it
    """
    width, height, points = (3.7, 3.9, 8.5) if phone else (7.2, 3.6, 9.5)
    with plt.rc_context({"svg.fonttype": "none", "font.size": points, "axes.labelsize": points}):
        figure = Figure(figsize=(width, height))
        axis = figure.subplots()
        axis.axvspan(1e3, 1e6, color=_BLUE, alpha=0.1, linewidth=0)
        axis.axvline(1e6, color="#D55E00", linewidth=1.5)
        for number, row in enumerate(rows.itertuples()):
            low, high = row.test_auc_low, row.test_auc_high
            axis.plot([row.file_bytes] * 2, [low, high], color=_BLUE, linewidth=1.5, alpha=0.5)
            axis.plot(row.file_bytes, row.test_auc, "o", color=_BLUE, markersize=8)
            place, side, offset = (low, "top", -3) if number % 2 else (high, "bottom", 3)
            label = f"{names[number]}\n{_decimal_size(row.file_bytes)}"
            anchor = {"xytext": (0, offset), "textcoords": "offset points", "ha": "center", "va": side}
            axis.annotate(label, (row.file_bytes, place), **anchor)
        axis.annotate(words["below"], (9e5, 0.02), xycoords=("data", "axes fraction"), ha="right", va="bottom")
        axis.set(xscale="log", xlim=(8e3, 8e7), xlabel=words["x"], ylabel=words["y"])
        axis.margins(y=0.22)
        axis.grid(color="#888888", alpha=0.3)
        axis.grid(False, axis="x")
        axis.yaxis.set_major_locator(MultipleLocator(0.01))
        axis.set_xticks([1e4, 1e5, 1e6, 1e7])
        axis.xaxis.set_major_formatter(FuncFormatter(lambda size, _: _decimal_size(size)))
        written = io.StringIO()
        with warnings.catch_warnings():  # the page has the glyphs that matplotlib's font lacks
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(written, format="svg", metadata={"Date": None})
    return _for_page(written.getvalue(), "phone" if phone else "wide", words["alt"])


def _for_page(svg: str, prefix: str, text: str) -> str:
    """A written SVG as an element: without prologue and fonts of its own, its ids apart from another one's."""
    svg = re.sub(r"<metadata>.*?</metadata>|<defs>\s*<style.*?</defs>", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r' font-family: [^;"]*;?', "", re.sub(r'font: ([\d.]+px) [^;"]*', r"font-size: \1", svg))
    svg = re.sub(r"(fill|stroke): #(?:262626|000000)", r"\1: currentColor", svg).replace("fill: #ffffff", "fill: none")
    return svg.replace("<svg", f'<svg class="overview-{prefix}" role="img" aria-label="{html.escape(text)}"', 1)


def _decimal_size(size: float) -> str:
    return f"{size / 1e3:.0f} KB" if size < 1e6 else f"{size / 1e6:.2g} MB"


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


def against_bytes(points: Sequence[tuple[str, str, int, Estimate]], what: str, band: float = 0) -> Figure:
    """Differences from a reference (dashed) against the bytes of a file, with intervals, a color per kind.

    `points` has label, kind, bytes and difference of each model; `what` names the axis; `band` around zero is shaded.
    """
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 4.4))
    kinds = list(dict.fromkeys(kind for _, kind, _, _ in points))
    axis.axhline(0, color="#777777", linestyle="--", linewidth=1)
    axis.axhspan(-band, band, color="#999999", alpha=0.2, linewidth=0)
    for number, (kind, color) in enumerate(zip(kinds, sns.color_palette("colorblind", len(kinds)))):
        sizes, changes = zip(*((size, change) for _, of, size, change in points if of == kind))
        spread = [[change.value - change.low for change in changes], [change.high - change.value for change in changes]]
        sizes = np.array(sizes) * (0.98 + 0.02 * number)  # kinds of the same bytes stand side by side
        axis.errorbar(sizes, [change.value for change in changes], spread, fmt="o", color=color, label=kind)
    axis.set(xscale="log", xlabel="bytes of the file", ylabel=what)
    low, high = axis.get_xlim()
    axis.set_xticks([tick for tick in (2**power * 1024 for power in range(2, 15)) if low <= tick <= high])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size / 1024:g} KB"))
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    shown = [f"{label}, {size:,} bytes, {change:+}" for label, _, size, change in points]
    return alt_text.set_alt_text(figure, f"{what} against bytes: {'; '.join(shown)}.")
