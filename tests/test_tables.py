"""Tables: what they say when figures agree, differ or are missing."""

import pandas as pd

from ecglib import original, tables


def test_a_layer_that_differs_is_marked():
    published = original.layer_table("base_cnn")
    ours = published.copy()
    ours.loc[3, "params"] = 1
    assert (tables.side_by_side(published, published)["same"] == "✓").all()
    assert tables.side_by_side(published, ours)["same"].tolist().index("✗") == 3


def test_a_model_that_was_not_reported_shows_a_dash():
    row = {
        "model": "other", "reported_auc": None, "test_auc": 0.9, "test_auc_low": 0.88, "test_auc_high": 0.92,
        "seeds": 5, "params": 534_005, "file_bytes": 2_148_372,
    }  # fmt: skip
    shown = tables.summary_rows(pd.DataFrame([row])).iloc[0].tolist()
    assert shown == ["other", "–", "0.900 (0.880–0.920)", "5", "534,005", "2.15\u00a0MB"]


def test_markdown_is_a_github_table():
    text = tables.markdown(pd.DataFrame({"Model": ["a"], "Seeds": ["1"]}))
    assert text.splitlines() == ["| Model | Seeds |", "|---|---:|", "| a | 1 |"]


def test_whole_numbers_stay_whole_where_one_is_missing():
    html = tables.show(pd.DataFrame({"n": pd.array([6522555, None], "Int64")})).to_html()
    assert "6,522,555" in html
    assert "–" in html


def test_three_columns_leave_open_what_was_not_reported():
    one = {"value": 0.9123, "low": 0.9, "high": 0.92}
    both = {"NORM": one, "CD": one, "macro": one}
    table = tables.three_columns({"NORM": 0.9, "macro": 0.804}, both, both)
    assert table["as reported"].tolist() == ["0.90", "–", "0.804"]
    assert table["replayed"].tolist() == ["0.912 (0.900–0.920)"] * 3


def test_a_finding_stands_beside_its_replay_where_there_is_one():
    one = {"value": 0.9123, "low": 0.9, "high": 0.92}
    procedures = {"Pruning": ("replay", "base_cnn"), "Base CNN": (None, "base_cnn"), "Later": (None, "not_there")}
    reported = {"replay": original.Reported(auc=0.804)}
    table = tables.findings(procedures, reported, {"replay": one, "base_cnn": one})
    assert table["finding"].tolist() == ["Pruning", "Base CNN"]
    assert table["as reported"].tolist() == ["0.804", "–"]
    assert table["replayed"].tolist() == ["0.912 (0.900–0.920)", "–"]
    assert table["model"].tolist() == ["Base CNN", "Base CNN"]


def test_a_note_says_how_many_seeds_and_how_far_they_spread():
    assert tables.seed_note({"row": {"seeds": 1, "seed_sd": None}}) == "one seed"
    assert tables.seed_note({"row": {"seeds": 3, "seed_sd": 0.00123}}) == "the mean of 3 seeds, SD 0.0012"
