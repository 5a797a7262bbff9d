"""The ledger of fold 10: every version of a model's scores once, with its commit."""

import subprocess

import fold_10_ledger as ledger
import numpy as np
import pytest

from ecglib.evaluation.scores import Scores


def git(root, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def commit(root):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "scores")


@pytest.fixture
def checkout(tmp_path):
    """A repository in which one model's scores were committed twice."""
    git(tmp_path, "init", "--quiet")
    for text in ("first", "second"):
        scored(tmp_path, "student", text)
        commit(tmp_path)
    return tmp_path


def scored(root, model, text):
    (root / "scores").mkdir(exist_ok=True)
    (root / "scores" / f"{model}.npz").write_text(text)


def test_every_committed_version_has_a_row(checkout):
    ledger.update(checkout, checkout)
    rows = ledger.read(checkout)
    assert rows["model"].tolist() == ["student", "student"]
    assert rows["commit"].nunique() == 2
    assert rows["scores"].iloc[-1] == ledger.content_id(checkout / "scores" / "student.npz")


def test_scores_get_their_commit_once_they_are_committed(checkout):
    scored(checkout, "teacher", "new")
    ledger.update(checkout, checkout)
    assert ledger.read(checkout)["commit"].tolist()[-1] == ""
    commit(checkout)
    ledger.update(checkout, checkout)
    rows = ledger.read(checkout).set_index("model")
    assert len(rows) == 3
    assert rows.loc["teacher", "commit"]


def test_a_checkout_without_history_loses_no_row(checkout):
    ledger.update(checkout, checkout)
    before = ledger.read(checkout)
    subprocess.run(["rm", "-r", ".git"], cwd=checkout, check=True)
    ledger.update(checkout, checkout)
    assert ledger.read(checkout).equals(before)


def test_a_model_without_results_has_a_row_for_each_seed(checkout):
    for seed in (0, 1):
        (folder := checkout / "models" / "teacher" / f"seed{seed}").mkdir(parents=True)
        (folder / "scores.npz").write_text(f"seed {seed}")
    commit(checkout)
    ledger.update(checkout, checkout)
    assert ledger.read(checkout)["model"].tolist() == ["student", "student", "teacher", "teacher"]


def test_committed_scores_get_their_aucs(checkout, sample):
    held_out = sample.in_folds(9, 10)
    score = held_out.labels.copy()
    fold_10 = (held_out.table["fold"] == 10).to_numpy()
    score[fold_10] = 1 - score[fold_10]
    Scores.from_dataset(held_out, 3, score).save(checkout / "scores" / "perfect.npz")
    commit(checkout)
    row = ledger.aucs(checkout, ledger.content_id(checkout / "scores" / "perfect.npz"), sample.table)
    assert row == ("3", "1.00000", "0.00000")


def test_scores_of_another_test_fold_get_no_auc(checkout, sample):
    tested = sample.in_folds(10, 1)
    Scores.from_dataset(tested, 0, tested.labels).save(checkout / "scores" / "fold_1.npz")
    commit(checkout)
    assert ledger.aucs(checkout, ledger.content_id(checkout / "scores" / "fold_1.npz"), sample.table) == ("0", "", "")


def test_every_published_score_is_in_the_ledger(project):
    folder = project / "results" / "full"
    at_hand = {(path.stem, ledger.content_id(path)) for path in (folder / "scores").glob("*.npz")}
    known = set(ledger.read(folder)[["model", "scores"]].itertuples(index=False, name=None))
    assert not at_hand - known, "run `python tools/fold_10_ledger.py`"


def test_an_id_is_gits(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.arange(3))
    found = subprocess.run(["git", "hash-object", "x.npz"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ledger.content_id(tmp_path / "x.npz") == found.stdout.strip()
