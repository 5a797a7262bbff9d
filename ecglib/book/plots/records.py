"""Figures of the data: ECGs and their beats."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from ecglib.book import alt_text
from ecglib.book.plots.style import CLASS_COLORS, PAGE_WIDTH
from ecglib.data.dataset import Dataset
from ecgpredict.spec import CLASS_NAMES, CLASSES, LEADS, SAMPLING_RATE

_PAPER, _FINE, _COARSE = "#fff8f6", "#f6d5cf", "#e8a79c"


def draw_paper(
    axis: Axes, signal: np.ndarray, *, rate: float, rhythm: bool = True
) -> dict[str, tuple[float, float, float]]:
    """{lead: (from s, to s, baseline in mV)} of what is on show, after drawing a 12-lead ECG; `rhythm` adds lead II."""
    columns, row_height = 4, 3.0  # mV between the rows' baselines
    span, time, spans = len(signal) / rate / columns, np.arange(len(signal)) / rate, {}
    for lead, name in enumerate(LEADS):
        row, column = lead % 3, lead // 3
        shown = (time >= column * span) & (time < (column + 1) * span)
        base = (3 - row) * row_height
        axis.plot(time[shown], signal[shown, lead] + base, color="black", linewidth=0.8)
        axis.text(column * span + 0.08, base + 1.15, name, fontsize=9, fontweight="bold")
        if column:
            axis.plot([column * span] * 2, [base - 0.3, base + 0.3], color="black", linewidth=0.8)
        spans[name] = column * span, (column + 1) * span, base
    lowest = 0 if rhythm else row_height
    if rhythm:
        axis.plot(time, signal[:, LEADS.index("II")], color="black", linewidth=0.8)
        axis.text(0.08, 1.15, "II", fontsize=9, fontweight="bold")
    pulse = np.array([0, 1, 1, 0]) + lowest  # of 1 mV, for calibration
    axis.plot([-0.2, -0.2, 0, 0], pulse, color="black", linewidth=1)
    axis.set(xlim=(-0.3, time[-1] + 0.1), ylim=(lowest - 1.6, 3 * row_height + 2), aspect=0.4)
    axis.set_facecolor(_PAPER)
    # 1 mm is 0.04 s and 0.1 mV; heavier lines every 5 mm
    axis.xaxis.set(major_locator=MultipleLocator(0.2), minor_locator=MultipleLocator(0.04))
    axis.yaxis.set(major_locator=MultipleLocator(0.5), minor_locator=MultipleLocator(0.1))
    axis.grid(which="minor", color=_FINE, linewidth=0.3)
    axis.grid(which="major", color=_COARSE, linewidth=0.6)
    axis.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    axis.set_xlabel("25 mm/s    10 mm/mV    small square 0.04 s and 0.1 mV", fontsize=9)
    return spans


def record_on_paper(dataset: Dataset, position: int) -> Figure:
    """The record at a position of the dataset's table on ECG paper: three rows of 2.5 s a lead, and lead II below."""
    row, signal = dataset.table.iloc[position], dataset.millivolts([position])[0]
    names = [f"{CLASS_NAMES[name]} ({name})" for name in CLASSES if row[name]]
    title = f"ecg_id {dataset.ecg_id[position]}: {', '.join(names) or 'no superclass'}"
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.3), dpi=220)
    draw_paper(axis, signal, rate=SAMPLING_RATE)
    axis.set_title(title)
    return alt_text.set_alt_text(figure, alt_text.electrocardiogram(signal, title, LEADS, SAMPLING_RATE))


def marked_beat(beats: np.ndarray, time: np.ndarray, lead: str) -> Figure:
    """A record's beats in one lead, thin, and their median, with its waves and intervals marked.

    Parameters
    ----------
    beats : float (beats, samples) in mV
    time : float (samples,) in ms from the R peak
    """
    median = np.median(beats, axis=0)
    waves = {  # name: (least or most, from ms, to ms)
        "P": (np.argmax, -260, -90),
        "Q": (np.argmin, -50, -10),
        "R": (np.argmax, -40, 40),
        "S": (np.argmin, 10, 80),
        "T": (np.argmax, 150, 420),
    }
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.8))
    axis.plot(time, beats.T, color="#999999", linewidth=0.6)
    axis.plot(time, median, color=CLASS_COLORS["NORM"], linewidth=2)
    found = {}
    for name, (pick, start, end) in waves.items():
        inside = np.flatnonzero((time >= start) & (time <= end))
        found[name] = at = inside[pick(median[inside])]
        offset = (0, 12) if pick is np.argmax else (0, -16)
        axis.annotate(name, (time[at], median[at]), offset, textcoords="offset points", ha="center", fontweight="bold")
    low, high = beats.min(), beats.max()
    spans = {"PR interval": ("P", -40, "Q", -15), "QRS": ("Q", -15, "S", 20), "ST segment": ("S", 20, "T", -80)}
    for level, (name, (first, before, last, after)) in enumerate(spans.items()):
        x, y = (time[found[first]] + before, time[found[last]] + after), low - 0.12 * (high - low)
        axis.annotate("", (x[0], y), (x[1], y), arrowprops={"arrowstyle": "<->", "color": "#555555"})
        axis.text(np.mean(x), y - (0.06 + 0.09 * (level == 1)) * (high - low), name, ha="center", va="top", fontsize=9)
    axis.set(xlabel="time from the R peak in ms", ylabel=f"voltage in mV, lead {lead}")
    axis.set_ylim(low - 0.4 * (high - low), high + 0.12 * (high - low))
    heights = ", ".join(f"{name} {median[at]:.2f} mV at {time[at]:.0f} ms" for name, at in found.items())
    return alt_text.set_alt_text(figure, f"{len(beats)} beats in lead {lead} and their median: {heights}.")


def changed_beats(panels: list[tuple[str, str, np.ndarray, np.ndarray, dict]], time: np.ndarray) -> Figure:
    """Beats of groups of records against normal ones, one panel each, with the changes that its marks name.

    Parameters
    ----------
    panels : of each group its superclass and title, its beats and normal ones, float (records, samples) in mV, and
        {what changes: (from ms, to ms)}; the mark is put where the medians differ most between these times
    time : float (samples,) in ms from the R peak
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(PAGE_WIDTH, 2.3 * len(panels)), sharex=True)
    texts = []
    for axis, (superclass, title, beats, normal, marks) in zip(axes, panels, strict=True):
        low, median, high = np.percentile(beats, [25, 50, 75], axis=0)
        usual = np.median(normal, axis=0)
        axis.fill_between(time, low, high, color=CLASS_COLORS[superclass], alpha=0.25, linewidth=0)
        axis.plot(time, usual, color="#777777", label="normal")
        axis.plot(time, median, color=CLASS_COLORS[superclass], linewidth=2, label=superclass)
        for text, (start, end) in marks.items():
            inside = np.flatnonzero((time >= start) & (time <= end))
            at = inside[np.abs(median - usual)[inside].argmax()]
            axis.annotate(
                text,
                (time[at], median[at]),
                (45, 14 if median[at] > usual[at] else -14),
                textcoords="offset points",
                va="center",
                arrowprops={"arrowstyle": "->", "color": "#555555"},
            )
            texts.append(f"{title}, {text}: {median[at]:.2f} mV at {time[at]:.0f} ms, normal {usual[at]:.2f} mV")
        axis.set_title(title, loc="left")
        axis.margins(y=0.15)
        axis.legend(loc="upper left")
    axes[-1].set_xlabel("time from the R peak in ms")
    figure.supylabel("voltage in mV", fontsize=9)
    return alt_text.set_alt_text(figure, "; ".join(texts) + ".")
