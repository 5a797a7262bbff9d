"""LUDB as an external test set: what the models of chapter 11 score there, by rule, and their mistakes.

In come LUDB's recordings (synthetic ones in its layout for the sample profile) and the models; out come AUCs with
intervals over people, calibration errors, and decisions at the thresholds from fold 9. Nothing is selected here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import logit

from ecglib.data import ludb, ludb_rules, synthetic_ludb
from ecglib.data.folds import TEST_FOLD
from ecglib.data.ludb import Ludb
from ecglib.data.ludb_rules import RULES
from ecglib.evaluation.bootstrap import Estimate, percentile
from ecglib.evaluation.resampling import Resampling
from ecglib.study.analyses.travel_models import BASE, RELEASED, TravelModel
from ecglib.study.study import Study
from ecgpredict import recordings
from ecgpredict.recordings import Recording
from ecgpredict.spec import CLASSES

MAIN = "wide"  # set before scoring: with atrial enlargement as HYP it is closest to PTB-XL's superclasses
_MISTAKES = 3


@dataclass(frozen=True)
class Mistake:
    """A wrong decision: the recording's position, its superclass, and what was predicted."""

    position: int
    superclass: str
    probability: float
    threshold: float

    @property
    def missed(self) -> bool:
        """Whether the recording has the superclass and the model did not predict it, and not the reverse."""
        return self.probability < self.threshold


@dataclass(frozen=True)
class External:
    """LUDB with every model's scores.

    Attributes
    ----------
    data : LUDB's recordings at 500 Hz
    millivolts : float32 (n, 1000, 12), the same at 100 Hz
    scores : {model: float32 (n, 5)}, before calibration
    header_scores : the same of signals in the units of LUDB's headers
    """

    study: Study
    models: Mapping[str, TravelModel]
    data: Ludb
    millivolts: np.ndarray
    scores: Mapping[str, np.ndarray]
    header_scores: Mapping[str, np.ndarray]

    @cached_property
    def resampling(self) -> Resampling:
        """Every recording is of another person."""
        return Resampling(np.arange(len(self.data)), self.study.settings.n_bootstrap)

    @cached_property
    def labels(self) -> dict[str, np.ndarray]:
        """{rule: float (n, 5), NaN where a recording is left out}."""
        return {rule: self.data.labels(rule) for rule in RULES}

    @property
    def labels_of_models(self) -> dict[str, str]:
        """{model: label}, for figures."""
        return {name: one.label for name, one in self.models.items()}

    def calibrated(self, name: str) -> np.ndarray:
        """A model's probabilities with the temperature from fold 9."""
        return self.models[name].calibrated(self.scores[name])

    def resampled_aucs(self, score: np.ndarray, rule: str) -> tuple[np.ndarray, np.ndarray]:
        """AUC of each superclass over the recordings that the rule leaves in, (5,), and in resamples (b, 5)."""
        y_true, columns = self.labels[rule], []
        for k in range(len(CLASSES)):
            known = ~np.isnan(y_true[:, k])
            pair = y_true[known, k : k + 1].astype(bool), score[known, k : k + 1]
            whole = Resampling(np.arange(known.sum()), 1)
            vars(whole)["counts"] = np.ones((known.sum(), 1), np.uint16)
            columns.append((whole.aucs(*pair)[0, 0], self.resampling.of_records(known).aucs(*pair)[:, 0]))
        return np.array([one for one, _ in columns]), np.stack([one for _, one in columns], axis=1)

    def auc(self, score: np.ndarray, rule: str, superclass: str = "macro") -> Estimate:
        """AUC of a superclass or their mean, with its interval over people."""
        values, resampled = self.resampled_aucs(score, rule)
        if superclass == "macro":
            return percentile(values.mean(), resampled.mean(axis=1))
        return percentile(values[k := CLASSES.index(superclass)], resampled[:, k])

    def difference(self, score: np.ndarray, reference: np.ndarray, rule: str) -> Estimate:
        """Macro AUC minus a reference's, paired by person."""
        (values, resampled), (others, resampled_others) = (self.resampled_aucs(x, rule) for x in (score, reference))
        return percentile(values.mean() - others.mean(), (resampled - resampled_others).mean(axis=1))

    def rule_table(self) -> pd.DataFrame:
        """Every statement of the rule, with the number of recordings that have it."""
        found = [{ludb_rules.meaning(one).statement for one in each} for each in self.data.table["statements"]]
        rows = [
            (
                one.statement,
                sum(one.statement in each for each in found),
                ", ".join(one.certain) or "–",
                ", ".join(one.doubtful) or "–",
                ", ".join(one.left_out) or "–",
                one.normal,
            )
            for one in ludb_rules.MEANINGS
        ]
        columns = ["statement", "recordings", "certain", "doubtful", "left out of", "in a normal ECG"]
        return pd.DataFrame(rows, columns=columns)

    def counts(self) -> pd.DataFrame:
        """Recordings with each superclass under each rule, and how many are left out of it."""
        rows = []
        for rule, y_true in self.labels.items():
            left_out = np.isnan(y_true).sum(axis=0)
            cells = [
                f"{positive}" + (f" ({missing} left out)" if missing else "")
                for positive, missing in zip((y_true == 1).sum(axis=0), left_out)
            ]
            rows.append((rule, *cells))
        return pd.DataFrame(rows, columns=["rule", *CLASSES])

    def aucs(self) -> pd.DataFrame:
        """Macro AUC of every model under every rule, beside fold 10's."""
        test = self.study.evaluation_set(TEST_FOLD)
        rows = [
            (one.label, str(test.auc(one.scores)), *(str(self.auc(self.scores[name], r)) for r in RULES))
            for name, one in self.models.items()
        ]
        return pd.DataFrame(rows, columns=["model", "fold 10", *RULES])

    def by_superclass(self, name: str = RELEASED) -> pd.DataFrame:
        """One model's AUC of each superclass under every rule, beside fold 10's."""
        test = self.study.evaluation_set(TEST_FOLD).aucs(self.models[name].scores)
        rows = [
            (one, str(test[one]), *(str(self.auc(self.scores[name], rule, one)) for rule in RULES)) for one in CLASSES
        ]
        return pd.DataFrame(rows, columns=["superclass", "fold 10", *RULES])

    def dependence(self, name: str = RELEASED) -> str:
        """How far a model's AUC depends on the rule, and which superclass depends most."""
        by_rule = np.stack([self.resampled_aucs(self.scores[name], rule)[0] for rule in RULES])
        macro, spread = by_rule.mean(axis=1), np.ptp(by_rule, axis=0)
        most = CLASSES[int(spread.argmax())]
        low, high = by_rule[:, spread.argmax()].min(), by_rule[:, spread.argmax()].max()
        return (
            f"The rule moves the macro AUC of *{self.models[name].label}* between {macro.min():.3f} and "
            f"{macro.max():.3f}; {most} depends on it most, with {low:.3f} to {high:.3f}."
        )

    def units(self) -> str:
        """Einthoven's law and the spans, by the samples and by the headers, and what that changes in AUC."""
        headers, spans = self.data.as_in_headers(), np.ptp(self.data.signals, axis=1)
        broken = [np.abs(x[..., 0] + x[..., 2] - x[..., 1]).max(axis=1) for x in (self.data.signals, headers)]
        warned = sum(any("violate" in one for one in each) for each in quality(headers, ludb.RATE))
        changed = self.difference(self.scores[RELEASED], self.header_scores[RELEASED], MAIN)
        return (
            f"With the gains of LUDB's headers every lead of every recording spans {np.ptp(headers, axis=1).max():.2f} "
            f"mV, and I + III misses II by up to {np.median(broken[1]):.2f} mV in the median recording: the quality "
            f"warnings find the limb leads wrong in {warned} of {len(headers)}. The samples as they are stored miss it "
            f"by at most {1000 * np.max(broken[0]):.0f} µV, and if they are microvolts, lead II spans "
            f"{np.median(spans[:, 1]):.2f} mV in the median. We take them for microvolts. For the released model that "
            f"changes the macro AUC ({MAIN} rule) by {changed:+} against a reading with the headers' gains: "
            f"{'more than chance' if changed.excludes_zero else 'no more than chance'}."
        )

    def against_base(self) -> pd.DataFrame:
        """Each model's macro AUC minus the base CNN's, paired by person: on fold 10 and on LUDB."""
        test, base = self.study.evaluation_set(TEST_FOLD), self.models[BASE]
        rows = [
            (
                one.label,
                f"{test.difference(one.scores, base.scores):+}",
                *(f"{self.difference(self.scores[name], self.scores[BASE], rule):+}" for rule in RULES[:2]),
            )
            for name, one in self.models.items()
            if name != BASE
        ]
        return pd.DataFrame(rows, columns=["model minus base CNN", "fold 10", *(f"LUDB, {r}" for r in RULES[:2])])

    def mistakes(self, name: str = RELEASED) -> list[Mistake]:
        """The most confident wrong decision of each of three superclasses, in different recordings.

        Only labels on which all rules agree count. Confidence is the distance of the probability from the threshold in
        logits; the three superclasses are those whose most confident mistakes are farthest from it.
        """
        y_true = np.stack([self.labels[rule] for rule in RULES])
        agreed = (y_true == y_true[0]).all(axis=0)
        score, thresholds = np.clip(self.calibrated(name), 1e-6, 1 - 1e-6), self.models[name].thresholds
        margin = np.abs(logit(score) - logit(thresholds))
        margin[~agreed | ((score >= thresholds) == (y_true[0] == 1))] = -np.inf
        found: list[Mistake] = []
        for position, k in zip(*np.unravel_index(np.argsort(-margin, axis=None), margin.shape)):
            taken = {one.position for one in found}, {one.superclass for one in found}
            if len(found) == _MISTAKES or margin[position, k] == -np.inf:
                break
            if position not in taken[0] and CLASSES[k] not in taken[1]:
                found.append(Mistake(int(position), CLASSES[k], float(score[position, k]), float(thresholds[k])))
        return found

    def describe(self, mistake: Mistake) -> str:
        """A mistake in one line: what was predicted, and what the cardiologists found."""
        row = self.data.table.iloc[mistake.position]
        missed = "missed" if mistake.missed else "predicted"
        return (
            f"Recording {row.name} ({'woman' if row['sex'] else 'man'} of {row['age']:.0f}): {mistake.superclass} was "
            f"{missed} with a probability of {mistake.probability:.3f} (threshold {mistake.threshold:.3f}). The "
            f"cardiologists: {'; '.join(row['statements'])}."
        )


def open_external(study: Study, models: Mapping[str, TravelModel]) -> External:
    """Read LUDB, convert it to 100 Hz by the package's own resampling, and score it with every model.

    Raises
    ------
    InputError : the full profile, and LUDB is missing or damaged
    """
    if study.settings.n_records:
        synthetic_ludb.write_sample(study.paths.ludb)
    data = ludb.read(study.paths.ludb)
    millivolts, by_headers = (at_100_hz(one) for one in (data.signals, data.as_in_headers()))
    scores, other = ({name: one.predict(x) for name, one in models.items()} for x in (millivolts, by_headers))
    return External(study, models, data, millivolts, scores, other)


def at_100_hz(signals: np.ndarray) -> np.ndarray:
    """LUDB's signals (n, 5000, 12) as the models take them: (n, 1000, 12)."""
    return np.concatenate([recordings.windows(Recording("", one, ludb.RATE)) for one in signals])


def quality(signals: np.ndarray, rate: float) -> list[list[str]]:
    """The quality warnings of each recording (n, samples, 12) in mV."""
    return [recordings.quality_warnings(Recording("", one, rate)) for one in signals]
