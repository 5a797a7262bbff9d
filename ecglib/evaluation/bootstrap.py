"""Estimates with 95 % intervals over patients and training seeds, and paired differences.

Patients are resampled with replacement (:mod:`ecglib.evaluation.resampling`). There are only three or five seeds;
resampling so few values would give intervals that are far too narrow, so their part comes from Student's t instead. The
two parts are combined by the square-and-add method (Newcombe 1998, MOVER):

    low = value - sqrt((value - low_patients)^2 + (t * SD_seeds / sqrt(seeds))^2), and high likewise,

with t the 97.5 % quantile for seeds - 1 degrees of freedom. Disagreement between seeds about the resampled patients is
contained in both parts, and is subtracted from the first. In simulations, the intervals cover the true value in 95 % to
98 % of cases, most often with two seeds; one t quantile for both parts together (Welch-Satterthwaite) covers it in as
few as 88 %. With one seed, the interval is for that particular network: it reflects variation between patients, not
between trainings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.stats import t as student_t
from sklearn.metrics import roc_auc_score

from ecglib.evaluation.metrics import class_aucs
from ecglib.evaluation.resampling import Resampling
from ecgpredict.spec import CLASSES

EQUIVALENCE_MARGIN = 0.002  # of macro AUC: the book's one margin, within which two models count as equivalent
_LEVEL = 0.95
_TAILS = ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2)


@dataclass(frozen=True)
class Estimate:
    r"""A point estimate with its 95 % interval.

    As text it is "0.930 (0.923–0.937)", never broken over two lines. A format specification applies to all three
    numbers. One with a sign, for differences, gives "+0.0012 (−0.0007 to +0.0031)"; "+" alone has four digits.

    Attributes
    ----------
    value, low, high : the estimate and the ends of its interval
    n_seeds : number of training seeds that the interval accounts for; with 1 it accounts for patients only

    Examples
    --------
    >>> difference = Estimate(-0.0012, -0.0031, 0.0007)
    >>> print(f"{difference:+}, {difference:+.1%}".replace("\N{NO-BREAK SPACE}", " "))
    −0.0012 (−0.0031 to +0.0007), −0.1% (−0.3% to +0.1%)
    >>> difference.verdict
    'cannot tell'
    """

    value: float
    low: float
    high: float
    n_seeds: int = 1

    def __str__(self) -> str:
        return format(self, "")

    def __format__(self, spec: str) -> str:
        digits = {"": ".3f", "+": "+.4f"}.get(spec, spec)
        value, low, high = (signed(number, digits) for number in (self.value, self.low, self.high))
        between = "\u00a0to\u00a0" if digits.startswith("+") else "\u2060–\u2060"
        return f"{value}\u00a0({low}{between}{high})"

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval excludes zero, i.e. a difference is larger than expected by chance."""
        return self.low > 0 or self.high < 0

    @property
    def verdict(self) -> str:
        """A difference in words: "equivalent within 0.002", "different", or "cannot tell"."""
        if self.low >= -EQUIVALENCE_MARGIN and self.high <= EQUIVALENCE_MARGIN:
            return f"equivalent within {EQUIVALENCE_MARGIN:g}"
        return "different" if self.excludes_zero else "cannot tell"

    def to_dict(self) -> dict[str, float]:
        """The attributes as a dictionary, for JSON; `Estimate(**values)` restores the estimate."""
        return asdict(self)


def signed(number: float, digits: str) -> str:
    """A number as text, with a typographic minus, and without a sign if all its digits are zero."""
    text = format(number, digits)
    if not text.strip("+-0.%"):
        return text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")


def auc_estimates(
    y_true: np.ndarray, y_score: np.ndarray, resampling: Resampling, names: Sequence[str] = CLASSES
) -> dict[str, Estimate]:
    """{superclass or "macro": AUC}: means over seeds, with intervals over patients and seeds.

    A resample that has lost a superclass does not count; one that has lost another label, with those that it has left.

    Parameters
    ----------
    y_true : bool (n, 5), or as many columns as there are `names`
    y_score : float (s, n, 5), one set of scores per seed
    resampling : resamples of the n records' patients
    """
    values, resampled = _aucs(y_true, y_score, resampling)
    return {name: combined([(values[..., i], resampled[..., i])]) for i, name in enumerate((*names, "macro"))}


def auc_difference(
    y_true: np.ndarray,
    y_score: np.ndarray,
    reference: np.ndarray,
    resampling: Resampling,
    *,
    curve: str = "macro",
    pair_seeds: bool = True,
) -> Estimate:
    """AUC of `y_score` minus that of `reference`, both on the same resamples of patients (paired bootstrap).

    With `pair_seeds` and equally many seeds, the k-th seed of one is paired with the k-th of the other, and the spread
    of the differences is used: right only where the k-th network of one is made from the k-th of the other. Otherwise
    the seeds' variances are added, with Welch's degrees of freedom; a model with one seed then adds none.

    Parameters
    ----------
    y_true : bool (n, 5)
    y_score, reference : float (s, n, 5) and (r, n, 5)
    resampling : resamples of the n records' patients
    curve : "macro", or the superclass whose AUCs are compared
    """
    column = -1 if curve == "macro" else CLASSES.index(curve)
    values, resampled = (aucs[..., column] for aucs in _aucs(y_true, y_score, resampling))
    other_values, other_resampled = (aucs[..., column] for aucs in _aucs(y_true, reference, resampling))
    if pair_seeds and len(values) == len(other_values):
        return combined([(values - other_values, resampled - other_resampled)])
    return combined([(values, resampled), (-other_values, -other_resampled)])


def average_precision(y_true: np.ndarray, y_score: np.ndarray, resampling: Resampling) -> Estimate:
    """Area under the precision-recall curve (AUPRC) of one superclass, bool (n,) and float (n,): average precision."""
    order = np.argsort(-y_score, kind="stable")
    starts = np.flatnonzero(np.diff(y_score[order], prepend=np.inf))  # equal scores are one point of the curve
    labels = y_true[order, None]

    def area(weight: np.ndarray) -> np.ndarray:
        """(n, b) -> (b,)"""
        flagged = np.cumsum(np.add.reduceat(weight, starts), axis=0)
        hits = np.add.reduceat(weight * labels, starts)
        return (hits * np.cumsum(hits, axis=0) / np.maximum(flagged, 1)).sum(axis=0) / hits.sum(axis=0)

    drawn = resampling.patients[order]
    parts = np.array_split(resampling.counts, max(1, resampling.n_bootstrap // 100), axis=1)
    resampled = np.concatenate([area(part[drawn].astype(float)) for part in parts])
    return percentile(area(np.ones((len(order), 1)))[0], resampled)


def known_auc(y_true: np.ndarray, y_score: np.ndarray, resampling: Resampling) -> tuple[float, np.ndarray]:
    """Macro AUC of labels that are partly unknown, and in each resample (b,), for an estimate by :func:`percentile`.

    A superclass is evaluated on the records with a label, and left out if none of these is positive or none negative.

    Parameters
    ----------
    y_true : float (n, 5), NaN where a record is left out
    y_score : float (n, 5)
    """
    found = known_aucs(y_true, y_score, resampling).values()
    return float(np.mean([value for value, _ in found])), np.mean([resampled for _, resampled in found], axis=0)


def known_aucs(
    y_true: np.ndarray, y_score: np.ndarray, resampling: Resampling, fewest: int = 1
) -> dict[str, tuple[float, np.ndarray]]:
    """{superclass: its part of :func:`known_auc`}, of those that at least `fewest` records have, and have not."""
    found = {}
    for name, labels, score in zip(CLASSES, y_true.T, y_score.T):
        known = ~np.isnan(labels)
        positive = labels[known, None] == 1
        if min(positive.sum(), (~positive).sum()) >= fewest:
            columns = positive, score[known, None]
            found[name] = roc_auc_score(*columns), resampling.of_records(known).aucs(*columns)[:, 0]
    return found


def percentile(value: float, resampled: np.ndarray) -> Estimate:
    """An estimate with the percentile interval of its resampled values; NaN, from undefined resamples, is ignored.

    If all are undefined, so are the limits: NaN.
    """
    defined = resampled[~np.isnan(resampled)]
    low, high = np.quantile(defined, _TAILS) if len(defined) else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high))


def combined(models: Sequence[tuple[np.ndarray, np.ndarray]]) -> Estimate:
    """The sum over models of a statistic's mean over seeds, with an interval over patients and seeds.

    Parameters
    ----------
    models : for each, the statistic of each seed (s,), and the same in each resample (s, n_bootstrap); for a
        difference, the second model's values with their signs reversed
    """
    value = sum(float(np.mean(values)) for values, _ in models)
    total = sum(resampled.mean(axis=0) for _, resampled in models)
    only_patients = percentile(value, total)
    several = [(values, resampled) for values, resampled in models if len(values) > 1]
    if not several:
        return only_patients
    variances = np.array([np.var(values, ddof=1) / len(values) for values, _ in several])
    freedoms = np.array([len(values) - 1 for values, _ in several])
    # Welch-Satterthwaite; for a single model these are its own degrees of freedom
    freedom = variances.sum() ** 2 / (variances**2 / freedoms).sum() if variances.sum() else freedoms.sum()
    of_seeds = student_t.ppf(_TAILS[1], freedom) * np.sqrt(variances.sum())
    # the effect of patients that differs between seeds is already part of the seeds' spread
    disagreement = sum(
        np.nanmean(np.var(resampled - values[:, None], axis=0, ddof=1)) / len(values) for values, resampled in several
    )
    spread = np.nanvar(total)
    common = np.sqrt(max(0.0, 1 - disagreement / spread)) if spread else 0.0
    below, above = (common * max(0.0, gap) for gap in (value - only_patients.low, only_patients.high - value))
    seeds = min(len(values) for values, _ in models)
    return Estimate(value, float(value - np.hypot(below, of_seeds)), float(value + np.hypot(above, of_seeds)), seeds)


def _aucs(y_true: np.ndarray, y_score: np.ndarray, resampling: Resampling) -> tuple[np.ndarray, np.ndarray]:
    """AUCs (s, 6) of each seed, superclasses and macro mean, and in each resample: (s, n_bootstrap, 6)."""
    values = np.stack([class_aucs(y_true, score) for score in y_score])
    resampled = np.stack([resampling.aucs(y_true, score) for score in y_score])
    mean = np.mean if y_true.shape[1] == len(CLASSES) else np.nanmean
    return tuple(np.concatenate([aucs, mean(aucs, axis=-1, keepdims=True)], axis=-1) for aucs in (values, resampled))
