"""When each model's scores of fold 10 changed, in which commit, and their AUCs; writes results/full/fold_10_ledger.csv.

It has one row for every version of a model's scores that is at hand or in git's history: those in results/full/scores,
and for models without results, such as teachers and trials, those of each seed in models/. It is committed, so that a
checkout without history has it, too. `ecglib publish` calls this script; AUCs are added where PTB-XL is at hand.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.data import ptbxl
from ecglib.evaluation.metrics import macro_auc
from ecglib.study.paths import Paths
from ecgpredict import files
from ecgpredict.spec import CLASSES

NAME = "fold_10_ledger.csv"
# scores: git's id of the file's content; auc_9, auc_10: macro AUCs of the folds, means over the seeds
COLUMNS = ["date", "commit", "model", "scores", "seeds", "auc_9", "auc_10"]
_NEW_COMMIT = "\x01"


def update(root: Path, folder: Path, labels: pd.DataFrame | None = None) -> Path:
    """Add what git's history and the files at hand know to the ledger; nothing that stands in it is removed.

    Scores that are not committed yet get today's date and no commit; the next update after the commit names it.

    Parameters
    ----------
    root : the checkout
    folder : its results/full
    labels : :func:`ecglib.data.ptbxl.read_table`, for the AUCs of committed scores; without it none are added

    Returns
    -------
    path of the ledger
    """
    known, found = read(folder), _history(root, folder / "scores")
    paths = sorted((folder / "scores").glob("*.npz"))
    today = datetime.date.today().isoformat()
    at_hand = _rows([(today, "", path.stem, content_id(path)) for path in paths])
    rows = pd.concat([known[known["commit"] != ""], found, known, at_hand]).fillna("")
    rows = rows.drop_duplicates(["model", "scores"]).sort_values(["date", "model"], kind="stable", ignore_index=True)
    if labels is not None:
        for number, row in rows[(rows["auc_10"] == "") & (rows["commit"] != "")].iterrows():
            rows.loc[number, COLUMNS[4:]] = aucs(root, row["scores"], labels)
    files.write_text(folder / NAME, rows.to_csv(index=False))
    return folder / NAME


def read(folder: Path) -> pd.DataFrame:
    """The ledger of a folder of results, without rows if there is none."""
    path = Path(folder) / NAME
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else _rows([])


def content_id(path: Path) -> str:
    """Git's id of a file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _history(root: Path, scores: Path) -> pd.DataFrame:
    """What git's history knows, the oldest commit first; nothing where there is no git or no history."""
    command = ["git", "log", "--reverse", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=AM"]
    command += [f"--format={_NEW_COMMIT}%cs,%h", "--", str(scores), ":(glob)models/*/seed*/scores.npz"]
    try:
        text = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return _rows([])
    published, trained = [], []
    for commit in text.split(_NEW_COMMIT)[1:]:
        head, *changes = commit.strip().splitlines()
        for change in filter(None, changes):  # ":100644 100644 before after M\tpath"
            what, name = change.split("\t")
            path, blob = Path(name), what.split()[3]
            if path.parts[0] == "models":
                trained.append((*head.split(","), path.parts[1], blob))
            elif path.suffix == ".npz":
                published.append((*head.split(","), path.stem, blob))
    with_results = {model for _, _, model, _ in published}
    return _rows(published + [row for row in trained if row[2] not in with_results])


def aucs(root: Path, blob: str, labels: pd.DataFrame) -> tuple[str, str, str]:
    """Seeds, and the macro AUCs on folds 9 and 10 of committed scores; no AUCs if they are of other folds or data."""
    content = subprocess.run(["git", "cat-file", "blob", blob], cwd=root, capture_output=True, check=True).stdout
    with np.load(io.BytesIO(content)) as scores:
        ecg_id, score = scores["ecg_id"], scores["score"]
        fold, seeds = labels["fold"].reindex(ecg_id).to_numpy(), " ".join(map(str, scores["seed"]))
        same = np.array_equal(fold, scores["fold"]) and tuple(scores["classes"]) == CLASSES
        if not same or set(fold) != {9, 10}:  # fold 10 tests all models but those that compare folds
            return seeds, "", ""
    y_true = labels.loc[ecg_id, list(CLASSES)].to_numpy(bool)
    means = [np.mean([macro_auc(y_true[fold == k], seed[fold == k]) for seed in score]) for k in (9, 10)]
    return seeds, *(f"{mean:.5f}" for mean in means)


def _rows(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS[:4], dtype=str).reindex(columns=COLUMNS, fill_value="")


if __name__ == "__main__":
    paths = Paths.for_profile("full")
    at_hand = (paths.data / "ptbxl_database.csv").is_file()
    print(update(paths.root, paths.published_results, ptbxl.read_table(paths.data) if at_hand else None))
