"""Groups of fold 10 by person, device and site: how far each group differs from all other records, and by chance.

In come a study and the models of chapter 11 with their scores; out come a table of groups and of comparisons, with
intervals over patients and p-values corrected for their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, norm

from ecglib.data import ptbxl
from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.bootstrap import Estimate, percentile
from ecglib.study.analyses import travel_measures
from ecglib.study.analyses.comparison import plural
from ecglib.study.analyses.travel_models import RELEASED, TravelModel
from ecglib.study.study import Study
from ecgpredict.spec import CLASSES

ALPHA = 0.05  # false discovery rate
AGES = {"under 40": (0, 40), "40 to 59": (40, 60), "60 to 79": (60, 80), "80 and over": (80, np.inf)}
_LARGE_FOLD = 1000  # records; a smaller fold, as that of the synthetic records, has lower minima


@dataclass(frozen=True)
class Minimum:
    """The smallest group that is compared.

    Attributes
    ----------
    records : in a group
    positives : records with a superclass, and without it, in the group and in the rest; other superclasses are left out
        of the group's means
    """

    records: int
    positives: int


@dataclass(frozen=True)
class People:
    """The comparisons of all groups with the rest.

    Attributes
    ----------
    groups : factor, group, n, and superclasses (number of them in the means), one row per group
    compared : factor, group, n, model, measure, value, rest, difference (Estimate), p, adjusted and survives; a factor
        with two groups is compared once
    minimum : of a group to be compared
    constant : {factor: its only value in the fold}
    """

    groups: pd.DataFrame
    compared: pd.DataFrame
    minimum: Minimum
    constant: Mapping[str, str]
    values: Mapping[tuple[str, str], Mapping[str, Estimate]]  # of the released model

    def table(self) -> pd.DataFrame:
        """Every group that is large enough, with the released model's measures and their intervals."""
        rows = []
        for row in self.large.itertuples():
            found = self.values[row.factor, row.group]
            rows.append((row.factor, row.group, row.n, *(str(found[name]) for name in travel_measures.MEASURES)))
        return pd.DataFrame(rows, columns=["by", "group", "records", *travel_measures.MEASURES])

    @cached_property
    def large(self) -> pd.DataFrame:
        return self.groups[(self.groups["n"] >= self.minimum.records) & (self.groups["superclasses"] > 0)]

    def too_small(self) -> str:
        """The groups without a claim, each with its number of records, and the factors that do not vary."""
        small = self.groups.drop(self.large.index)
        text = (
            f"A group is compared if it has at least {self.minimum.records} records; a superclass counts in its means "
            f"if group and rest have at least {self.minimum.positives} records with it and as many without."
        )
        if len(small):
            named = [
                f"{factor} {', '.join(f'{row.group} ({row.n})' for row in part.itertuples())}"
                for factor, part in small.groupby("factor", sort=False)
            ]
            text += f" Too small for a claim, with their numbers of records: {'; '.join(named)}."
        for factor, value in self.constant.items():
            text += f" By {factor} there is nothing to compare: {value} for every record of the fold."
        return text

    def conclusion(self) -> str:
        """How many differences survive the correction, and the largest ones of the released model."""
        if self.compared.empty:
            return "No group is large enough to be compared."
        survived = self.compared[self.compared["survives"]]
        by_measure = self.compared.groupby("measure", sort=False)["survives"].agg(["sum", "size"])
        parts = ", ".join(f"{int(row['sum'])} of {int(row['size'])} in {name}" for name, row in by_measure.iterrows())
        text = (
            f"{len(survived)} of {plural(len(self.compared), 'difference')} survive the correction of Benjamini and "
            f"Hochberg at a false discovery rate of {ALPHA:.0%}: {parts}."
        )
        return f"{text} {self._largest(survived)}".strip()

    def _largest(self, survived: pd.DataFrame) -> str:
        own = survived[survived["model"] == RELEASED]
        texts = []
        for measure in ("AUC", "sensitivity"):
            part = own[(own["measure"] == measure) & (own["factor"] != "superclasses")]
            if part.empty:
                texts.append(
                    f"In {measure}, no surviving difference of the released model is one of people or devices."
                )
                continue
            lowest = part.loc[part["difference"].map(lambda one: one.value).idxmin()]
            if lowest["difference"].value >= 0:
                continue
            texts.append(
                f"The released model's lowest {measure} against the rest is that of {lowest['factor']} "
                f"{lowest['group']}: {lowest['difference']:+.3f}."
            )
        return " ".join(texts)

    def surviving(self, model: str = RELEASED) -> pd.DataFrame:
        """The differences of one model that survive, for a table."""
        own = self.compared[(self.compared["model"] == model) & self.compared["survives"]]
        rows = [
            (row.factor, row.group, row.measure, f"{row.value:.3f}", f"{row.rest:.3f}", f"{row.difference:+.3f}")
            for row in own.itertuples()
        ]
        return pd.DataFrame(rows, columns=["by", "group", "measure", "group's", "rest's", "difference"])


def compare(study: Study, models: Mapping[str, TravelModel]) -> People:
    """Compare every group of fold 10 with the rest of it."""
    test = study.evaluation_set(TEST_FOLD)
    minimum = Minimum(50, 10) if len(test) >= _LARGE_FOLD else Minimum(8, 2)
    named, constant = group_masks(study)
    columns = {key: travel_measures.usable(test.y_true, mask, minimum.positives) for key, mask in named.items()}
    groups = pd.DataFrame(
        [(*key, int(mask.sum()), int(columns[key].sum())) for key, mask in named.items()],
        columns=["factor", "group", "n", "superclasses"],
    )
    large = {key for key, mask in named.items() if mask.sum() >= minimum.records and columns[key].any()}
    n_groups = groups.groupby("factor")["group"].size()
    rows, values = [], {}
    for name, model in models.items():
        score = model.calibrated(test.y_score(model.scores)[0])
        sample = travel_measures.Sample(test, score, model.thresholds)
        for (factor, group), mask in named.items():
            if (factor, group) not in large:
                continue
            inside, rest = (sample.measure(part, columns[factor, group]) for part in (mask, ~mask))
            if name == RELEASED:
                values[factor, group] = {one: percentile(*inside[one]) for one in travel_measures.MEASURES}
            if n_groups[factor] == 2 and group != groups.loc[groups["factor"] == factor, "group"].iloc[0]:
                continue
            for measure in travel_measures.MEASURES:
                difference, p = difference_and_p(inside[measure], rest[measure])
                found = (inside[measure][0], rest[measure][0], difference, p)
                rows.append((factor, group, int(mask.sum()), name, measure, *found))
    names = ["factor", "group", "n", "model", "measure", "value", "rest", "difference", "p"]
    return People(groups, adjusted(pd.DataFrame(rows, columns=names)), minimum, constant, values)


def difference_and_p(inside: tuple[float, np.ndarray], rest: tuple[float, np.ndarray]) -> tuple[Estimate, float]:
    """Difference of two values with their resamples, and its two-sided p from a normal with the resamples' SD."""
    resampled = inside[1] - rest[1]
    estimate = percentile(inside[0] - rest[0], resampled)
    spread = float(np.nanstd(resampled))
    return estimate, float(2 * norm.sf(abs(estimate.value) / spread)) if spread > 0 else 1.0


def adjusted(compared: pd.DataFrame) -> pd.DataFrame:
    """The comparisons with their p-values adjusted by Benjamini and Hochberg (1995), and which survive."""
    p = false_discovery_control(compared["p"], method="bh") if len(compared) else np.zeros(0)
    return compared.assign(adjusted=p, survives=p <= ALPHA)


def group_masks(study: Study) -> tuple[dict[tuple[str, str], np.ndarray], dict[str, str]]:
    """{(factor, group): bool (n,)} of fold 10's records in their order, and the factors that have one value only."""
    part = study.data.in_folds(TEST_FOLD)
    table, found = part.table, {}
    found["sex"] = table["sex"].map({0: "men", 1: "women"})
    found["age"] = pd.cut(table["age"], [0, *(high for _, high in AGES.values())], right=False, labels=list(AGES))
    circumstances = ptbxl.read_circumstances(study.paths.data).reindex(part.ecg_id)
    if "device" in circumstances:
        found["device"] = circumstances["device"]
    if "site" in circumstances:
        found["site"] = circumstances["site"].map(lambda site: f"{site:.0f}", na_action="ignore")
    if "validated_by_human" in circumstances:
        found["validation by a human"] = circumstances["validated_by_human"].map({True: "yes", False: "no"})
    count = table[list(CLASSES)].sum(axis=1)
    found["superclasses"] = count.map(lambda number: str(number) if number < 3 else "3 or more")
    masks, constant = {}, {}
    for factor, values in found.items():
        names = list(AGES) if factor == "age" else sorted(values.dropna().unique(), key=_natural)
        names = [name for name in names if (values == name).any()]
        if len(names) == 1:
            constant[factor] = names[0]
            continue
        masks |= {(factor, name): (values == name).to_numpy() for name in names}
    return masks, constant


def _natural(name: str) -> tuple:
    return (0, int(name), "") if name.isdigit() else (1, 0, name)
