"""Figures of chapter 9 about LUDB and abstention."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ecglib.book import alt_text
from ecglib.book.plots.records import ecg_paper
from ecglib.book.plots.style import PAGE_WIDTH
from ecglib.data import ludb
from ecglib.study.analyses.travel_local import WAYS
from ecglib.study.analyses.travel_ludb import External


def mistakes(external: External) -> list[Figure]:
    """The recordings of :meth:`External.mistakes` at 500 Hz on ECG paper."""
    figures = []
    for one in external.mistakes():
        wrong = "missed" if one.missed else "predicted, but not there"
        title = f"LUDB {external.data.table.index[one.position]}: {one.superclass} {wrong}"
        figures.append(ecg_paper(external.data.signals[one.position], title, rate=ludb.RATE))
    return figures


def repaired(halves: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Calibration error on the half of LUDB that nothing was fitted on: a dot per random half.

    Parameters
    ----------
    halves : of :attr:`ecglib.study.analyses.travel_local.Local.halves`
    labels : {model: label}
    """
    table = halves.assign(model=halves["model"].map(labels))
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 0.55 * len(labels) + 1.3))
    palette = dict(zip(WAYS, sns.color_palette("colorblind", len(WAYS)), strict=True))
    sns.stripplot(
        table, x="ece", y="model", hue="way", dodge=True, size=2.5, alpha=0.5, palette=palette, legend=True, ax=axis
    )
    axis.set(xlabel="expected calibration error on the other half", ylabel="", xlim=(0, None))
    axis.legend(title="", loc="best", fontsize="small")
    means = table.groupby(["model", "way"], sort=False)["ece"].mean().unstack()[list(WAYS)]
    text = "; ".join(
        f"{model}: {', '.join(f'{way} {value:.3f}' for way, value in row.items())}" for model, row in means.iterrows()
    )
    return alt_text.set_alt_text(figure, f"Mean calibration error over random halves of LUDB. {text}.")


def risk_coverage(curves: Mapping[str, pd.DataFrame], points: Mapping[str, tuple[float, float]]) -> Figure:
    """Share of wrong decisions against the share of fold 10 that is kept, the most confident first.

    Parameters
    ----------
    curves : {model: coverage and risk}
    points : {way of leaving out: (coverage, risk)}
    """
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.8))
    for (name, curve), color in zip(curves.items(), sns.color_palette("colorblind", len(curves))):
        axis.plot(curve["coverage"], curve["risk"], color=color, linewidth=1.2, label=name)
    for name, (coverage, risk) in points.items():
        axis.plot(coverage, risk, "D", color="black", markerfacecolor="white", label=name)
    axis.set(xlabel="coverage: share of records kept", ylabel="risk: share of decisions that are wrong", ylim=(0, None))
    axis.legend(fontsize="small")
    ends = "; ".join(
        f"{name} from {curve['risk'].iloc[0]:.3f} at {curve['coverage'].iloc[0]:.0%} to {curve['risk'].iloc[-1]:.3f}"
        for name, curve in curves.items()
    )
    return alt_text.set_alt_text(figure, f"Risk against coverage on fold 10, rising for each model: {ends}.")
