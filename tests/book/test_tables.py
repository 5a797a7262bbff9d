"""Tables: what they show when values agree, differ or are missing."""

import pandas as pd
import pytest

from ecglib.book import plots, tables
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import original

INTERVAL = "0.912\u00a0(0.900\u2060–\u20600.920)"  # neither the space nor the dash may break


def result(params: int = 534_005, **row) -> dict:
    return {
        "row": {"params": params, "file_bytes": 1_000_000, "test_auc": 0.9123} | row,
        "classes": {"macro": {"value": 0.9123, "low": 0.9, "high": 0.92}},
    }


@pytest.fixture
def kept() -> dict[str, dict]:
    return {
        "base_cnn": result(6_522_555),
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


def test_the_readmes_models_have_sizes_in_kb_and_a_difference_where_it_is_known():
    row = {"model": "base_cnn", "test_auc": 0.9123, "test_auc_low": 0.9, "test_auc_high": 0.92, "seeds": 5}
    change = {"auc_change": -0.001, "auc_change_low": -0.002, "auc_change_high": 0.0005}
    other = row | {"model": "base_cnn_int8", "file_bytes": 6_576_740} | change
    summary = pd.DataFrame([row | {"file_bytes": 26_100_388}, other, row | {"model": "student"}])
    base, int8 = tables.headline(summary, {}, {}).to_numpy().tolist()  # the student is not among the README's models
    assert base == ["Base CNN", "26,100\u00a0KB", INTERVAL, 5, "–"]
    assert int8[1] == "6,577\u00a0KB"
    assert int8[-1] == "−0.0010\u00a0(−0.0020\u00a0to\u00a0+0.0005)"


def test_released_models_stand_in_the_readme_with_their_names_and_what_their_files_reach():
    entry = {"student": "compact_32_plain", "files": {"tflite": {"bytes": 27_152}}}
    entries = {"ecg32": entry, "of a board": {}}
    assert tables.family(entries) == {"ecg32": "compact_32_int8"}
    row = {"test_auc": 0.9123, "test_auc_low": 0.9, "test_auc_high": 0.92, "seeds": 5}
    sizes = {"compact_16_three_stages_int8": 13_536, "compact_32_int8": 27_584, "base_cnn": 26_100_388}
    changes = dict.fromkeys(["auc_change", "auc_change_low", "auc_change_high"], 0.0)
    summary = pd.DataFrame([row | changes | {"model": name, "file_bytes": size} for name, size in sizes.items()])
    auc, change = Estimate(0.931, 0.925, 0.937), Estimate(0.0016, -0.0007, 0.0038)
    files = {"ecg32": {"test_auc": auc.to_dict(), "auc_change": change.to_dict()}}
    table = tables.headline(summary, entries, {"files": files})
    assert table["Model"].tolist() == ["Base CNN", "**ecg32**", "Compact, 16 KB, three stages, 400 epochs"]
    assert table["Seeds"].tolist() == [5, 1, 5]
    assert table.iloc[1].tolist()[1:3] == ["27\u00a0KB", f"{auc}"]
    assert table.iloc[1]["Against the base CNN"] == f"{change:+}"
    assert table["AUC (95 % interval)"].tolist()[::2] == [INTERVAL, INTERVAL]


@pytest.mark.parametrize(("count", "text"), [(564_565, "565\u00a0KB"), (1_087_651, "1.09\u00a0MB")])
def test_a_file_below_one_megabyte_is_given_in_kb(count, text):
    assert tables.file_size(count) == text


def test_markdown_is_a_github_table():
    text = tables.markdown(pd.DataFrame({"Model": ["a"], "Seeds": ["1"]}))
    assert text.splitlines() == ["| Model | Seeds |", "|---|---:|", "| a | 1 |"]
    words = tables.markdown(pd.DataFrame({"Model": ["a"], "Cause": ["b"]}), left=["Cause"])
    assert words.splitlines()[1] == "|---|---|"


def test_whole_numbers_stay_whole_where_one_is_missing():
    html = tables.show(pd.DataFrame({"n": pd.array([6522555, None], "Int64")})).to_html()
    assert "6,522,555" in html
    assert "–" in html


def test_a_column_has_the_same_decimals_in_every_table():
    html = tables.show(pd.DataFrame({"AUC, fold 9": [0.93333], "other": [0.93333]})).to_html()
    assert "0.9333<" in html
    assert "0.933<" in html


def test_each_cell_of_a_claim_has_auc_network_and_size(kept):
    pruning = tables.claims(kept).set_index("claim").loc["Pruning costs AUC and saves no bytes"]
    assert pruning["reported"] == "0.804"
    assert pruning["replayed"] == pruning["corrected"] == "0.912, small CNN, 1.00\u00a0MB"
    assert pruning["done right"] == "0.912, base CNN, 1.00\u00a0MB"


def test_claims_without_results_are_left_out_and_missing_models_are_dashes(kept):
    del kept["base_cnn_pruning_replay"], kept["student_pruned_20"]
    table = tables.claims(kept)
    assert len(table) == 2  # the base CNN and pruning
    assert table["replayed"].tolist() == ["–", "–"]
    assert table["corrected"].tolist() == ["0.912, base CNN, 1.00\u00a0MB", "–"]


def test_a_teachers_claim_is_what_it_adds_to_the_student(kept):
    aucs = {"student": 0.926, "student_distilled": 0.928, "student_replay": 0.925, "distillation_replay": 0.917}
    kept |= {name: result(test_auc=value) for name, value in aucs.items()}
    teacher = tables.claims(kept).iloc[-1]
    columns = ["reported", "replayed", "corrected", "done right"]
    assert teacher[columns].tolist() == ["+0.010", "−0.008", "+0.002", "+0.002"]


def test_systems_have_reported_sizes_only_where_they_were_published(kept):
    table = tables.systems(kept).set_index(["system", "column"])
    assert table.loc[("Base CNN", "as reported"), "file_bytes"] == pytest.approx(24.88 * 2**20)
    assert pd.isna(table.loc[("Pruning", "as reported"), "file_bytes"])
    assert table.loc[("Pruning", "done right"), "params"] == 1_049_025
    assert ("Quantization", "done right") not in table.index  # without results


def test_the_picture_of_systems_tells_how_far_the_reported_aucs_lie_apart(kept):
    figure = plots.systems(tables.systems(kept))
    assert "as reported, from 0.514 to 0.938" in figure.alt_text
    assert "done right, from 0.912 to 0.912" in figure.alt_text
