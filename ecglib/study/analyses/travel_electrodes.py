"""Missing and swapped electrodes: how much AUC is left, what the quality warnings catch, how to fill missing leads.

In come a study and chapter 11's models; out come tables, figures' data and sentences. How missing leads are filled is
selected on fold 9 and reported on fold 10; everything else is measured on fold 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import pandas as pd

from ecglib.data import electrodes
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study.analyses.comparison import percent
from ecglib.study.analyses.travel_damage import INTACT, Damage, DamagedFold
from ecglib.study.analyses.travel_models import COMPACT, RELEASED, TravelModel
from ecglib.study.study import Study
from ecgpredict.spec import LEADS

MODELS = (RELEASED, COMPACT[0])
GROUPS = {"limb": electrodes.LIMB, "V1-V3": electrodes.RIGHT_CHEST, "V4-V6": electrodes.LEFT_CHEST}
MEASURED = (("I",), ("I", "II"), ("I", "II", "V2"), ("I", "II", "V1", "V5"))  # by devices with fewer leads
ZERO, DERIVED, ESTIMATED = "the rest flat", "limb leads derived", "the rest estimated"
_REPORTED = 0.5  # a swap that more than this share of records is warned about counts as caught


def missing_leads() -> dict[str, Damage]:
    """{name: damage} of each lead and each group of leads flat."""
    return {
        name: partial(electrodes.without, leads=leads) for name, leads in {**{x: [x] for x in LEADS}, **GROUPS}.items()
    }


def swaps() -> dict[str, Damage]:
    """{name: damage} of swapped limb and chest electrodes."""
    pairs = {
        f"{a} and {b}": partial(electrodes.swap, first=a, second=b)
        for a, b in (*electrodes.LIMB_SWAPS, *electrodes.CHEST_SWAPS)
    }
    return pairs | {"V1 to V6 reversed": electrodes.reverse_chest}


def fillings(study: Study, measured: tuple[str, ...]) -> dict[str, Damage]:
    """{way of filling: records -> records as a device with these leads would give them}."""
    ways = {ZERO: partial(electrodes.only, leads=measured)}
    if {"I", "II"} <= set(measured):
        ways[DERIVED] = lambda x: electrodes.derive_limb_leads(electrodes.only(x, measured))
    weights = electrodes.fit_missing_leads(study.data, measured)
    ways[ESTIMATED] = partial(electrodes.estimate_missing_leads, leads=measured, weights=weights)
    return ways


@dataclass(frozen=True)
class Electrodes:
    """Fold 10 under missing and swapped electrodes, and both folds with fewer leads.

    Attributes
    ----------
    fold : fold 10 with every damage scored
    selection : fold 9 with the ways of filling scored
    """

    fold: DamagedFold
    selection: DamagedFold

    def missing(self) -> pd.DataFrame:
        """Change of the AUC with each lead and each group of leads flat, for a figure."""
        return self.fold.changes(list(missing_leads()))

    def missing_conclusion(self) -> str:
        """Which single lead costs most, which group, and whether any costs nothing."""
        table, texts = self.missing(), []
        for _, part in table.groupby("model", sort=False):
            label, values = part["label"].iloc[0], part.set_index("damage")["change"]
            single, groups = values[list(LEADS)], values[list(GROUPS)]
            worst, group = (min(some.index, key=lambda name: some[name].value) for some in (single, groups))
            harmless = sum(not one.excludes_zero for one in single)
            texts.append(
                f"*{label}* loses most with {worst} flat among single leads ({single[worst]:+}) and with "
                f"{group} flat among groups ({groups[group]:+}); for {harmless} of {len(LEADS)} leads the "
                "interval of the change contains zero."
            )
        return " ".join(texts)

    @cached_property
    def warned(self) -> dict[str, float]:
        """Share of records with a quality warning under each swap, and intact."""
        return {INTACT: self.fold.warned(), **{name: self.fold.warned(one) for name, one in swaps().items()}}

    def swaps(self) -> pd.DataFrame:
        """AUC and its change under each swap, and the share of records that the quality warnings catch."""
        rows = []
        for name in (INTACT, *swaps()):
            aucs = [str(self.fold.auc(name, model)) for model in self.fold.models]
            rows.append((name, *aucs, percent(self.warned[name])))
        labels = [one.label for one in self.fold.models.values()]
        return pd.DataFrame(rows, columns=["electrodes swapped", *labels, "warned about"])

    def swaps_conclusion(self) -> str:
        """Which swaps the warnings catch, and the worst one that they miss."""
        caught = [name for name in swaps() if self.warned[name] > _REPORTED]
        missed = [name for name in swaps() if name not in caught]
        model = next(iter(self.fold.models))
        text = (
            f"The warnings catch {len(caught)} of {len(swaps())} swaps in most records "
            f"({'; '.join(caught) or 'none'}), "
            f"and {percent(self.warned[INTACT])} of the intact records are warned about."
        )
        if not missed:
            return text
        worst = min(missed, key=lambda name: self.fold.change(name, model).value)
        return (
            f"{text} Of those that they miss, {worst} costs *{self.fold.models[model].label}* most: "
            f"{self.fold.change(worst, model):+}."
        )

    def fewer_leads(self) -> pd.DataFrame:
        """Each way of filling the missing leads: AUC on fold 9, where it is selected, and on fold 10."""
        rows = []
        for measured in MEASURED:
            for model in self.fold.models:
                best = self.best_filling(measured, model)
                for way in self._ways(measured):
                    name, chosen = _name(measured, way), "✓" if way == best else ""
                    on_9, on_10 = (one.auc(name, model) for one in (self.selection, self.fold))
                    rows.append(
                        (", ".join(measured), way, self.fold.models[model].label, on_9.value, chosen, str(on_10))
                    )
        return pd.DataFrame(rows, columns=["leads", "filling", "model", "AUC, fold 9", "best", "AUC on fold 10"])

    def best_filling(self, measured: tuple[str, ...], model: str) -> str:
        """The way of filling with the highest AUC on fold 9."""
        return max(self._ways(measured), key=lambda way: self.selection.auc(_name(measured, way), model).value)

    def filled_change(self, measured: tuple[str, ...], model: str) -> Estimate:
        """Change of the AUC on fold 10 against twelve leads, the missing ones filled in the best way."""
        return self.fold.change(_name(measured, self.best_filling(measured, model)), model)

    def _ways(self, measured: tuple[str, ...]) -> list[str]:
        known = {damage for damage, _ in self.fold.predicted}
        return [way for way in (ZERO, DERIVED, ESTIMATED) if _name(measured, way) in known]

    def fewer_leads_conclusion(self) -> str:
        """How to feed a model with fewer leads, from fold 9, and what that costs on fold 10."""
        choices = [
            (measured, model, self.best_filling(measured, model)) for measured in MEASURED for model in self.fold.models
        ]
        counts = pd.Series([way for *_, way in choices]).value_counts()
        most = counts.index[0]
        texts = [
            f"On fold 9, *{most}* is the best filling in {counts.iloc[0]} of {len(choices)} combinations of leads and "
            "model."
        ]
        released = next(iter(self.fold.models))
        for measured in (MEASURED[1], MEASURED[-1]):
            texts.append(
                f"With {', '.join(measured)} so filled, *{self.fold.models[released].label}* changes its AUC on fold "
                f"10 by {self.filled_change(measured, released):+} against twelve leads."
            )
        return " ".join(texts)


def measure(study: Study, models: Mapping[str, TravelModel]) -> Electrodes:
    """Score both folds under every damage; the models are those of MODELS that are given."""
    used = {name: models[name] for name in MODELS if name in models}
    fold, selection = (DamagedFold.open(study, used, number) for number in (TEST_FOLD, VALIDATION_FOLD))
    for name, damage in (missing_leads() | swaps()).items():
        fold.score(name, damage)
    for measured in MEASURED:
        for way, damage in fillings(study, measured).items():
            for one in (fold, selection):
                one.score(_name(measured, way), damage)
    return Electrodes(fold, selection)


def _name(measured: tuple[str, ...], way: str) -> str:
    return f"{', '.join(measured)}; {way}"
