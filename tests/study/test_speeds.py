"""Speeds by processor: the latest measurement of each, none lost when the study is executed on another one."""

import pandas as pd
import pytest

from ecglib.study import results, speeds


def summarize(folder, processor: str, **ratios: float):
    """A summary whose models have these speeds; the base CNN is float32."""
    folder.mkdir(exist_ok=True)
    rows = {"base_cnn": 1.0, **ratios}
    table = pd.DataFrame({"model": rows.keys(), "latency_vs_float32": rows.values()})
    table = table.assign(hardware=processor, latency_ms=2.5, framework=["torch", *["onnxruntime"] * len(ratios)])
    table.to_csv(folder / "summary.csv", index=False)
    return folder


@pytest.fixture
def earlier(tmp_path):
    folder = summarize(tmp_path / "earlier", "old", student_int8=1.9, base_cnn_int8=2.0)
    speeds.update(folder)
    return folder


def test_another_processor_gets_a_row_of_its_own(tmp_path, earlier):
    now = summarize(tmp_path / "now", "new", student_int8=6.3, base_cnn_int8=4.6)
    speeds.update(now, earlier)
    ratios = speeds.read(now).set_index(["model", "hardware"])["latency_vs_float32"]
    assert ratios["student_int8"].to_dict() == {"old": 1.9, "new": 6.3}


def test_a_processor_keeps_its_latest_measurement(tmp_path, earlier):
    now = summarize(tmp_path / "now", "old", student_int8=2.1, base_cnn_int8=2.2)
    speeds.update(now, earlier)
    assert speeds.read(now)["latency_vs_float32"].tolist() == [1.0, 2.1, 2.2]


def test_models_that_the_summary_no_longer_has_are_left_out(tmp_path, earlier):
    now = summarize(tmp_path / "now", "new", student_int8=6.3)
    speeds.update(now, earlier)
    assert set(speeds.read(now)["model"]) == {"base_cnn", "student_int8"}


def test_a_model_that_was_not_timed_has_no_row(tmp_path):
    now = summarize(tmp_path / "now", "new", student_micro=float("nan"), student_int8=6.3)
    speeds.update(now)
    assert speeds.read(now)["model"].tolist() == ["base_cnn", "student_int8"]


def test_the_published_speeds_hold_every_latency_of_the_published_summary(project):
    folder = project / "results" / "full"
    measured = results.summary(folder)[speeds.COLUMNS].dropna()
    assert len(measured.merge(speeds.read(folder))) == len(measured)
