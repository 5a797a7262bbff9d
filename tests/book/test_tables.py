"""Tables: what they show when values agree, differ or are missing."""

import pandas as pd
import pytest

from ecglib.book import tables
from ecglib.study import original

INTERVAL = "0.912\u00a0(0.900\u2060–\u20600.920)"  # neither the space nor the dash may break


def result(params: int = 534_005, seeds: int = 1, **row) -> dict:
    return {
        "row": {"params": params, "chapter": "02_base_cnn", "seed_sd": None, "file_bytes": 1_000_000} | row,
        "classes": {"macro": {"value": 0.9123, "low": 0.9, "high": 0.92}},
        "seeds": [{"seed": seed, "val_auc": 0.91, "test_auc": 0.9} for seed in range(seeds)],
    }


@pytest.fixture
def kept() -> dict[str, dict]:
    return {
        "base_cnn": result(6_522_555, 3),
        "base_cnn_pruning_replay": result(),
        "student_pruned_20": result(),
        "base_cnn_pruned_channels_60": result(1_049_025),
    }


def test_a_layer_that_differs_is_marked():
    published = original.layer_table("base_cnn")
    ours = published.copy()
    ours.loc[3, "params"] = 1
    assert (tables.side_by_side(published, published)["same"] == "✓").all()
    assert tables.side_by_side(published, ours)["same"].tolist().index("✗") == 3


def test_a_model_that_was_not_reported_shows_a_dash():
    row = {
        "model": "other",
        "reported_auc": None,
        "test_auc": 0.9123,
        "test_auc_low": 0.9,
        "test_auc_high": 0.92,
        "seeds": 5,
        "params": 534_005,
        "file_bytes": 2_148_372,
    }
    shown = tables.summary_rows(pd.DataFrame([row])).iloc[0].tolist()
    assert shown == ["other", "–", INTERVAL, "5", "534,005", "2.15\u00a0MB"]


def test_markdown_is_a_github_table():
    text = tables.markdown(pd.DataFrame({"Model": ["a"], "Seeds": ["1"]}))
    assert text.splitlines() == ["| Model | Seeds |", "|---|---:|", "| a | 1 |"]


def test_whole_numbers_stay_whole_where_one_is_missing():
    html = tables.show(pd.DataFrame({"n": pd.array([6522555, None], "Int64")})).to_html()
    assert "6,522,555" in html
    assert "–" in html


def test_a_column_has_the_same_decimals_in_every_table():
    html = tables.show(pd.DataFrame({"AUC, fold 9": [0.93333], "other": [0.93333]})).to_html()
    assert "0.9333<" in html
    assert "0.933<" in html


def test_each_cell_of_a_finding_names_its_network_and_parameters(kept):
    table = tables.findings(kept).set_index("finding")
    assert "<br><small>Student, 534\u00a0k</small>" in table.loc["Pruning", "as reported"]
    assert table.loc["Pruning", "replayed"] == f"{INTERVAL}<br><small>Student, 534\u00a0k</small>"
    assert "Base CNN, 60 % of channels pruned, 1.05\u00a0M" in table.loc["Pruning", "done right"]


def test_a_like_for_like_row_does_the_originals_own_network_right(kept):
    table = tables.findings(kept).set_index("finding")
    assert "Student, 20 % of weights pruned" in table.loc["Pruning, like for like", "done right"]


def test_findings_without_results_are_left_out_and_missing_replays_are_dashes(kept):
    del kept["base_cnn_pruning_replay"], kept["student_pruned_20"]
    table = tables.findings(kept)
    assert table["finding"].tolist() == ["Base CNN", "Pruning"]
    assert table["replayed"].tolist() == ["–", "–"]


def test_the_originals_sixth_claim_is_a_finding(kept):
    kept["base_cnn_pruned_int8"] = result(1_049_025)
    reported = tables.findings(kept).set_index("finding").loc["Pruned and quantized", "as reported"]
    assert reported.startswith("0.514")


def test_evidence_counts_the_seeds(kept):
    table = tables.evidence(kept).set_index("finding")
    assert table.loc["Base CNN", "done right rests on"] == "fold 10, 3 seeds; selected on fold 9"
    assert table.loc["Pruning", "done right rests on"] == "fold 10, 1 seed; selected on fold 9"


def test_seeds_are_listed_only_of_models_with_several(kept):
    assert tables.seed_aucs(kept)["model"].unique().tolist() == ["Base CNN"]


def test_sizes_of_student_and_base_cnn_are_compared_in_five_ways(kept):
    kept["base_cnn"]["details"] = {"sizes_mb": {"params": 1000, "params_mb": 10.0, "total_mb": 20.0}}
    kept["student"] = result(file_bytes=250_000) | {
        "details": {"sizes_mb": {"params": 100, "params_mb": 1.0, "total_mb": 4.0}}
    }
    kept["student_int8"] = result(file_bytes=100_000)
    table = tables.size_reduction(kept)
    assert table["change"].tolist() == ["-90.0\u00a0%", "-90.0\u00a0%", "-80.0\u00a0%", "-75.0\u00a0%", "-90.0\u00a0%"]
    assert table["as reported"].tolist() == ["-91.8\u00a0%", "-91.8\u00a0%", "-79.8\u00a0%", "–", "–"]
