"""Comparing two checkouts: scores and AUCs must agree, timings need not, files are listed."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def compare(project):
    spec = importlib.util.spec_from_file_location("compare_results", project / "tools" / "compare_results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.compare


@pytest.fixture
def checkouts(tmp_path) -> tuple[Path, Path]:
    """Two equal checkouts with one model: an AUC, a size, a latency and two scores."""
    before, after = tmp_path / "before", tmp_path / "after"
    results = before / "results" / "full"
    (results / "scores").mkdir(parents=True)
    row = "model,test_auc,file_bytes,latency_ms\ncnn,0.93,1000,5.0\n"
    (results / "summary.csv").write_text(row)
    (results / "cnn.json").write_text(json.dumps({"seeds": [{"val_auc": 0.934, "seconds": 12}], "file_bytes": 1000}))
    np.savez(results / "scores" / "cnn.npz", ecg_id=[3, 7], score=np.float32([[0.25, 0.5]]))
    shutil.copytree(before, after)
    return before, after


def test_equal_checkouts(compare, checkouts):
    # model, AUC and bytes of the row; AUC and bytes of the JSON file; two arrays
    assert compare(*checkouts) == (7, [], [], {})


def test_a_changed_score_is_found_with_its_magnitude(compare, checkouts):
    np.savez(checkouts[1] / "results/full/scores/cnn.npz", ecg_id=[3, 7], score=np.float32([[0.25, 0.625]]))
    assert compare(*checkouts)[1] == ["results/full/scores/cnn.npz / score: 1 of 2 values, by at most 0.125"]
    assert compare(*checkouts, tolerance=0.125)[1] == []


def test_a_changed_auc_is_found_with_both_values(compare, checkouts):
    (checkouts[1] / "results/full/cnn.json").write_text(
        json.dumps({"seeds": [{"val_auc": 0.933, "seconds": 12}], "file_bytes": 1000})
    )
    assert compare(*checkouts)[1] == ["results/full/cnn.json / seeds / 0 / val_auc: 0.934 and 0.933: -0.001"]


def test_latencies_do_not_count_and_bytes_are_listed_apart(compare, checkouts):
    (checkouts[1] / "results/full/summary.csv").write_text("model,test_auc,file_bytes,latency_ms\ncnn,0.93,900,7.0\n")
    _, values, of_files, _ = compare(*checkouts)
    assert values == []
    assert of_files == ["results/full/summary.csv / cnn / file_bytes: 1000.0 and 900.0: -100"]


def test_missing_scores_differ_and_new_ones_are_counted(compare, checkouts):
    before, after = checkouts
    (after / "results/full/scores/cnn.npz").unlink()
    _, values, _, new = compare(before, after)
    assert (values, new) == ([f"results/full/scores/cnn.npz / {name}: missing" for name in ("ecg_id", "score")], {})
    _, values, _, new = compare(after, before)
    assert (values, new) == ([], {"results/full/scores/cnn.npz": 2})


def test_a_claim_that_is_added_leaves_the_others_equal(compare, checkouts):
    for checkout, keys in zip(checkouts, (["02.b"], ["01.a", "02.b"])):
        claims = [{"key": key, "value": 0.93} for key in keys]
        (checkout / "results/full/claims.json").write_text(json.dumps(claims))
    assert compare(*checkouts) == (9, [], [], {"results/full/claims.json": 2})
