"""Figures: what they refuse to drop, what they mark, and that the front page's takes on the look of its page."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ecglib.book import alt_text, plots
from ecglib.evaluation.bootstrap import Estimate
from ecglib.networks import convnet
from ecgpredict.spec import LEADS

matplotlib.use("agg")


def history(epochs: int) -> pd.DataFrame:
    values = {"train_loss": 0.3, "val_loss": 0.3, "val_auc": [0.8 + 0.01 * i for i in range(epochs)]}
    return pd.DataFrame({"epoch": range(epochs)} | values)


def texts(figure) -> list:
    return [text for axis in figure.axes for text in axis.texts]


def test_a_network_is_drawn_with_the_shape_and_the_bytes_of_each_block():
    figure = plots.convolution_blocks({"small": convnet.layer_table(convnet.ECGNet((4, 8)))})
    written = [text.get_text() for text in texts(figure)]
    assert written[::2] == ["12×1,000", "4×495", "8×243", "8×1", "5×1"]
    assert written[3] == f"block 1\n{4 * (4 * 12 * 10 + 4 + 8) / 1e3:.0f} KB"


def test_a_training_kept_at_its_last_epoch_has_its_dot_there():
    best_first = pd.DataFrame({"epoch": [0, 1], "train_loss": 0.1, "val_loss": 0.1, "val_auc": [0.9, 0.8]})
    for last, epoch in (([], 1), (["a"], 2)):
        dot = plots.training_curves({"a": [best_first]}, last=last).axes[1].lines[1]
        assert list(dot.get_xdata()) == [epoch]


@pytest.fixture
def front(recwarn) -> dict[str, BeautifulSoup]:
    """The front page's figure of three models, for a wide screen and for a phone."""
    rows = pd.DataFrame({"file_bytes": [26e6, 6.6e6, 28e3], "test_auc": [0.93, 0.931, 0.932]})
    rows = rows.assign(test_auc_low=rows["test_auc"] - 0.007, test_auc_high=rows["test_auc"] + 0.006)
    words = {"x": "크기", "y": "AUC", "below": "under 1 MB", "alt": 'as "good"'}
    drawn = {
        wide: plots.front_page(rows, ["base", "int8", "작은"], words, phone=wide == "phone")
        for wide in ("wide", "phone")
    }
    assert not recwarn.list
    return {name: BeautifulSoup(svg, "html.parser").svg for name, svg in drawn.items()}


def test_the_front_pages_figure_is_text_in_the_color_of_the_page(front):
    words = [text.get_text() for text in front["wide"].select("text")]
    assert {"base", "26 MB", "int8", "6.6 MB", "작은", "28 KB", "1 MB", "크기", "AUC"} <= set(words)
    assert "currentColor" in str(front["wide"]) and "#262626" not in str(front["wide"])
    assert front["wide"]["aria-label"] == 'as "good"'


def test_two_drawings_on_one_page_share_no_ids(front):
    ids = [{tag["id"] for tag in svg.select("[id]")} for svg in front.values()]
    assert all(ids) and not ids[0] & ids[1]


def test_a_beats_waves_are_marked_where_they_are():
    time = 10.0 * np.arange(-35, 50)
    waves = {"P": (-150, 25, 0.2), "Q": (-30, 8, -0.2), "R": (0, 10, 1.0), "S": (30, 8, -0.3), "T": (280, 40, 0.4)}
    beat = sum(height * np.exp(-(((time - center) / width) ** 2) / 2) for center, width, height in waves.values())
    (axis,) = plots.marked_beat(np.stack([beat, beat]), time, "II").axes
    marked = {text.get_text(): text.xy[0] for text in axis.texts if hasattr(text, "xy") and text.get_text()}
    assert marked == {name: center for name, (center, _, _) in waves.items()}


def test_a_change_is_marked_where_medians_differ_most():
    time = 10.0 * np.arange(-35, 50)
    normal, changed = np.zeros((3, 85)), np.zeros((3, 85))
    changed[:, time == 120] = -0.5
    figure = plots.changed_beats([("MI", "title", changed, normal, {"lower": (50, 200)})] * 2, time)
    assert [axis.texts[0].xy for axis in figure.axes] == [(120, -0.5)] * 2


def test_situations_stand_below_each_other_with_a_gap_between_kinds():
    rows = [
        (kind, situation, model, Estimate(0.9, 0.89, 0.91))
        for kind, situation in (("home", "fold 10"), ("noise", "hum"), ("noise", "wander"))
        for model in "ab"
    ]
    figure = plots.situations(rows)
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["fold 10", "hum", "wander"]
    assert np.diff(axis.get_yticks()).tolist() == [-1.5, -1.0]
    assert "hum: a 0.900, b 0.900" in alt_text.alt_text(figure)


def test_noise_grows_to_the_right():
    aucs = {ratio: Estimate(0.8 + ratio / 1000, 0.7, 0.9) for ratio in (24, 6, -6)}
    rows = [(kind, ratio, auc) for kind in ("wander", "hum") for ratio, auc in aucs.items()]
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
