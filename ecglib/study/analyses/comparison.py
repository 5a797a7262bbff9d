"""Comparisons that several analyses make: AUCs by fold, paired differences.

In come scores and the study's labels; out come estimates with 95 % intervals, and text for tables and sentences.
"""

from __future__ import annotations

from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.study.study import Study


def mean_auc(study: Study, scores: Scores, fold: int) -> float:
    """Macro AUC on one fold, averaged over seeds."""
    return study.evaluation_set(fold).macro_auc(scores)


def difference(study: Study, scores: Scores, reference: Scores, fold: int = TEST_FOLD) -> Estimate:
    """Macro AUC of a model minus a reference's on the same patients, over the seeds that both have."""
    return study.evaluation_set(fold).difference(scores, reference)


def common_seeds(one: Scores, other: Scores) -> tuple[Scores, Scores]:
    """Both models' scores of the seeds that both have; unchanged if they have none in common."""
    common = [seed for seed in one.seed.tolist() if seed in other.seed]
    return (one.for_seeds(common), other.for_seeds(common)) if common else (one, other)


def seeds_behind(estimate: Estimate) -> str:
    """What an interval holds: "patients and 3 seeds", or "patients, one seed"."""
    return estimate.sources if estimate.n_seeds > 1 else f"{estimate.sources}, one seed"


def percent(share: float) -> str:
    """A share as a whole percentage, with a space that does not break."""
    return f"{100 * share:.0f}\u00a0%"


def plural(count: int, noun: str) -> str:
    """A count with its noun: "1 seed", "3 seeds"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
