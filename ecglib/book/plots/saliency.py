"""Where the model's maps of MI are positive, by lead, next to what chance would give."""

from __future__ import annotations

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

from ecglib.book import alt_text
from ecglib.book.plots.style import CLASS_COLORS, PAGE_WIDTH
from ecglib.study.analyses.saliency import Wall, by_lead
from ecgpredict.spec import LEADS


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
    text = "; ".join(
        f"{wall.name}: {wall.share} in {', '.join(wall.leads)}, by chance {wall.chance:.3f}" for wall in walls
    )
    return alt_text.set_alt_text(figure, f"Bars of each lead's share of what speaks for MI. {text}.")
