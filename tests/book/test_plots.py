"""Figures: what they refuse to drop, whom the overview names, and that every label keeps its place and size."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from ecglib.book import plots, tables
from ecglib.book.plots import overview
from ecglib.networks import convnet

matplotlib.use("agg")
LABEL_LIMIT = 8


@pytest.fixture
def summary() -> pd.DataFrame:
    """A summary of few models: sizes and AUCs in which the smallest, the best and the lowest differ."""
    rows = [
        ("base_cnn", 26e6, 0.930),
        ("inception_cnn", 17e6, 0.925),
        ("base_cnn_int8", 6.6e6, 0.9295),
        ("base_cnn_pruned_channels_60", 4.2e6, 0.928),
        ("student", 2.1e6, 0.926),
        ("student_distilled", 2.1e6, 0.9275),
        ("student_int8", 0.56e6, 0.927),
        ("student_micro_64k", 0.09e6, 0.9265),
        ("student_replay", 2.1e6, 0.915),
        ("base_cnn_pruning_replay", 2.1e6, 0.82),
    ]
    table = pd.DataFrame(rows, columns=["model", "file_bytes", "test_auc"])
    return table.assign(test_auc_low=table["test_auc"] - 0.007, test_auc_high=table["test_auc"] + 0.006)


@pytest.fixture
def points(summary):
    return plots.overview_points(summary, tables.registry())


def history(epochs: int) -> pd.DataFrame:
    values = {"train_loss": 0.3, "val_loss": 0.3, "val_auc": [0.8 + 0.01 * i for i in range(epochs)]}
    return pd.DataFrame({"epoch": range(epochs)} | values)


def named(points) -> set[str]:
    return set(points.loc[points["named"], "label"])


def texts(figure) -> list:
    return [text for axis in figure.axes for text in axis.texts]


def test_a_network_is_drawn_with_the_shape_and_the_bytes_of_each_block():
    figure = plots.convolution_blocks({"small": convnet.layer_table(convnet.ECGNet((4, 8)))})
    written = [text.get_text() for text in texts(figure)]
    assert written[::2] == ["12×1,000", "4×495", "8×243", "8×1", "5×1"]
    assert written[3] == f"block 1\n{4 * (4 * 12 * 10 + 4 + 8) / 1e3:.0f} KB"


def test_a_sixth_training_is_drawn():
    figure = plots.training_curves({str(number): [history(3)] for number in range(6)})
    losses, aucs = figure.axes
    assert len(losses.lines) == 12  # training and validation loss of each
    assert len(aucs.lines) == 12  # AUC and kept epoch of each


def test_more_trainings_than_colors_are_refused():
    with pytest.raises(ValueError, match="at most 10"):
        plots.training_curves({str(number): [history(3)] for number in range(11)})


def test_a_training_kept_at_its_last_epoch_has_its_dot_there():
    best_first = pd.DataFrame({"epoch": [0, 1], "train_loss": 0.1, "val_loss": 0.1, "val_auc": [0.9, 0.8]})
    for last, epoch in (([], 1), (["a"], 2)):
        dot = plots.training_curves({"a": [best_first]}, last=last).axes[1].lines[1]
        assert list(dot.get_xdata()) == [epoch]


def test_the_smallest_the_best_and_the_lowest_model_are_named(points):
    assert {"Small student for microcontrollers, int8", "Base CNN", "Pruning, replayed"} <= named(points)


def test_the_other_names_are_findings_done_right_from_the_best(points):
    rest = named(points) - {"Small student for microcontrollers, int8", "Base CNN", "Pruning, replayed"}
    assert rest == {"Base CNN, int8", "Base CNN, 60 % of channels pruned", "Student, distilled"}


def test_the_overview_has_at_most_eight_labels_of_nine_points_or_more(points):
    labels = texts(plots.auc_against_bytes(points, {"lstm": 0.927, "ensemble": 0.934}))
    assert len(labels) <= LABEL_LIMIT
    assert min(label.get_fontsize() for label in labels) >= 9


def test_the_overviews_labels_do_not_cover_each_other(points):
    figure = plots.auc_against_bytes(points)
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in texts(figure)]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_labels_have_no_leader_lines(points):
    assert not any(getattr(label, "arrow_patch", None) for label in texts(plots.auc_against_bytes(points)))


def test_models_far_below_the_others_have_a_panel_of_their_own(points):
    assert list(points.loc[points["low_panel"], "label"]) == ["Pruning, replayed"]
    assert len(plots.auc_against_bytes(points).axes) == 2
    assert len(plots.auc_against_bytes(points[~points["low_panel"]]).axes) == 1


def test_the_front_holds_the_models_that_no_smaller_one_surpasses(points):
    front = points[points["front"]].sort_values("file_bytes")
    assert front["test_auc"].tolist() == [0.9265, 0.927, 0.9275, 0.928, 0.9295, 0.930]


def test_replays_are_marked(points):
    models = tables.registry().models
    replays = {models[name].label for name in ("base_cnn_pruning_replay", "student_replay")}
    assert set(points.loc[points["replayed"], "label"]) == replays


def test_a_kind_of_compact_network_may_have_one_member(recwarn):
    kinds = ["plain blocks", "plain blocks", "residual blocks"]
    points = pd.DataFrame({"label": list("abc"), "kind": kinds, "file_bytes": [16_000, 32_000, 64_000]})
    points = points.assign(value=0.93, low=0.92, high=0.94, seeds=[[0.92, 0.94], [0.93], [0.93]])
    (legend,) = plots.frontier(points, None, {"other": (1e6, 0.93)}).legends
    assert {text.get_text() for text in legend.get_texts()} == {"plain blocks", "residual blocks", "other"}
    assert not recwarn.list


def test_a_chapter_without_a_kind_of_its_own_is_named_after_its_file(monkeypatch, summary):
    monkeypatch.setattr(overview, "KINDS", {})
    kinds = set(plots.overview_points(summary, tables.registry())["kind"])
    assert "inception cnn" in kinds


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
