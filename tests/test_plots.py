"""The crowded figure of all models: labels stay legible, and models far below do not press the others together."""

import pandas as pd
import pytest

from ecglib import plots


@pytest.fixture
def models() -> pd.DataFrame:
    aucs = [0.926, 0.925, 0.924, 0.60]
    return pd.DataFrame(
        {
            "model": list("abcd"), "chapter": "02", "file_bytes": [2e7, 2e7, 5e5, 2e6], "test_auc": aucs,
            "test_auc_low": [auc - 0.01 for auc in aucs], "test_auc_high": [auc + 0.01 for auc in aucs],
        }
    )  # fmt: skip


def labels(figure) -> list[list[tuple]]:
    return [[(text.get_text(), *text.get_position()) for text in axis.texts] for axis in figure.axes]


def names(panel: list[tuple]) -> list[str]:
    return [name for name, *_ in panel if name in list("abcd")]


def test_models_far_below_the_others_have_a_panel_of_their_own(models):
    above, below = labels(plots.auc_against_bytes(models))
    assert sorted(names(above)) == ["a", "b", "c"]
    assert names(below) == ["d"]


def test_models_near_each_other_share_one_panel(models):
    (panel,) = labels(plots.auc_against_bytes(models[:3]))
    assert sorted(names(panel)) == ["a", "b", "c"]


def test_only_the_front_and_the_models_asked_for_are_named(models):
    above, below = labels(plots.auc_against_bytes(models, labelled=["d"]))
    front = set(names(labels(plots.auc_against_bytes(models[:3], labelled=["none"]))[0]))
    assert set(names(above)) == front < {"a", "b", "c"}
    assert names(below) == ["d"]


def test_labels_stand_at_the_same_place_each_time(models):
    assert labels(plots.auc_against_bytes(models)) == labels(plots.auc_against_bytes(models))


def test_published_models_are_named_with_their_auc(models):
    first, _ = plots.auc_against_bytes(models, {"lstm": 0.927}).axes
    assert "lstm 0.927" in [text.get_text() for text in first.texts]


def test_the_front_joins_the_models_that_no_smaller_one_surpasses(models):
    first, _ = plots.auc_against_bytes(models).axes
    (front,) = [line for line in first.lines if line.get_drawstyle() == "steps-post"]
    assert list(zip(*front.get_data())) == [(5e5, 0.924), (2e7, 0.926)]


def test_each_chapter_has_a_panel_of_roc_curves_with_the_reference_in_it():
    curve = {"false_positive_rate": [0.0, 0.1, 1.0], "sensitivity": [0.0, 0.9, 1.0]}
    rows = [("base", 2), ("a", 3), ("b", 3), ("c", 4)]
    table = pd.DataFrame([{"model": name, "chapter": chapter, "auc": 0.9} | curve for name, chapter in rows])
    shown = [
        [text.get_text() for text in axis.get_legend().get_texts()] for axis in plots.macro_roc(table, "base").axes
    ]
    assert shown == [["base 0.900", "a 0.900", "b 0.900"], ["base 0.900", "c 0.900"]]
