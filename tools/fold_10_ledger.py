"""When each model's scores of fold 10 changed, and in which commit; writes results/full/fold_10_ledger.csv.

It has one row for every version of a model's scores that is at hand or in git's history, and is committed, so that a
checkout without history has it, too. `ecglib publish` calls this script.
"""

from __future__ import annotations

import datetime
import hashlib
import subprocess
from pathlib import Path

import pandas as pd

from ecglib.study.paths import Paths
from ecgpredict import files

NAME = "fold_10_ledger.csv"
COLUMNS = ["date", "commit", "model", "scores"]  # scores: git's id of the file's content
_NEW_COMMIT = "\x01"


def update(root: Path, folder: Path) -> Path:
    """Add what git's history and the files at hand know to the ledger; nothing that stands in it is removed.

    Scores that are not committed yet get today's date and no commit; the next update after the commit names it.

    Parameters
    ----------
    root : the checkout
    folder : its results/full

    Returns
    -------
    path of the ledger
    """
    known, found = read(folder), _history(root, folder / "scores")
    paths = sorted((folder / "scores").glob("*.npz"))
    today = datetime.date.today().isoformat()
    at_hand = _rows([(today, "", path.stem, content_id(path)) for path in paths])
    rows = pd.concat([known[known["commit"] != ""], found, known, at_hand])
    rows = rows.drop_duplicates(["model", "scores"]).sort_values(["date", "model"], kind="stable")
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
    command += [f"--format={_NEW_COMMIT}%cs,%h", "--", str(scores)]
    try:
        text = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return _rows([])
    rows = []
    for commit in text.split(_NEW_COMMIT)[1:]:
        head, *changes = commit.strip().splitlines()
        for change in filter(None, changes):  # ":100644 100644 before after M\tpath"
            what, path = change.split("\t")
            if path.endswith(".npz"):
                rows.append((*head.split(","), Path(path).stem, what.split()[3]))
    return _rows(rows)


def _rows(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS, dtype=str)


if __name__ == "__main__":
    paths = Paths.for_profile("full")
    print(update(paths.root, paths.published_results))
