"""One fold's labels and resamples, and the metrics of scores on it (in any order; other folds are left out)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecglib.data.dataset import Dataset
from ecglib.evaluation.bootstrap import Estimate, auc_difference, auc_estimates
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.resampling import Resampling
from ecglib.evaluation.scores import Scores, check_positive_and_negative
from ecgpredict.spec import CLASSES


@dataclass(frozen=True)
class EvaluationSet:
    """The records of one fold: fold 9 for selection, fold 10 for reporting.

    Attributes
    ----------
    fold : its number
    ecg_id : int64 (n,)
    y_true : bool (n, classes)
    resampling : resamples of the records' patients
    classes : the columns of `y_true`

    Examples
    --------
    >>> validation = EvaluationSet.from_dataset(study.data, 9, n_bootstrap=2000)  # doctest: +SKIP
    >>> f"{validation.difference(int8_scores, float32_scores):+}"  # doctest: +SKIP
    '−0.0001 (−0.0004 to +0.0002)'
    """

    fold: int
    ecg_id: np.ndarray
    y_true: np.ndarray
    resampling: Resampling
    classes: tuple[str, ...] = CLASSES

    @classmethod
    def from_dataset(
        cls, dataset: Dataset, fold: int, *, n_bootstrap: int, classes: Sequence[str] = CLASSES
    ) -> EvaluationSet:
        """The records of a dataset's fold with any of these classes; of other labels than CLASSES, those that occur.

        An InputError if a superclass has no positives or no negatives.
        """
        part = dataset.in_folds(fold)
        part = part.select(part.table[list(classes)].any(axis=1).to_numpy())
        y_true = part.table[list(classes)].to_numpy(bool)
        if tuple(classes) != CLASSES:
            occurs = y_true.any(axis=0) & ~y_true.all(axis=0)
            y_true, classes = y_true[:, occurs], np.array(classes)[occurs].tolist()
        check_positive_and_negative(y_true, f"fold {fold}, ")
        return cls(fold, part.ecg_id, y_true, Resampling.from_dataset(part, n_bootstrap), tuple(classes))

    def __len__(self) -> int:
        return len(self.ecg_id)

    def y_score(self, scores: Scores) -> np.ndarray:
        """Scores of this fold's records, in their order: float32 (s, n, classes); a KeyError if one was not scored."""
        positions = pd.Series(np.arange(len(scores.ecg_id)), scores.ecg_id).loc[self.ecg_id]
        return scores.of(self.classes).score[:, positions]

    def aucs(self, scores: Scores) -> dict[str, Estimate]:
        """AUC of each class and "macro" AUC, see :func:`~ecglib.evaluation.bootstrap.auc_estimates`."""
        return auc_estimates(self.y_true, self.y_score(scores), self.resampling, self.classes)

    def auc(self, scores: Scores) -> Estimate:
        """Macro AUC."""
        return self.aucs(scores)["macro"]

    def macro_auc(self, scores: Scores) -> float:
        """Macro AUC averaged over seeds, without an interval."""
        return float(np.mean([macro_auc(self.y_true, one) for one in self.y_score(scores)]))

    def difference(
        self, scores: Scores, reference: Scores, *, curve: str = "macro", pair_seeds: bool = True
    ) -> Estimate:
        """Difference of AUCs on the same patients, see :func:`~ecglib.evaluation.bootstrap.auc_difference`.

        With `pair_seeds`, for networks made from one another, only the seeds in common are compared, in pairs.
        """
        pair = self.paired_scores(scores, reference) if pair_seeds else (self.y_score(scores), self.y_score(reference))
        return auc_difference(self.y_true, *pair, self.resampling, curve=curve, pair_seeds=pair_seeds)

    def paired_scores(self, scores: Scores, reference: Scores) -> tuple[np.ndarray, np.ndarray]:
        """Scores (s, n, 5) and (r, n, 5) of two models for their common seeds, or for all seeds if there are none."""
        if shared := [seed for seed in scores.seed.tolist() if seed in reference.seed]:
            scores, reference = scores.for_seeds(shared), reference.for_seeds(shared)
        return self.y_score(scores), self.y_score(reference)
