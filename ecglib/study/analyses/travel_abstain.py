"""Abstention: how many decisions are wrong among the records that a model keeps, by confidence and by quality warnings.

In come scores of folds 9 and 10 and of LUDB; out come risk-coverage curves, a gate that is set on fold 9, and its
coverage by age band on fold 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate, percentile
from ecglib.evaluation.resampling import Resampling
from ecglib.study.analyses.comparison import percent
from ecglib.study.analyses.travel_ludb import MAIN, External, quality
from ecglib.study.analyses.travel_models import RELEASED, TravelModel
from ecglib.study.analyses.travel_people import AGES
from ecglib.study.study import Study
from ecgpredict.spec import SAMPLING_RATE

COVERAGE = 0.8  # share of fold 9 that the gate keeps


@dataclass(frozen=True)
class Judged:
    """The decisions on a set of records.

    Attributes
    ----------
    confidence : float (n,), the mean over superclasses of max(p, 1 - p)
    wrong : float (n,), the share of a record's decisions that are wrong; of those that are evaluated
    resampling : of the records' patients
    """

    confidence: np.ndarray
    wrong: np.ndarray
    resampling: Resampling

    def risk(self, kept: np.ndarray) -> Estimate:
        """Mean share of wrong decisions among the records kept, bool (n,)."""
        return self._share(self.wrong * kept, kept)

    def gain(self, kept: np.ndarray) -> Estimate:
        """The same minus that of all records, paired."""
        sums = [self.resampling.totals(np.stack([self.wrong * one, one], axis=1)) for one in (kept, np.ones(len(kept)))]
        inside, every = (one[:, 0] / one[:, 1] for one in sums)
        return percentile(self.wrong[kept].mean() - self.wrong.mean(), inside - every)

    def coverage(self, kept: np.ndarray, group: np.ndarray) -> Estimate:
        """Share of a group's records that are kept."""
        return self._share(kept & group, group)

    def _share(self, part: np.ndarray, whole: np.ndarray) -> Estimate:
        total = self.resampling.totals(np.stack([part, whole], axis=1).astype(float))
        with np.errstate(invalid="ignore"):  # a resample without any: 0 / 0
            return percentile(part.sum() / whole.sum(), total[:, 0] / total[:, 1])

    def curve(self) -> pd.DataFrame:
        """coverage and risk, with the most confident records first."""
        order = np.argsort(-self.confidence, kind="stable")
        count = np.arange(1, len(order) + 1)
        table = pd.DataFrame({"coverage": count / len(order), "risk": np.cumsum(self.wrong[order]) / count})
        return table[table["coverage"] >= 0.05]


def judge(score: np.ndarray, y_true: np.ndarray, thresholds: np.ndarray, resampling: Resampling) -> Judged:
    """Confidence and wrong decisions of calibrated probabilities (n, 5); labels that are NaN are not counted."""
    known = ~np.isnan(y_true)
    missed = ((score >= thresholds) != (y_true == 1)) & known
    return Judged(np.maximum(score, 1 - score).mean(axis=1), missed.sum(axis=1) / known.sum(axis=1), resampling)


@dataclass(frozen=True)
class Abstention:
    """Abstention of the models on fold 10, and of the released one on LUDB."""

    study: Study
    models: Mapping[str, TravelModel]
    external: External

    def judged(self, name: str, fold: int = TEST_FOLD) -> Judged:
        one, part = self.models[name], self.study.evaluation_set(fold)
        score = one.calibrated(part.y_score(one.scores)[0])
        return judge(score, part.y_true.astype(float), one.thresholds, part.resampling)

    def judged_there(self, name: str) -> Judged:
        there = self.external
        return judge(there.calibrated(name), there.labels[MAIN], self.models[name].thresholds, there.resampling)

    def gate(self, name: str) -> float:
        """The confidence that keeps COVERAGE of fold 9."""
        return float(np.quantile(self.judged(name, VALIDATION_FOLD).confidence, 1 - COVERAGE))

    def table(self) -> pd.DataFrame:
        """Every model behind its gate: coverage, and risk of all and of those kept, on fold 10 and on LUDB."""
        rows = []
        for name, one in self.models.items():
            row = [one.label]
            for found in (self.judged(name), self.judged_there(name)):
                kept = found.confidence >= self.gate(name)
                row += [percent(kept.mean()), f"{found.wrong.mean():.3f} → {found.risk(kept)!s}"]
            rows.append(row)
        names = [f"{one}, {where}" for where in ("fold 10", "LUDB") for one in ("coverage", "risk")]
        return pd.DataFrame(rows, columns=["model", *names])

    def by_age(self, name: str = RELEASED) -> pd.DataFrame:
        """Coverage and risk behind the gate in each age band of fold 10."""
        found, age = self.judged(name), self._age
        kept, rows = found.confidence >= self.gate(name), []
        for band, (low, high) in AGES.items():
            group = (age >= low) & (age < high)
            if (kept & group).any():
                rows.append(
                    (
                        band,
                        int(group.sum()),
                        str(found.coverage(kept, group)),
                        str(found.risk(group)),
                        str(found.risk(kept & group)),
                    )
                )
        return pd.DataFrame(rows, columns=["age", "records", "coverage", "risk, all", "risk, kept"])

    def age_conclusion(self, name: str = RELEASED) -> str:
        """Whether one gate for all leaves the old with a higher risk than the young."""
        found, age = self.judged(name), self._age
        kept, (first, *_, last) = found.confidence >= self.gate(name), AGES.items()
        groups = [kept & (age >= low) & (age < high) for _, (low, high) in (first, last)]
        if not all(group.any() for group in groups):
            return "Too few records of the youngest or the oldest are kept for a comparison."
        young, old = (found.risk(group) for group in groups)
        fair = "the intervals overlap" if old.low <= young.high else "more than chance"
        return (
            f"Behind the same gate {old.value:.1%} of the decisions for people of {last[0]} are wrong and "
            f"{young.value:.1%} of those for people {first[0]} ({fair})."
        )

    @property
    def _age(self) -> np.ndarray:
        test = self.study.evaluation_set(TEST_FOLD)
        return self.study.data.table.loc[test.ecg_id, "age"].to_numpy()

    @cached_property
    def warned(self) -> dict[str, np.ndarray]:
        """{data set: whether each recording has a quality warning}."""
        part = self.study.data.in_folds(TEST_FOLD)
        own = quality(part.millivolts(slice(None)), SAMPLING_RATE)
        there = quality(self.external.millivolts, SAMPLING_RATE)
        return {name: np.array([bool(one) for one in each]) for name, each in (("fold 10", own), ("LUDB", there))}

    def by_quality(self, name: str = RELEASED) -> pd.DataFrame:
        """Risk without the recordings that have a quality warning, and by confidence at the same coverage."""
        rows = []
        for where, found in (("fold 10", self.judged(name)), ("LUDB", self.judged_there(name))):
            clean = ~self.warned[where]
            sure = found.confidence >= np.sort(found.confidence)[(~clean).sum()]
            rows.append(
                (
                    where,
                    f"{(~clean).sum():,} of {len(clean):,}",
                    f"{found.wrong.mean():.3f}",
                    f"{found.gain(clean):+.4f}",
                    f"{found.gain(sure):+.4f}",
                )
            )
        names = ["with a warning", "risk, all", "change without them", "change by confidence, as many"]
        return pd.DataFrame(rows, columns=["recordings", *names])

    def quality_conclusion(self, name: str = RELEASED) -> str:
        """Whether leaving out recordings with quality warnings lowers the risk on fold 10."""
        change = self.judged(name).gain(~self.warned["fold 10"])
        verdict = (
            "lowers the share of wrong decisions"
            if change.high < 0
            else "raises the share of wrong decisions"
            if change.low > 0
            else "does not change the share of wrong decisions by more than chance"
        )
        return f"On fold 10, leaving out recordings with a quality warning {verdict} ({change:+.4f})."

    def curves(self) -> dict[str, pd.DataFrame]:
        """{model's label: risk-coverage curve on fold 10}, for the figure."""
        return {one.label: self.judged(name).curve() for name, one in self.models.items()}

    def points(self, name: str = RELEASED) -> dict[str, tuple[float, float]]:
        """Coverage and risk without quality warnings, for the figure."""
        clean = ~self.warned["fold 10"]
        return {"without quality warnings": (float(clean.mean()), float(self.judged(name).wrong[clean].mean()))}
