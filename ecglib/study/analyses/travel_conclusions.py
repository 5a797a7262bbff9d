"""What chapter 11 concludes from LUDB, calibration, abstention and sampling rates; and its "when to trust it" box.

In come the chapter's analyses; out come sentences whose numbers and verdicts are all computed, and ``travel.json``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import results
from ecglib.study.analyses.comparison import percent
from ecglib.study.analyses.travel_abstain import Abstention
from ecglib.study.analyses.travel_local import WAYS, Local
from ecglib.study.analyses.travel_ludb import MAIN, RULES, External
from ecglib.study.analyses.travel_models import RELEASED
from ecglib.study.analyses.travel_rate import Rates
from ecglib.study.study import Study
from ecgpredict.spec import CLASSES

RESULT = "travel"
_USABLE = 0.8  # AUC; a superclass travels if its interval is above that under every rule


@dataclass(frozen=True)
class Travel:
    """The chapter's analyses on LUDB and of abstention."""

    study: Study
    external: External
    local: Local
    abstention: Abstention
    rates: Rates

    def superclasses(self, name: str = RELEASED) -> dict[str, list[str]]:
        """Which superclasses travel to LUDB ("above"), which do not ("below"), and which are in between."""
        found: dict[str, list[str]] = {"above": [], "between": [], "below": []}
        for superclass in CLASSES:
            aucs = [self.external.auc(self.external.scores[name], rule, superclass) for rule in RULES]
            above, below = (all(one.low > _USABLE for one in aucs), all(one.value < _USABLE for one in aucs))
            found["above" if above else "below" if below else "between"].append(superclass)
        return found

    def fall(self) -> dict[str, Estimate]:
        """{model: macro AUC on LUDB under the main rule}."""
        return {name: self.external.auc(score, MAIN) for name, score in self.external.scores.items()}

    def order(self) -> str:
        """Whether the models' differences on fold 10 are found on LUDB."""
        test, there = self.study.evaluation_set(TEST_FOLD), self.external
        scores = {name: one.scores for name, one in there.models.items()}
        best = max(scores, key=lambda name: test.macro_auc(scores[name]))
        kept, lost, reversed_ = [], [], []
        for name, one in scores.items():
            if name == best or test.difference(scores[best], one).low <= 0:
                continue
            again = there.difference(there.scores[best], there.scores[name], MAIN)
            (kept if again.low > 0 else reversed_ if again.high < 0 else lost).append(name)
        total = len(kept) + len(lost) + len(reversed_)
        return (
            f"*{there.models[best].label}* has the highest AUC on fold 10, and beats {total} of {len(scores) - 1} "
            f"other models there by more than chance. On LUDB ({MAIN} rule) {len(kept)} of these {total} differences "
            f"have the same sign beyond chance, {len(reversed_)} the opposite one, and {len(lost)} cannot be told from "
            "zero."
        )

    def lessons(self, more: Sequence[str] = ()) -> str:
        """What we learned, as a list; `more` are lessons of the chapter's other sections."""
        aucs, test = self.fall(), self.study.evaluation_set(TEST_FOLD)
        own = [test.macro_auc(one.scores) for one in self.external.models.values()]
        low, high = min(one.value for one in aucs.values()), max(one.value for one in aucs.values())
        errors = self.local.errors()
        rows = [
            f"The macro AUC is {min(own):.3f}–{max(own):.3f} on fold 10 and {low:.3f}–{high:.3f} on LUDB ({MAIN} rule, "
            f"{len(aucs)} models, one seed each).",
            self.order(),
            f"The calibration error is at most {errors['fold 10'].max():.3f} on fold 10 and at least "
            f"{errors['LUDB, wide'].min():.3f} on LUDB, where chance alone gives up to "
            f"{errors['LUDB, by chance alone'].max():.3f}.",
            self.local.conclusion(),
            self.abstention.age_conclusion(),
            self.abstention.quality_conclusion(),
            self.rates.conclusion(),
            *more,
        ]
        return "\n".join(f"- {row}" for row in rows)

    def trust(self, more: Sequence[str] = ()) -> list[str]:
        """When to trust the released model, as sentences; `more` are those of the chapter's other sections."""
        found, errors = self.superclasses(), self.local.errors().set_index("model")
        label = self.external.models[RELEASED].label
        own, there = (errors.loc[label, name] for name in ("fold 10", f"LUDB, {MAIN}"))
        gates = []
        for where, one in (
            ("fold 10", self.abstention.judged(RELEASED)),
            ("LUDB", self.abstention.judged_there(RELEASED)),
        ):
            kept = one.confidence >= self.abstention.gate(RELEASED)
            gates.append(
                f"{one.wrong.mean():.1%} to {one.risk(kept).value:.1%} on {where} ({percent(kept.mean())} kept)"
            )
        shares = {way: self.local.removed(way)[RELEASED] for way in WAYS[1:]}
        best = max(shares, key=shares.get)
        return [
            f"**Superclasses** in another hospital: {_list(found['above'])} (on LUDB, the AUC's interval lies above "
            f"{_USABLE} under every rule); not {_list(found['below'])} (AUC below that under every rule); in between: "
            f"{_list(found['between'])}.",
            f"**Probabilities and thresholds** are those of PTB-XL: the calibration error is {own:.3f} there and "
            f"{there:.3f} on LUDB. Calibrate on your own recordings; of the two ways tried, *{best}* fitted on "
            f"{len(self.external.data) // 2} recordings removes most ({percent(shares[best])}).",
            f"**Doubt.** Leaving out the records of low confidence changes the share of wrong decisions from "
            f"{' and '.join(gates)}.",
            "**Units.** Check that I + III = II: `ecglib predict` warns where it does not hold.",
            *more,
        ]

    def box(self, more: Sequence[str] = ()) -> str:
        """The same as a block quote."""
        rows = "\n".join(f"> - {one}" for one in self.trust(more))
        return f"> **When to trust the released model**\n>\n{rows}"

    def write(self, more: Sequence[str] = ()) -> None:
        """Write ``travel.json``: AUCs by rule and superclass, calibration, abstention, rates, and the box."""
        there = self.external
        names = (*CLASSES, "macro")
        aucs = {
            name: {rule: {one: there.auc(score, rule, one).to_dict() for one in names} for rule in RULES}
            for name, score in there.scores.items()
        }
        content = {
            "main_rule": MAIN,
            "recordings": len(there.data),
            "aucs": aucs,
            "decisions": self.local.decisions().to_dict("records"),
            "calibration_error": self.local.errors().to_dict("records"),
            "removed_by": {way: self.local.removed(way) for way in WAYS[1:]},
            "abstention": self.abstention.table().to_dict("records"),
            "abstention_by_age": self.abstention.by_age().to_dict("records"),
            "rates": self.rates.table().to_dict("records"),
            "trust": self.trust(more),
        }
        results.write_json(self.study.paths.results, RESULT, content)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
