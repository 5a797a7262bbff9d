"""Figures of chapter 11: situations, noise, mistakes, and calibration on local recordings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ecglib.book import alt_text
from ecglib.book.plots.records import draw_paper
from ecglib.book.plots.style import CLASS_COLORS, PAGE_WIDTH
from ecgpredict.spec import LEADS

_ROW = 0.36  # inches


def situations(rows: Sequence[tuple]) -> Figure:
    """Macro AUC with its interval, situation by situation; a dot per model, and a line at the first one's first AUC.

    Parameters
    ----------
    rows : kind of situation, situation, model and AUC (Estimate)
    """
    table = pd.DataFrame(rows, columns=["kind", "situation", "model", "auc"])
    places, y = {}, 0.0
    for kind, part in table.groupby("kind", sort=False):
        for situation in part["situation"].unique():
            places[kind, situation] = y
            y -= 1
        y -= 0.5
    models = list(table["model"].unique())
    colors = dict(zip(models, sns.color_palette("colorblind", len(models)), strict=True))
    offset = dict(zip(models, np.linspace(0.24, -0.24, len(models)) if len(models) > 1 else [0.0], strict=True))
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 1.2 - y * _ROW))
    axis.axvline(table["auc"][0].value, color="#999999", linewidth=0.8, linestyle=":")
    for row in table.itertuples():
        at, color = places[row.kind, row.situation] + offset[row.model], colors[row.model]
        axis.plot([row.auc.low, row.auc.high], [at, at], color=color, linewidth=1.5, alpha=0.6)
        axis.plot(row.auc.value, at, "os^D"[models.index(row.model) % 4], color=color, markersize=4.5)
    axis.set_yticks(list(places.values()), [situation for _, situation in places])
    axis.grid(visible=False, axis="y")
    axis.set_xlabel("macro AUC")
    handles = [
        plt.Line2D([], [], marker="os^D"[k % 4], color=colors[name], label=name) for k, name in enumerate(models)
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(models), frameon=False)
    return alt_text.set_alt_text(figure, _situations_text(table))


def _situations_text(table: pd.DataFrame) -> str:
    parts = []
    for situation, part in table.groupby("situation", sort=False):
        values = ", ".join(f"{row.model} {row.auc.value:.3f}" for row in part.itertuples())
        parts.append(f"{situation}: {values}")
    return f"Macro AUC by situation. {'; '.join(parts)}."


def noise_curves(curves: pd.DataFrame, intact: float) -> Figure:
    """Macro AUC against the signal-to-noise ratio, a line with its interval per kind of noise.

    Parameters
    ----------
    curves : kind, snr_db and auc (Estimate)
    intact : macro AUC without noise, a dotted line
    """
    kinds = list(curves["kind"].unique())
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.6))
    axis.axhline(intact, color="#999999", linewidth=0.8, linestyle=":")
    parts = []
    for number, (kind, color) in enumerate(zip(kinds, sns.color_palette("colorblind", len(kinds)))):
        part = curves[curves["kind"] == kind].sort_values("snr_db")
        values, low, high = (
            part["auc"].map(lambda auc, end=end: getattr(auc, end)) for end in ("value", "low", "high")
        )
        axis.fill_between(part["snr_db"], low, high, color=color, alpha=0.12, linewidth=0)
        axis.plot(part["snr_db"], values, marker="os^D"[number % 4], markersize=4.5, color=color, label=kind)
        parts.append(f"{kind}: " + ", ".join(f"{auc:.3f} at {ratio} dB" for ratio, auc in zip(part["snr_db"], values)))
    axis.set_xticks(sorted(curves["snr_db"].unique()))
    axis.invert_xaxis()  # from weak noise to strong
    axis.set(xlabel="signal-to-noise ratio, dB", ylabel="macro AUC on fold 10")
    axis.legend(loc="lower left")
    return alt_text.set_alt_text(figure, f"Macro AUC under noise. {'; '.join(parts)}; without noise {intact:.3f}.")


def mistakes(shown: Sequence[tuple[str, str, np.ndarray, float, np.ndarray]]) -> Figure:
    """Recordings that were decided wrongly, on ECG paper one below the other, with what the model reacted to.

    Parameters
    ----------
    shown : of each the superclass, a title, its signal (samples, 12) in mV and rate in Hz, and its occlusion map of the
        superclass (12, seconds); the pieces on show that speak most for the decision are shaded
    """
    count = max(1, len(shown))
    figure, axes = plt.subplots(count, 1, figsize=(PAGE_WIDTH, 3.2 * count), dpi=220, squeeze=False)
    texts = []
    for axis, (superclass, title, signal, rate, pieces) in zip(axes.flat, shown):
        spans = draw_paper(axis, signal, rate=rate, rhythm=False)
        inside = {
            (lead, second): pieces[k, second]
            for k, lead in enumerate(LEADS)
            for second in range(pieces.shape[1])
            if spans[lead][0] <= second and second + 1 <= spans[lead][1]
        }
        strongest = sorted(inside, key=inside.get, reverse=True)[:3]
        marked = [piece for piece in strongest if inside[piece] > 0]
        for lead, second in marked:
            base = spans[lead][2]
            axis.fill_between(
                [second, second + 1], base - 1.2, base + 1.4, color=CLASS_COLORS[superclass], alpha=0.25, linewidth=0
            )
        lines = [wrapped for line in title.splitlines() for wrapped in textwrap.wrap(line, 76)]
        axis.set_title("\n".join(lines), loc="left", fontsize=9)
        if axis is not axes[-1, 0]:
            axis.set_xlabel("")
        texts.append(f"{title}: {', '.join(f'{lead} in second {second + 1}' for lead, second in marked) or 'nothing'}")
    return alt_text.set_alt_text(figure, f"Three wrong decisions and what spoke for them. {'; '.join(texts)}.")


def local_calibration(scores: pd.DataFrame, reference: float, shares: float) -> Figure:
    """Brier score against the number of local recordings that a model was calibrated on.

    Parameters
    ----------
    scores : count and brier, one row per random draw; the line is the mean, the band holds 95 % of the draws
    reference, shares : Brier score at home, a dotted line, and of the local shares without a model, a dashed one
    """
    figure, axis = plt.subplots(figsize=(PAGE_WIDTH, 3.2))
    for value, line in ((reference, ":"), (shares, "--")):
        axis.axhline(value, color="#999999", linewidth=0.8, linestyle=line)
    by_count = scores.groupby("count")["brier"]
    mean, low, high = by_count.mean(), by_count.quantile(0.025), by_count.quantile(0.975)
    (color,) = sns.color_palette("colorblind", 1)
    axis.fill_between(mean.index, low, high, color=color, alpha=0.15, linewidth=0)
    axis.plot(mean.index, mean, marker="o", color=color)
    axis.set(xlabel="local recordings with labels", ylabel="Brier score on others", ylim=(0, None), xticks=mean.index)
    text = ", ".join(f"{value:.3f} with {count}" for count, value in mean.items())
    text += f"; at home {reference:.3f}, by the local shares alone {shares:.3f}"
    return alt_text.set_alt_text(figure, f"Brier score by number of local recordings: {text}.")
