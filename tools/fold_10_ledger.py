"""Bring results/full/fold_10_ledger.csv up to date; `ecglib publish` does the same."""

from ecglib.study import ledger
from ecglib.study.paths import Paths

if __name__ == "__main__":
    paths = Paths.for_profile("full")
    print(ledger.update(paths.root, paths.published_results))
