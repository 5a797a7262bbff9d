"""Bootstrap over patients: resamples drawn once, and statistics computed from weighted sums.

Patients are resampled with all of their records, as records of one patient resemble each other (the cluster bootstrap:
Davison and Hinkley 1997, section 3.8). A resample is stored as the number of times that it contains each patient, which
follows a multinomial distribution; every statistic here is a function of sums weighted by these counts.
"""

from __future__ import annotations

import copy
from functools import cached_property, lru_cache

import numpy as np

from ecglib.data.dataset import Dataset

_BATCH = 32  # resamples computed together: 2,000 records then take 0.5 MB, which stays in the processor's cache


class Resampling:
    """Resamples of patients with replacement, drawn once and used for every statistic on the same records.

    Two objects with the same patients, n_bootstrap and seed are equal and have the same resamples, so that differences
    between models are paired.

    Parameters
    ----------
    patients : (n,) the patient of each record, of any type
    n_bootstrap : number of resamples
    seed : random seed

    Examples
    --------
    >>> resampling = Resampling([7, 7, 8, 9], n_bootstrap=1000)
    >>> resampling.n_patients, resampling.totals(np.ones((4, 1))).shape
    (3, (1000, 1))
    """

    def __init__(self, patients: np.ndarray, n_bootstrap: int, seed: int = 0):
        names, self.patients = np.unique(patients, return_inverse=True)
        self.n_patients, self.n_bootstrap, self.seed = len(names), n_bootstrap, seed

    @classmethod
    def from_dataset(cls, dataset: Dataset, n_bootstrap: int, seed: int = 0) -> Resampling:
        """Resamples of the patients of a dataset's records."""
        return cls(dataset.table["patient_id"].to_numpy(), n_bootstrap, seed)

    def __len__(self) -> int:
        """Number of records."""
        return len(self.patients)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Resampling) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> tuple:
        return self.patients.tobytes(), self.n_patients, self.n_bootstrap, self.seed

    @cached_property
    def counts(self) -> np.ndarray:
        """uint16 (patients, n_bootstrap): how often each resample contains each patient."""
        rng = np.random.default_rng(self.seed)
        counts = np.empty((self.n_patients, self.n_bootstrap), np.uint16)
        for column in range(self.n_bootstrap):
            drawn = rng.integers(0, self.n_patients, self.n_patients)
            counts[:, column] = np.bincount(drawn, minlength=self.n_patients)
        return counts

    def of_records(self, chosen: np.ndarray) -> Resampling:
        """The same resamples of patients, for some of their records: bool (n,); for a group of records."""
        part = copy.copy(self)
        vars(part).pop("_key", None)
        part.patients = self.patients[chosen]
        vars(part)["counts"] = self.counts
        return part

    def totals(self, values: np.ndarray) -> np.ndarray:
        """Sums over the records of each resample: (n, k) -> float64 (n_bootstrap, k)."""
        by_patient = np.zeros((self.n_patients, values.shape[1]))
        np.add.at(by_patient, self.patients, values)
        totals = np.empty((self.n_bootstrap, values.shape[1]))
        for start in range(0, self.n_bootstrap, _BATCH):
            part = slice(start, start + _BATCH)
            totals[part] = self.counts[:, part].T.astype(np.float64) @ by_patient
        return totals

    def aucs(self, y_true: np.ndarray, y_score: np.ndarray) -> np.ndarray:
        """ROC AUC in each resample, of each column: (n, k), (n, k) -> float64 (n_bootstrap, k).

        The AUC is NaN if the resample has no positives or no negatives in a column. Results are cached in memory, so
        that repeated calls with the same scores take no time.
        """
        y_true, y_score = np.ascontiguousarray(y_true, bool), np.ascontiguousarray(y_score)
        if y_true.shape != y_score.shape or len(y_true) != len(self):
            raise ValueError(f"labels {y_true.shape} and scores {y_score.shape} of {len(self)} resampled records")
        return _cached_aucs(self, y_true.tobytes(), y_score.tobytes(), y_score.dtype.str)


@lru_cache(maxsize=512)  # 80 KB each with 2,000 resamples of five superclasses
def _cached_aucs(resampling: Resampling, y_true: bytes, y_score: bytes, dtype: str) -> np.ndarray:
    labels = np.frombuffer(y_true, bool).reshape(len(resampling), -1)
    scores = np.frombuffer(y_score, dtype).reshape(len(resampling), -1)
    columns = [_resampled_auc(resampling, *pair) for pair in zip(labels.T, scores.T)]
    aucs = np.stack(columns, axis=1)
    aucs.flags.writeable = False  # shared by all callers
    return aucs


def _resampled_auc(resampling: Resampling, y_true: np.ndarray, y_score: np.ndarray) -> np.ndarray:
    """(n,), (n,) -> (n_bootstrap,): fraction of correctly ordered pairs (Mann-Whitney), ties counted as half.

    With the negatives sorted by score, the number of negatives below a positive is a cumulative sum of their counts at
    the positive's position. Positions do not depend on the resample, so the scores are sorted only once.
    """
    positive, negative = np.flatnonzero(y_true), np.flatnonzero(~y_true)
    negative = negative[np.argsort(y_score[negative], kind="stable")]
    below, not_above = (np.searchsorted(y_score[negative], y_score[positive], side) for side in ("left", "right"))
    tied = (below != not_above).any()
    aucs = np.empty(resampling.n_bootstrap)
    for start in range(0, resampling.n_bootstrap, _BATCH):
        counts = resampling.counts[:, start : start + _BATCH].astype(np.float64)
        ahead = np.zeros((len(negative) + 1, counts.shape[1]))
        np.cumsum(counts[resampling.patients[negative]], axis=0, out=ahead[1:])
        weights = counts[resampling.patients[positive]]
        in_order = ahead[below] if not tied else (ahead[below] + ahead[not_above]) / 2
        with np.errstate(invalid="ignore"):  # a resample without positives or negatives: 0 / 0
            part = np.einsum("ib,ib->b", weights, in_order) / (weights.sum(axis=0) * ahead[-1])
        aucs[start : start + _BATCH] = part
    return aucs
