"""Figures of chapter 11: groups of people, missing leads, noise, LUDB, abstention, and where the model looks."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ecglib.book import alt_text
from ecglib.book.plots.records import ecg_paper
from ecglib.book.plots.style import CLASS_COLORS, PAGE_WIDTH
from ecglib.data import ludb
from ecglib.study.analyses.saliency import Wall, by_lead
from ecglib.study.analyses.travel_local import WAYS
from ecglib.study.analyses.travel_ludb import External
from ecgpredict.spec import LEADS

_ROW = 0.24  # inches
_NAMES = {"excess calibration error": "calibration error"}


def group_differences(compared: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Each group's difference from the rest: a panel per measure, a dot per model, filled where it survives.

    Parameters
    ----------
    compared : factor, group, n, model, measure, difference (Estimate) and survives
    labels : {model: label}
    """
    rows = list(dict.fromkeys(zip(compared["factor"], compared["group"], compared["n"])))
    measures, models = (list(dict.fromkeys(compared[name])) for name in ("measure", "model"))
    colors = dict(zip(models, sns.color_palette("colorblind", len(models)), strict=True))
    place = {row[:2]: -index for index, row in enumerate(rows)}
    offset = dict(zip(models, _spread(len(models), 0.3), strict=True))
    size = (PAGE_WIDTH, 1.4 + 1.3 * _ROW * len(rows))
    figure, axes = plt.subplots(1, max(1, len(measures)), figsize=size, sharey=True, squeeze=False)
    for measure, axis in zip(measures, axes[0], strict=False):
        axis.axvline(0, color="#999999", linewidth=0.8)
        for row in compared[compared["measure"] == measure].itertuples():
            change, color = row.difference, colors[row.model]
            y, face = place[row.factor, row.group] + offset[row.model], color if row.survives else "white"
            axis.plot([change.low, change.high], [y, y], color=color, linewidth=1, alpha=0.6)
            axis.plot(change.value, y, "o", color=color, markerfacecolor=face, markersize=3.5)
        axis.set_title(_NAMES.get(measure, measure))
        axis.set_xlabel("difference", fontsize="small")
        axis.grid(visible=False, axis="y")
        axis.tick_params(axis="x", labelsize="small")
    names = [f"{factor} {group} ({n:,})" for factor, group, n in rows]
    axes[0, 0].set_yticks([place[row[:2]] for row in rows], names, fontsize="small")
    handles = [plt.Line2D([], [], marker="o", color=colors[model], label=labels[model]) for model in models]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return alt_text.set_alt_text(figure, _groups_text(compared))


def missing_leads(changes: pd.DataFrame) -> Figure:
    """Change of the macro AUC with each lead, or group of leads, flat; a dot with its interval per model.

    Parameters
    ----------
    changes : damage, model, label and change (Estimate)
    """
    names, labels = (list(dict.fromkeys(changes[name])) for name in ("damage", "label"))
    colors = dict(zip(labels, sns.color_palette("colorblind", len(labels)), strict=True))
    offset = dict(zip(labels, _spread(len(labels), -0.15), strict=True))
    figure, axes = plt.subplots(1, 2, figsize=(PAGE_WIDTH, 3), width_ratios=[4, 1.2])
    for axis, shown in zip(axes, ([x for x in names if x in LEADS], [x for x in names if x not in LEADS]), strict=True):
        axis.axhline(0, color="#999999", linewidth=0.8)
        for row in changes[changes["damage"].isin(shown)].itertuples():
            x, change = shown.index(row.damage) + offset[row.label], row.change
            spread = [[change.value - change.low], [change.high - change.value]]
            axis.errorbar(x, change.value, spread, fmt="o", color=colors[row.label], markersize=4)
        axis.set_xticks(range(len(shown)), shown)
        axis.set_xlim(-0.5, len(shown) - 0.5)
        axis.grid(visible=False, axis="x")
    axes[0].set(ylabel="change of macro AUC", xlabel="flat lead")
    axes[1].set_xlabel("flat group")
    handles = [plt.Line2D([], [], marker="o", linestyle="", color=colors[label], label=label) for label in labels]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return alt_text.set_alt_text(figure, _missing_text(changes))


def noise_curves(curves: pd.DataFrame) -> Figure:
    """Macro AUC against the signal-to-noise ratio, a panel per kind of noise, a line with its interval per model.

    Dotted lines are the intact records.

    Parameters
    ----------
    curves : kind, snr_db (NaN for the intact records), label, value, low and high
    """
    kinds, labels = (list(dict.fromkeys(curves[name])) for name in ("kind", "label"))
    colors = dict(zip(labels, sns.color_palette("colorblind", len(labels)), strict=True))
    figure, axes = plt.subplots(2, 2, figsize=(PAGE_WIDTH, 5), sharex=True, sharey=True)
    for kind, axis in zip(kinds, axes.flat, strict=True):
        for number, label in enumerate(labels):
            part = curves[(curves["kind"] == kind) & (curves["label"] == label)].sort_values("snr_db")
            at = part.dropna(subset="snr_db")
            axis.fill_between(at["snr_db"], at["low"], at["high"], color=colors[label], alpha=0.12, linewidth=0)
            marker = {"marker": "os^D"[number % 4], "markersize": 4}
            axis.plot(at["snr_db"], at["value"], **marker, color=colors[label], label=label)
            intact = part.loc[part["snr_db"].isna(), "value"]
            axis.axhline(intact.iloc[0], color=colors[label], linewidth=0.8, linestyle=":")
        axis.set_title(kind)
        axis.set_xticks(sorted(curves["snr_db"].dropna().unique()))
    for axis in axes[1]:
        axis.set_xlabel("signal-to-noise ratio, dB")
    axes[0, 0].invert_xaxis()  # from weak noise to strong; shared by all panels
    figure.supylabel("macro AUC on fold 10", fontsize="medium")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return alt_text.set_alt_text(figure, _noise_text(curves))


def _spread(count: int, first: float) -> np.ndarray:
    """Places of `count` dots in a row from `first` to its opposite, or one in the middle."""
    return np.linspace(first, -first, count) if count > 1 else np.zeros(count)


def _groups_text(compared: pd.DataFrame) -> str:
    survived = compared["survives"].sum()
    parts = []
    for measure, part in compared.groupby("measure", sort=False):
        values = part["difference"].map(lambda estimate: estimate.value)
        low, high = part.loc[values.idxmin()], part.loc[values.idxmax()]
        parts.append(
            f"{measure} from {values.min():+.3f} for {low['factor']} {low['group']} to {values.max():+.3f} for "
            f"{high['factor']} {high['group']}"
        )
    return (
        f"Differences of groups from all other records, for {compared['model'].nunique()} models; {survived} of "
        f"{len(compared)} survive the correction. {'; '.join(parts)}."
    )


def _missing_text(changes: pd.DataFrame) -> str:
    parts = []
    for label, part in changes.groupby("label", sort=False):
        values = part.set_index("damage")["change"].map(lambda estimate: estimate.value)
        shown = ", ".join(f"{name} {value:+.3f}" for name, value in values.items())
        parts.append(f"{label}: {shown}")
    return f"Change of the macro AUC on fold 10 with leads flat. {'; '.join(parts)}."


def _noise_text(curves: pd.DataFrame) -> str:
    parts = []
    for (kind, label), part in curves.groupby(["kind", "label"], sort=False):
        at = part.dropna(subset="snr_db").sort_values("snr_db")
        weak, strong = at.iloc[-1], at.iloc[0]
        parts.append(
            f"{kind}, {label}: {weak['value']:.3f} at {weak['snr_db']:.0f} dB, {strong['value']:.3f} at "
            f"{strong['snr_db']:.0f} dB"
        )
    return f"Macro AUC on fold 10 against the signal-to-noise ratio. {'; '.join(parts)}."


def mistakes(external: External) -> list[Figure]:
    """The recordings of :meth:`External.mistakes` at 500 Hz on ECG paper."""
    figures = []
    for mistake in external.mistakes():
        wrong = "missed" if mistake.missed else "predicted, but not there"
        title = f"LUDB {external.data.table.index[mistake.position]}: {mistake.superclass} {wrong}"
        figures.append(ecg_paper(external.data.signals[mistake.position], title, rate=ludb.RATE))
    return figures


def repaired(halves: pd.DataFrame, labels: Mapping[str, str]) -> Figure:
    """Calibration error on the half of LUDB that nothing was fitted on: a dot per random half."""
    table = halves.assign(model=halves["model"].map(labels))
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 0.55 * len(labels) + 1.3))
    palette = dict(zip(WAYS, sns.color_palette("colorblind", len(WAYS)), strict=True))
    dots = {"dodge": True, "size": 2.5, "alpha": 0.5, "palette": palette, "legend": True}
    sns.stripplot(table, x="ece", y="model", hue="way", **dots, ax=axis)
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


def attribution_by_lead(walls: list[Wall]) -> Figure:
    """Each lead's mean share of what speaks for MI, a panel per wall; the leads that face the wall are colored."""
    shares = by_lead(walls)
    figure, axes = plt.subplots(1, max(1, len(walls)), figsize=(PAGE_WIDTH, 2.6), sharey=True, squeeze=False)
    for axis, wall in zip(axes[0], walls):
        colors = [CLASS_COLORS["MI"] if lead in wall.leads else "#bbbbbb" for lead in LEADS]
        sns.barplot(x=list(LEADS), y=shares.loc[wall.name], hue=list(LEADS), palette=colors, legend=False, ax=axis)
        axis.axhline(1 / len(LEADS), color="black", linestyle="--", linewidth=0.8)
        axis.set(title=f"{wall.name} infarction, {len(wall.by_lead)} records", xlabel="lead", ylabel="share")
        axis.tick_params(axis="x", rotation=60)
    shares = [f"{wall.name}: {wall.share} in {', '.join(wall.leads)}, by chance {wall.chance:.3f}" for wall in walls]
    return alt_text.set_alt_text(figure, f"Bars of each lead's share of what speaks for MI. {'; '.join(shares)}.")
