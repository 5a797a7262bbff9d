"""What chapter 11 learned about people, electrodes, noise and training with damage, in short.

In come the analyses of these sections; out come the lessons and the sentences of the "when to trust it" box.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecglib.data import damage
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.study.analyses.travel_electrodes import GROUPS, MEASURED, Electrodes, swaps
from ecglib.study.analyses.travel_models import RELEASED
from ecglib.study.analyses.travel_noise import TOLERATED, Noise
from ecglib.study.analyses.travel_people import ALPHA, People
from ecglib.study.analyses.travel_robust import Robust
from ecgpredict.spec import LEADS


@dataclass(frozen=True)
class Conditions:
    """The analyses of people, electrodes, noise and training with damage."""

    people: People
    electrodes: Electrodes
    noise: Noise
    robust: Robust

    def lessons(self) -> list[str]:
        """One sentence per section."""
        compared, robust = self.people.compared, self.robust
        changes = self.electrodes.missing()
        own = changes[changes["model"] == RELEASED].set_index("damage")["change"]
        single, group = (min(names, key=lambda name: own[name].value) for names in (LEADS, GROUPS))
        cost = robust.costs[VALIDATION_FOLD]
        return [
            f"{int(compared['survives'].sum())} of {len(compared)} differences between groups of fold 10 and the rest "
            f"survive a false discovery rate of {ALPHA:.0%}.",
            f"Without one lead the released model's AUC changes by {own[single]:+} at worst ({single}), without "
            f"a group of leads by {own[group]:+} ({group}).",
            self._filling(),
            self.noise.conclusion(),
            f"Training with damage changes the mean AUC under damage by {robust.mean_gain(TEST_FOLD):+} on fold "
            f"10 and, on intact records of fold 9, by {cost:+} (one seed); a second model is "
            f"{'worth releasing' if robust.pays else 'not released'}.",
        ]

    def trust(self) -> list[str]:
        """What the box says of people, electrodes, fewer leads and noise."""
        missed = [name for name in swaps() if self.electrodes.warned[name] <= 0.5]
        costly = [name for name in missed if self.electrodes.fold.change(name, RELEASED).value < -TOLERATED]
        kinds = [f"{kind} {self._limit(kind)}" for kind in damage.NOISES]
        return [
            f"**People and devices.** {self._lowest()}",
            f"**Electrodes.** {len(swaps()) - len(missed)} of {len(swaps())} swaps are warned about in most records. "
            f"Not warned about, and at the cost of more than {TOLERATED:g} of the AUC: {'; '.join(costly) or 'none'}.",
            f"**Fewer leads.** {self._filling()}",
            f"**Noise.** Costs at most {TOLERATED:g} of the AUC down to these ratios: {', '.join(kinds)}.",
        ]

    def _lowest(self) -> str:
        own = self.people.compared
        own = own[(own["model"] == RELEASED) & (own["measure"] == "AUC") & (own["factor"] != "superclasses")]
        worse = own[own["survives"] & own["difference"].map(lambda one: one.value < 0)]
        if worse.empty:
            return "No group of people, device or site has an AUC below the rest's by more than chance."
        named = [f"{row.factor} {row.group} ({row.difference:+.3f})" for row in worse.itertuples()]
        return f"AUC below the rest's by more than chance: {'; '.join(named)}."

    def _filling(self) -> str:
        model = RELEASED
        texts = []
        for measured in (MEASURED[1], MEASURED[-1]):
            way = self.electrodes.best_filling(measured, model)
            texts.append(f"{', '.join(measured)} with {way}: {self.electrodes.filled_change(measured, model):+}")
        return f"Change of the AUC with fewer leads, filled in the way that is best on fold 9: {'; '.join(texts)}."

    def _limit(self, kind: str) -> str:
        ratio = self.noise.tolerated_ratio(kind, RELEASED)
        return f"{ratio} dB" if ratio is not None else f"not even {self.noise.ratios[0]} dB"
