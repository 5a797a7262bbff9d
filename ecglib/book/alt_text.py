"""Alternative texts of figures, computed from what is drawn: axes, where lines begin and end, how long bars are.

A chapter's figures carry theirs as metadata of the notebook's outputs; book/extensions/pages.py puts them into pages.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import nbformat
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

METADATA_KEY = "alt"
_MAX_ITEMS = 8  # of a list of bars or lines; a longer one is cut and says so


def set_alt_text(figure: Figure, text: str) -> Figure:
    """Give a figure a text of its own where its artists alone would not tell."""
    figure.alt_text = text
    return figure


def alt_text(figure: Figure) -> str:
    """A figure's own text, or one made from its axes."""
    own = getattr(figure, "alt_text", None)
    return own or " ".join(text for axes in figure.axes if axes.get_visible() and (text := _describe(axes, figure)))


def register() -> None:
    """Let a running notebook write each figure's text beside its image; outside a notebook nothing happens."""
    from IPython import get_ipython

    if shell := get_ipython():
        # not the formatter of PNG images, which matplotlib's inline backend replaces when it starts
        shell.display_formatter.mimebundle_formatter.for_type(Figure, _draw)


def _draw(figure: Figure, include: object = None, exclude: object = None) -> tuple[dict, dict]:
    from IPython.core.pylabtools import print_figure

    text = alt_text(figure)  # before drawing, which may move labels
    image = print_figure(figure, fmt="png", base64=True, bbox_inches="tight")
    return {"image/png": image, "text/plain": repr(figure)}, {"image/png": {METADATA_KEY: text}}


def of_notebooks(notebooks: Iterable[Path]) -> dict[str, str]:
    """{SHA-256 of an image: its text}; myst-nb names the images of notebooks by their hash."""
    texts = {}
    for path in notebooks:
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                image = output.get("data", {}).get("image/png")
                text = output.get("metadata", {}).get("image/png", {}).get(METADATA_KEY)
                if image and text:
                    texts[hashlib.sha256(b64decode(image)).hexdigest()] = text
    return texts


def electrocardiogram(signal: np.ndarray, title: str, leads: tuple[str, ...], rate: float) -> str:
    """The text of a drawn record: (samples, leads) in mV, at `rate` samples per second."""
    spans = signal.max(axis=0) - signal.min(axis=0)
    low, high = int(spans.argmin()), int(spans.argmax())
    return (
        f"12-lead ECG of {len(signal) / rate:g} seconds{f', {title}' if title else ''}. The voltage spans "
        f"{spans[high]:.2f} mV in lead {leads[high]}, the most, and {spans[low]:.2f} mV in lead {leads[low]}, the "
        "least."
    )


def _describe(axes: Axes, figure: Figure) -> str:
    title = axes.get_title() or (figure.get_suptitle() if len(figure.axes) == 1 else "")
    x_label = axes.get_xlabel() or figure.get_supxlabel()
    y_label = axes.get_ylabel() or figure.get_supylabel()
    legend = axes.get_legend()
    bars = [bar for bar in axes.containers if isinstance(bar, BarContainer)]
    if bars:
        shown = _bars(axes, bars)
    elif legend and legend.get_title().get_text():  # "AUC", and a value in each entry
        entries = [text.get_text() for text in legend.get_texts()]
        shown = f"{legend.get_title().get_text()}: {_listed(entries)}"
    else:
        shown = _listed([_trend(name, line, y_label) for name, line in _named_lines(axes)])
    what = f"{y_label} against {x_label}" if x_label and y_label else x_label or y_label
    heading = ", ".join(part for part in (title, what) if part)
    return f"{heading}: {shown}." if heading and shown else ""


def _listed(items: list[str]) -> str:
    rest = len(items) - _MAX_ITEMS
    return "; ".join(items[:_MAX_ITEMS]) + (f"; and {rest} more" if rest > 0 else "")


def _named_lines(axes: Axes) -> list[tuple[str, Line2D]]:
    """Lines with their names in the legend; all lines if none has a name."""
    legend = axes.get_legend()
    by_color = {}
    if legend:
        by_color = {to_hex(line.get_color()): text.get_text() for line, text in zip(legend.get_lines(), legend.texts)}
    named, unnamed = {}, []
    for line in axes.lines:
        if len(line.get_xdata()) < 2:
            continue
        label = str(line.get_label())
        if label.startswith("_"):
            label = by_color.get(to_hex(line.get_color()), "")
        if label and line.get_linestyle() != "None":
            named.setdefault(label, line)  # seaborn draws a name's markers as further lines
        else:
            unnamed.append(("", line))
    return list(named.items()) or unnamed


def _trend(name: str, line: Line2D, y_label: str) -> str:
    x, y = (np.asarray(values, dtype=float) for values in line.get_data())
    name = f"{name} " if name else ""
    if y_label == "density":
        return f"{name}peaks at {x[np.nanargmax(y)]:.3g}"
    first, last = y[0], y[-1]
    if f"{first:.3g}" == f"{last:.3g}":
        return f"{name}begins and ends at {first:.3g}, between {np.nanmin(y):.3g} and {np.nanmax(y):.3g}"
    text = f"{name}{'rises' if last > first else 'falls'} from {first:.3g} to {last:.3g}"
    beyond = [
        f"{kind} {value:.3g}"
        for kind, value in (("lowest", np.nanmin(y)), ("highest", np.nanmax(y)))
        if f"{value:.3g}" not in (f"{first:.3g}", f"{last:.3g}")
    ]
    return text + (f" ({', '.join(beyond)})" if beyond else "")


def _bars(axes: Axes, bars: list[BarContainer]) -> str:
    """Bars of categories by name; those of a histogram by their tallest place, stacked ones summed."""
    horizontal = all(bar.orientation == "horizontal" for bar in bars)
    names = [tick.get_text() for tick in (axes.get_yticklabels() if horizontal else axes.get_xticklabels())]
    patches = [patch for bar in bars for patch in bar.patches]
    if horizontal:
        values = sorted(zip((patch.get_width() for patch in patches), names), key=lambda bar: -bar[0])
        return _listed([f"{name} {value:,.4g}" for value, name in values])
    heights: dict[tuple[float, float], float] = defaultdict(float)
    for patch in patches:
        heights[round(patch.get_x(), 6), round(patch.get_x() + patch.get_width(), 6)] += patch.get_height()
    (low, high), most = max(heights.items(), key=lambda item: item[1])
    return f"most, {most:,.4g}, between {low:g} and {high:g}"
