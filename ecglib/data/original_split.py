"""The original study's splitting and labeling of records, for replays.

Folds 1-8 are the original's training records, fold 9 its validation records and fold 10 its test records. As in the
original, records of one patient can be in several of these parts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.model_selection import KFold, train_test_split

from ecglib.data.dataset import Dataset
from ecglib.data.folds import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD

_SEED = 42  # the original's


def original_split(records: Dataset, *, shifted_labels: bool) -> Dataset:
    """A random fifth of the labeled records for testing, the last of five random folds of the others for validation.

    `records` are all, in the order of ecg_id. With `shifted_labels`, as the original did, the unlabeled records' rows
    leave the labels, but the rows after them the signals, as if the 1-based ecg_id were a 0-based position; each such
    signal gets its neighbor's labels.
    """
    labeled = records.labeled()
    if shifted_labels:
        unlabeled = np.flatnonzero(~np.isin(records.ecg_id, labeled.ecg_id))
        removed = unlabeled + 1
        if len(records) in removed:  # the last record has no row after it
            removed = np.where(removed == len(records), len(records) - 1, removed)
        labeled = replace(labeled, rows=np.delete(records.rows, np.unique(removed))[: len(labeled)])
    rest, test = train_test_split(np.arange(len(labeled)), test_size=0.2, random_state=_SEED)
    *_, (_, validation) = KFold(5, shuffle=True, random_state=_SEED).split(rest)
    fold = np.full(len(labeled), TRAIN_FOLDS[0])
    fold[test], fold[rest[validation]] = TEST_FOLD, VALIDATION_FOLD
    name = f"{records.fingerprint}-random{'-shifted' if shifted_labels else ''}"
    return replace(labeled, table=labeled.table.assign(fold=fold), fingerprint=name)
