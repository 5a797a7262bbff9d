"""Comparisons that several analyses make: AUCs by fold, paired differences, the simplest of equal options.

In come scores and the study's labels; out come estimates with 95 % intervals, and text for tables and sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.study.study import Study


def mean_auc(study: Study, scores: Scores, fold: int) -> float:
    """Macro AUC on one fold, averaged over seeds."""
    return study.evaluation_set(fold).macro_auc(scores)


def seed_aucs(study: Study, scores: Scores, fold: int) -> list[float]:
    """Macro AUC of each seed on one fold."""
    return [mean_auc(study, scores.for_seeds([seed]), fold) for seed in scores.seed]


def difference(study: Study, scores: Scores, reference: Scores, fold: int = TEST_FOLD) -> Estimate:
    """Macro AUC of a model minus a reference's on the same patients, over the seeds that both have."""
    return study.evaluation_set(fold).difference(scores, reference)


def common_seeds(one: Scores, other: Scores) -> tuple[Scores, Scores]:
    """Both models' scores of the seeds that both have; unchanged if they have none in common."""
    common = [seed for seed in one.seed.tolist() if seed in other.seed]
    return (one.for_seeds(common), other.for_seeds(common)) if common else (one, other)


@dataclass(frozen=True)
class Selection:
    """One of several options, selected on fold 9.

    Attributes
    ----------
    best : the option with the highest AUC on fold 9
    selected : the first option, in the order given, that cannot be told from the best
    aucs : {option: macro AUC on fold 9}
    differences : {option: AUC minus the best one's on fold 9}, with paired intervals; zero for the best itself
    """

    best: str
    selected: str
    aucs: Mapping[str, float]
    differences: Mapping[str, Estimate]

    @property
    def equal_to_best(self) -> list[str]:
        """Every option whose interval of the difference from the best contains zero, the best included."""
        return [name for name, one in self.differences.items() if one.high >= 0]

    def conclusion(self, preferred: str = "simplest") -> str:
        """What was selected and why; `preferred` says what stands first in the order of the options."""
        count = len(self.equal_to_best)
        if count == 1:
            return (
                f"*{self.best}* has the highest AUC on fold 9, and the interval of every other option's difference "
                "from it lies below zero. We select it."
            )
        who = f"all {count} options" if count == len(self.aucs) else f"{count} of {len(self.aucs)} options"
        if self.selected == self.best:
            return (
                f"On fold 9 we find no difference between {who}: the intervals of the differences from the best "
                f"contain zero. We take the {preferred} one, *{self.selected}*, which also has the highest AUC."
            )
        return (
            f"On fold 9 we find no difference between {who}: the intervals of the differences from the best, "
            f"*{self.best}*, contain zero. We take the {preferred} one, *{self.selected}* "
            f"({self.differences[self.selected]:+})."
        )


def select(study: Study, options: Mapping[str, Scores]) -> Selection:
    """Select on fold 9 among options that are given in order of preference, the simplest first.

    An option counts as equal to the best one if the 95 % paired interval of their difference contains zero.
    """
    aucs = {name: mean_auc(study, scores, VALIDATION_FOLD) for name, scores in options.items()}
    best = max(aucs, key=aucs.get)
    differences = {
        name: difference(study, scores, options[best], VALIDATION_FOLD) if name != best else Estimate(0.0, 0.0, 0.0)
        for name, scores in options.items()
    }
    selected = next(name for name, one in differences.items() if one.high >= 0)
    return Selection(best, selected, aucs, differences)


def seeds_behind(estimate: Estimate) -> str:
    """What an interval holds: "patients and 3 seeds", or "patients, one seed"."""
    return estimate.sources if estimate.n_seeds > 1 else f"{estimate.sources}, one seed"


def percent(share: float) -> str:
    """A share as a whole percentage, with a space that does not break."""
    return f"{100 * share:.0f}\u00a0%"


def plural(count: int, noun: str) -> str:
    """A count with its noun: "1 seed", "3 seeds"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
