"""Figures of the data: ECGs, superclasses and patients."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from ecglib.book import alt_text
from ecglib.book.plots.style import CLASS_COLORS, PAGE_WIDTH
from ecglib.data.dataset import Dataset
from ecgpredict.spec import CLASS_NAMES, CLASSES, LEADS, SAMPLING_RATE

OLDEST_AGE = 89  # years; PTB-XL gives the age of older patients as 300
_PAPER, _FINE, _COARSE = "#fff8f6", "#f6d5cf", "#e8a79c"


def ecg_paper(signal: np.ndarray, title: str = "", *, rate: float = SAMPLING_RATE) -> Figure:
    """A 12-lead ECG on paper, as a clinician reads it: 3 × 4 leads of 2.5 s, and lead II over all 10 s below.

    The paper runs at 25 mm/s and 10 mm/mV.

    Parameters
    ----------
    signal : float (samples, 12) in mV, ten seconds, leads in the order of LEADS
    rate : Hz
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
    return alt_text.set_alt_text(figure, alt_text.electrocardiogram(signal, title, LEADS, rate))


def lead_grid(signal: np.ndarray, title: str = "", *, rate: float = SAMPLING_RATE) -> Figure:
    """Each lead of a record, (samples, 12) in mV at `rate` Hz, over its whole length."""
    figure, axes = plt.subplots(4, 3, figsize=(PAGE_WIDTH, 6), sharex=True)
    time = np.arange(len(signal)) / rate
    for axis, lead, name in zip(axes.ravel(), signal.T, LEADS):
        axis.plot(time, lead, color=CLASS_COLORS["NORM"], linewidth=0.7)
        axis.set_title(name)
    figure.supxlabel("time in s")
    figure.supylabel("voltage in mV")
    figure.suptitle(title)
    return alt_text.set_alt_text(figure, alt_text.electrocardiogram(signal, title, LEADS, rate))


def label_combinations(table: pd.DataFrame) -> Figure:
    """Number of records with each combination of superclasses, from a boolean column of each."""
    names = table[list(CLASSES)].apply(lambda row: " + ".join(row.index[row]) or "none", axis=1)
    counts = names.value_counts()
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 0.24 * len(counts) + 1))
    colors = [CLASS_COLORS.get(name, "#999999") for name in counts.index]
    axis.barh(counts.index[::-1], counts.to_numpy()[::-1], color=colors[::-1])
    axis.bar_label(axis.containers[0], fmt="{:,.0f}", padding=3, fontsize=8)
    axis.set(xlabel="records", title="Combinations of superclasses (in color: one superclass alone)")
    axis.margins(x=0.1, y=0.01)
    return figure


def demographics(table: pd.DataFrame) -> Figure:
    """Age and sex at each record of :func:`ecglib.data.ptbxl.read_table`, and age within each superclass."""
    known = table[table["age"] <= OLDEST_AGE]
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_WIDTH, 3))
    sex = known["sex"].map({0: "male", 1: "female"})
    sns.histplot(
        x=known["age"], hue=sex.rename("sex"), binwidth=5, multiple="stack", palette=["#56B4E9", "#F0E442"], ax=left
    )
    left.set(xlabel="age in years", ylabel="records")
    for name in CLASSES:
        sns.kdeplot(known.loc[known[name], "age"], color=CLASS_COLORS[name], label=name, ax=right, cut=0)
    right.set(xlabel="age in years", ylabel="density")
    right.legend(fontsize=8)
    return figure


def record_on_paper(dataset: Dataset, position: int) -> Figure:
    """The record at a position of the dataset's table, on ECG paper."""
    return ecg_paper(dataset.millivolts([position])[0], _title(dataset, position))


def record_leads(dataset: Dataset, position: int) -> Figure:
    """The record at a position of the dataset's table, lead by lead."""
    return lead_grid(dataset.millivolts([position])[0], _title(dataset, position))


def superclass_examples(dataset: Dataset) -> list[Figure]:
    """For each superclass, the first record that belongs to it and to as few others as possible, on ECG paper."""
    labels = dataset.table[list(CLASSES)]
    others = labels.sum(axis=1).to_numpy()
    positions = [int(np.where(labels[name], others, len(CLASSES) + 1).argmin()) for name in CLASSES]
    return [record_on_paper(dataset, position) for position in positions]


def _title(dataset: Dataset, position: int) -> str:
    row = dataset.table.iloc[position]
    names = [f"{CLASS_NAMES[name]} ({name})" for name in CLASSES if row[name]]
    return f"ecg_id {dataset.ecg_id[position]}: {', '.join(names) or 'no superclass'}"
