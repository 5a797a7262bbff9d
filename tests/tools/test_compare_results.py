"""Comparing two checkouts: scores and AUCs must agree, timings need not, files are listed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from compare_results import compare


def write_row(folder, row):
    (folder / "results/full/summary.csv").write_text(f"model,test_auc,file_bytes,latency_ms\n{row}\n")


def write_scores(folder, last):
    np.savez(folder / "results/full/scores/cnn.npz", ecg_id=[3, 7], score=np.float32([[0.25, last]]))


def write_seed(folder, auc):
    content = {"seeds": [{"val_auc": auc, "seconds": 12}], "file_bytes": 1000}
    (folder / "results/full/cnn.json").write_text(json.dumps(content))


@pytest.fixture
def checkouts(tmp_path) -> tuple[Path, Path]:
    """Two equal checkouts with one model: an AUC, a size, a latency and two scores."""
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "results/full/scores").mkdir(parents=True)
    write_row(before, "cnn,0.93,1000,5.0")
    write_seed(before, 0.934)
    write_scores(before, 0.5)
    shutil.copytree(before, after)
    return before, after


@pytest.mark.parametrize(
    ("change", "value", "values", "of_files"),
    [
        (write_scores, 0.5, [], []),
        (write_scores, 0.625, ["scores/cnn.npz / score: 1 of 2 values, by at most 0.125"], []),
        (write_seed, 0.933, ["cnn.json / seeds / 0 / val_auc: 0.934 and 0.933: -0.001"], []),
        (write_row, "cnn,0.93,900,7.0", [], ["summary.csv / cnn / file_bytes: 1000.0 and 900.0: -100"]),
    ],
    ids=["nothing", "a score", "an AUC", "bytes, listed apart, and a latency, which does not count"],
)
def test_what_differs_is_listed_with_its_magnitude(checkouts, change, value, values, of_files):
    change(checkouts[1], value)
    # model, AUC and bytes of the row; AUC and bytes of the JSON file; two arrays
    equal = 7 - len(values) - len(of_files)
    expected = (equal, *([f"results/full/{line}" for line in lines] for lines in (values, of_files)), {})
    assert compare(*checkouts) == expected
    assert compare(*checkouts, tolerance=0.125)[1] == []


def test_missing_scores_differ_and_new_ones_are_counted(checkouts):
    before, after = checkouts
    (after / "results/full/scores/cnn.npz").unlink()
    _, values, _, new = compare(before, after)
    assert (values, new) == ([f"results/full/scores/cnn.npz / {name}: missing" for name in ("ecg_id", "score")], {})
    _, values, _, new = compare(after, before)
    assert (values, new) == ([], {"results/full/scores/cnn.npz": 2})


def test_a_claim_that_is_added_leaves_the_others_equal(checkouts):
    for checkout, keys in zip(checkouts, (["02.b"], ["01.a", "02.b"])):
        claims = [{"key": key, "value": 0.93} for key in keys]
        (checkout / "results/full/claims.json").write_text(json.dumps(claims))
    assert compare(*checkouts) == (9, [], [], {"results/full/claims.json": 2})
