"""Does training with damage buy robustness? Two trainings that differ in the damage alone.

In come a study with both trainings finished; out come their AUCs under the same damage on fold 9, where it is decided,
and on fold 10. The damage of the evaluation is :mod:`ecglib.data.damage`'s, another recipe than that of the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ecglib.data import damage, electrodes
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate, percentile
from ecglib.study.analyses import travel_models
from ecglib.study.analyses.comparison import difference, plural, seeds_behind
from ecglib.study.analyses.travel_damage import INTACT, Damage, DamagedFold
from ecglib.study.study import Study

CLEAN, ROBUST = "compact_64_clean", "compact_64_robust"
LARGEST_COST = 0.003  # of macro AUC on intact records of fold 9, above which robustness would be too dear
SMALLEST_GAIN = 0.01  # of the mean AUC over all damage on fold 9, below which it would not be worth a second model
_SNR_DB = (6, -6)


def damages() -> dict[str, Damage]:
    """{name: damage} that both models are evaluated on."""
    noise = {
        f"{kind}, {ratio} dB": partial(damage.add_noise, kind=kind, snr_db=ratio)
        for kind in damage.NOISES
        for ratio in _SNR_DB
    }
    groups = {"limb leads": electrodes.LIMB, "V1-V3": electrodes.RIGHT_CHEST, "V4-V6": electrodes.LEFT_CHEST}
    flat = {f"{name} flat": partial(electrodes.without, leads=leads) for name, leads in groups.items()}
    swapped = {"RA and LA swapped": partial(electrodes.swap, first="RA", second="LA")}
    return noise | flat | swapped | {"gain × 0.5": partial(damage.change_gain, factor=0.5)}


@dataclass(frozen=True)
class Robust:
    """Both models on folds 9 and 10 under every damage.

    Attributes
    ----------
    folds : {fold: records with every damage scored}
    costs : {fold: AUC of the robust model minus its control's on all intact records of the fold, paired}
    """

    folds: Mapping[int, DamagedFold]
    costs: Mapping[int, Estimate]

    def gain(self, fold: int, name: str = INTACT) -> Estimate:
        """Macro AUC of the robust model minus that of its control under one damage, paired."""
        return self.folds[fold].difference((name, ROBUST), (name, CLEAN))

    def mean_gain(self, fold: int) -> Estimate:
        """The mean over all damage of :meth:`gain`, with an interval over patients."""
        one = self.folds[fold]
        differences = [self.gain(fold, name) for name in damages()]
        resampled = np.mean([self._resampled(one, name) for name in damages()], axis=0)
        return percentile(np.mean([found.value for found in differences]), resampled)

    @staticmethod
    def _resampled(fold: DamagedFold, name: str) -> np.ndarray:
        aucs = [
            np.mean([fold.test.resampling.aucs(fold.test.y_true, seed) for seed in fold.predicted[name, model]], axis=0)
            for model in (ROBUST, CLEAN)
        ]
        return (aucs[0] - aucs[1]).mean(axis=1)

    @property
    def pays(self) -> bool:
        """Whether, on fold 9, the gain under damage is clear and its cost on intact records is small."""
        gain, cost = self.mean_gain(VALIDATION_FOLD), self.costs[VALIDATION_FOLD]
        return gain.low > SMALLEST_GAIN and cost.low > -LARGEST_COST

    def table(self) -> pd.DataFrame:
        """AUC of both models and their difference under every damage on fold 10, and the difference on fold 9."""
        fold, rows = self.folds[TEST_FOLD], []
        for name in (INTACT, *damages()):
            aucs = [fold.auc(name, model).value for model in (CLEAN, ROBUST)]
            rows.append((name, *aucs, f"{self.gain(VALIDATION_FOLD, name):+}", f"{self.gain(TEST_FOLD, name):+}"))
        labels = ["clean training", "with damage"]
        return pd.DataFrame(rows, columns=["damage", *labels, "difference, fold 9", "difference, fold 10"])

    def conclusion(self) -> str:
        """The decision on fold 9 and its report on fold 10."""
        gains = {fold: self.mean_gain(fold) for fold in self.folds}
        better = sum(self.gain(VALIDATION_FOLD, name).low > 0 for name in damages())
        worse = sum(self.gain(VALIDATION_FOLD, name).high < 0 for name in damages())
        cost = self.costs[VALIDATION_FOLD]
        verdict = "pays clearly" if self.pays else "does not pay clearly enough for a second released model"
        return (
            f"On fold 9, training with damage changes the AUC by {gains[VALIDATION_FOLD]:+}, mean over "
            f"{plural(len(damages()), 'kind')} of damage ({seeds_behind(cost)}): {better} better by more than chance, "
            f"{worse} worse. On all intact records it changes the AUC by {cost:+}. We asked for a gain above "
            f"{SMALLEST_GAIN:g} and a cost below {LARGEST_COST:g}, both with their intervals: by this rule it "
            f"*{verdict}*. On fold 10, the mean change is {gains[TEST_FOLD]:+} and the change on intact records "
            f"{self.costs[TEST_FOLD]:+}."
        )


def measure(study: Study) -> Robust:
    """Score both folds with both models under every damage."""
    models = travel_models.open_models(study, (CLEAN, ROBUST))
    folds = {number: DamagedFold.open(study, models, number) for number in (VALIDATION_FOLD, TEST_FOLD)}
    for one in folds.values():
        for name, found in damages().items():
            one.score(name, found)
    costs = {number: difference(study, models[ROBUST].scores, models[CLEAN].scores, number) for number in folds}
    return Robust(folds, costs)
