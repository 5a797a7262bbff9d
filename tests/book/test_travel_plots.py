"""Figures of chapter 11: what is marked, in which order, and what their alternative texts tell."""

import matplotlib
import numpy as np
import pandas as pd

from ecglib.book import alt_text, plots
from ecglib.evaluation.bootstrap import Estimate
from ecgpredict.spec import LEADS

matplotlib.use("agg")


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.01, value + 0.01)


def test_situations_stand_below_each_other_with_a_gap_between_kinds():
    rows = [
        (kind, situation, model, estimate(0.9))
        for kind, situation in (("home", "fold 10"), ("noise", "hum"), ("noise", "wander"))
        for model in "ab"
    ]
    figure = plots.situations(rows)
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["fold 10", "hum", "wander"]
    assert np.diff(axis.get_yticks()).tolist() == [-1.5, -1.0]
    assert "hum: a 0.900, b 0.900" in alt_text.alt_text(figure)


def test_noise_grows_to_the_right():
    rows = [(kind, ratio, estimate(0.8 + ratio / 1000)) for kind in ("wander", "hum") for ratio in (24, 6, -6)]
    figure = plots.noise_curves(pd.DataFrame(rows, columns=["kind", "snr_db", "auc"]), 0.9)
    left, right = figure.axes[0].get_xlim()
    assert left > right  # in dB
    assert "wander: 0.794 at -6 dB, 0.806 at 6 dB, 0.824 at 24 dB" in alt_text.alt_text(figure)


def test_of_the_pieces_on_show_those_that_speak_for_the_decision_are_shaded():
    pieces = np.zeros((12, 10))
    pieces[LEADS.index("V2"), 5] = 0.3  # of V2, 5 s to 7.5 s are on show
    pieces[LEADS.index("V2"), 2] = 0.5
    pieces[LEADS.index("I"), 0] = -0.5
    figure = plots.mistakes([("MI", "a record", np.zeros((1000, 12)), 100.0, pieces)])
    assert alt_text.alt_text(figure).endswith("a record: V2 in second 6.")
