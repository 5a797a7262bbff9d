"""Figures of chapter 11: what is marked, in which order, and what their alternative texts tell."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from ecglib.book import alt_text, plots
from ecglib.evaluation.bootstrap import Estimate

matplotlib.use("agg")


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01)


@pytest.fixture
def compared() -> pd.DataFrame:
    rows = [
        ("age", group, 100, model, measure, estimate(value), value < 0)
        for group, value in (("old", -0.04), ("young", 0.02))
        for model in "ab"
        for measure in ("AUC", "sensitivity")
    ]
    return pd.DataFrame(rows, columns=["factor", "group", "n", "model", "measure", "difference", "survives"])


def test_differences_that_survive_are_filled(compared):
    figure = plots.group_differences(compared, {"a": "A", "b": "B"})
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    filled = [line.get_markerfacecolor() != "white" for line in dots]
    assert filled == compared.loc[compared["measure"] == "AUC", "survives"].tolist()
    assert "4 of 8 survive" in alt_text.alt_text(figure)
    assert "-0.040 for age old" in alt_text.alt_text(figure)


def test_no_group_is_a_figure_without_rows(compared):
    assert plots.group_differences(compared[:0], {}).axes


def test_leads_and_groups_of_leads_have_panels_of_their_own():
    names = ["I", "V1", "limb"]
    changes = pd.DataFrame({"damage": names, "label": "model", "change": [estimate(-0.01 * i) for i in range(3)]})
    figure = plots.missing_leads(changes)
    assert [[tick.get_text() for tick in axis.get_xticklabels()] for axis in figure.axes] == [["I", "V1"], ["limb"]]
    assert "limb -0.020" in alt_text.alt_text(figure)


def test_noise_grows_to_the_right():
    rows = [
        (kind, ratio, "model", 0.9 if np.isnan(ratio) else 0.8 + ratio / 1000, 0.7, 0.95)
        for kind in ("wander", "muscle", "hum", "motion")
        for ratio in (np.nan, 24.0, 6.0, -6.0)
    ]
    figure = plots.noise_curves(pd.DataFrame(rows, columns=["kind", "snr_db", "label", "value", "low", "high"]))
    left, right = figure.axes[0].get_xlim()
    assert left > right  # in dB
    assert "wander, model: 0.824 at 24 dB, 0.794 at -6 dB" in alt_text.alt_text(figure)
