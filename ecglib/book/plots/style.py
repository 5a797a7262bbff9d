"""The style of every figure: Okabe and Ito's colors, which readers with color-vision deficiencies can tell apart."""

from __future__ import annotations

import seaborn as sns

from ecglib.book import alt_text
from ecgpredict.spec import CLASSES

CLASS_COLORS = dict(zip(CLASSES, ("#0072B2", "#D55E00", "#CC79A7", "#009E73", "#E69F00")))
AVERAGE_COLORS = {"micro": "#777777", "macro": "#000000"}
PAGE_WIDTH = 5.6  # inches: on a phone of 390 pixels a point is .95 of them, so that labels of 8.5 points are legible


def style() -> None:
    """Set the style of all figures, and give them alternative texts; called once, at the start of a chapter."""
    sns.set_theme(
        style="whitegrid",
        context="paper",
        rc={
            "figure.dpi": 160,
            "savefig.bbox": "tight",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "svg.hashsalt": "ecg",
        },
    )
    alt_text.register()
