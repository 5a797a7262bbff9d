"""Models on damaged copies of a fold's records, each against the same model on the intact ones.

In come a fold's records in mV and models; out come, for each kind of damage, the macro AUC with an interval over
patients, the paired difference from the intact records, and how many records the quality warnings catch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ecglib.evaluation.bootstrap import Estimate, auc_difference, auc_estimates
from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.study.analyses.travel_models import TravelModel
from ecglib.study.study import Study
from ecgpredict.recordings.quality import quality_warnings
from ecgpredict.recordings.reading import Recording
from ecgpredict.recordings.resampling import fill_gaps
from ecgpredict.spec import SAMPLING_RATE

N_RECORDS = 600  # of a fold, at random, so that the chapter takes a quarter of an hour
N_JUDGED = 200  # of these, whose signal quality is judged
INTACT = "none"

Damage = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class DamagedFold:
    """Some of a fold's records, and what models predict of them under damage.

    Attributes
    ----------
    records : float32 (n, 1000, 12) in mV, intact
    test : their labels and resampled patients
    models : the models that are compared
    predicted : {(damage, model): probabilities (s, n, 5), one or more seeds}, filled when damage is scored
    """

    records: np.ndarray
    test: EvaluationSet
    models: Mapping[str, TravelModel]
    predicted: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    @classmethod
    def open(cls, study: Study, models: Mapping[str, TravelModel], fold: int) -> DamagedFold:
        """A random sample of a fold's records, the same for every model."""
        part = study.data.in_folds(fold).sample(N_RECORDS, seed=0)
        test = EvaluationSet.from_dataset(part, fold, n_bootstrap=study.settings.n_bootstrap)
        return cls(part.millivolts(slice(None)), test, models)

    def score(self, name: str, damage: Damage, models: Sequence[str] | None = None) -> None:
        """Predict the damaged records; missing samples are interpolated, as `ecglib predict` does."""
        self._predict(INTACT, self.records, models or self.models)
        x = damage(self.records)
        if np.isnan(x).any():
            x = np.stack([fill_gaps(one) for one in x])
        self._predict(name, x, models or self.models)

    def _predict(self, name: str, x: np.ndarray, models: Sequence[str]) -> None:
        for model in models:
            if (name, model) not in self.predicted:
                self.predicted[name, model] = self.models[model].predict(x)[None]

    def auc(self, name: str, model: str) -> Estimate:
        """Macro AUC under a damage that was scored; INTACT is always there."""
        return auc_estimates(self.test.y_true, self.predicted[name, model], self.test.resampling)["macro"]

    def change(self, name: str, model: str) -> Estimate:
        """Macro AUC under damage minus that on the intact records, paired."""
        return self.difference((name, model), (INTACT, model))

    def difference(self, one: tuple[str, str], other: tuple[str, str]) -> Estimate:
        """Macro AUC of a damage and model minus that of another pair on the same patients."""
        scores = (self.predicted[pair] for pair in (one, other))
        return auc_difference(self.test.y_true, *scores, self.test.resampling)

    def warned(self, damage: Damage | None = None) -> float:
        """Share of the records with any quality warning, among the first N_JUDGED."""
        x = self.records[:N_JUDGED]
        return float(np.mean([bool(quality_warnings(_recording(one))) for one in (damage(x) if damage else x)]))

    def changes(self, names: Sequence[str]) -> pd.DataFrame:
        """damage, model, label, auc and change (Estimates) of damages that were scored."""
        rows = [
            (name, model, one.label, self.auc(name, model), self.change(name, model))
            for name in names
            for model, one in self.models.items()
            if (name, model) in self.predicted
        ]
        return pd.DataFrame(rows, columns=["damage", "model", "label", "auc", "change"])


def _recording(x: np.ndarray) -> Recording:
    return Recording("record", np.ascontiguousarray(x, np.float32), SAMPLING_RATE)
