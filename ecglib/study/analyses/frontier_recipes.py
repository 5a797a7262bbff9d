"""How chapter 10's teachers and students are trained: one network with several settings, one seed each.

In come finished runs; out come a table with paired intervals on fold 9, and a sentence. Fold 10 takes no part.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ecglib.data.ptbxl import VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study.analyses.comparison import difference, mean_auc, plural, signed
from ecglib.study.study import Study

CHAPTER, TEACHER, STUDENT = "10_frontier", "resnet1d_wang", "compact_trial"
_WORDS = {
    "mixup": "mixup {:g}", "learning_rate": "learning rate {:g}", "crop": "windows of {:g} samples",
    "statements_weight": "all statements, weight {:g}", "epochs": "{:g} epochs", "temperature": "temperature {:g}",
    "label_weight": "label weight {:g}",
}  # fmt: skip
_NAMED = {TEACHER: ("crop", "mixup"), STUDENT: ("epochs", "mixup", "temperature", "label_weight")}


@dataclass(frozen=True)
class Recipes:
    """One network trained in several ways, with one seed each.

    Attributes
    ----------
    kept : the model with the recipe that the others are compared with
    aucs : {model: AUC on fold 9}
    differences : {model: AUC minus that of the recipe that is kept, on fold 9, paired}
    """

    study: Study
    kept: str
    aucs: dict[str, float]
    differences: dict[str, Estimate]

    def table(self) -> pd.DataFrame:
        """What each recipe changes, and its AUC on fold 9 against the recipe that is kept."""
        rows = [
            (self._changed(name), f"{auc:.4f}", signed(self.differences[name]) if name in self.differences else "kept")
            for name, auc in self.aucs.items()
        ]
        return pd.DataFrame(rows, columns=["recipe", "AUC, fold 9", "minus the kept one"])

    def conclusion(self) -> str:
        """Which of the changes can be told from the recipe that is kept, for the better and for the worse."""
        if not self.differences:
            return f"In this profile {'only one recipe' if self.aucs else 'none of these recipes'} was trained."
        better = [name for name, one in self.differences.items() if one.low > 0]
        worse = [name for name, one in self.differences.items() if one.high < 0]
        told = (
            f"Of {plural(len(self.differences), 'change')}, {len(better) + len(worse)} can be told from the recipe "
            f"that we keep on fold 9 with one seed, {len(better)} of them for the better{self._list(better)} and "
            f"{len(worse)} for the worse{self._list(worse)}."
        )
        same = len(self.differences) - len(better) - len(worse)
        if not same:
            return told
        holds = f"{plural(same, 'interval')} {'holds' if same == 1 else 'hold'}"
        return f"{told} {holds} zero: no difference was found there, and the simpler setting would do."

    def _list(self, names: list[str]) -> str:
        return f" ({'; '.join(self._changed(name) for name in names)})" if names else ""

    def _changed(self, name: str) -> str:
        kept, tried = (self.study.settings.training[one].model_dump() for one in (self.kept, name))
        changed = [key for key, value in tried.items() if value != kept[key] and key != "patience"]
        shown = changed or _NAMED[self.kept]
        return ", ".join(_WORDS[key].format(tried[key]) for key in shown)


def compare_recipes(study: Study, kept: str = TEACHER) -> Recipes:
    """Compare the first seeds of every recipe for one network on fold 9; without rows if the profile has none."""
    training = study.settings.training
    if kept not in training:
        return Recipes(study, kept, {}, {})
    names = [
        name for name, model in study.settings.models.items()
        if model.chapter == CHAPTER and name.startswith(f"{kept}_") and training[name].shape == training[kept].shape
    ]  # fmt: skip
    scores = {name: study.run(name).scores for name in (kept, *names)}
    aucs = {name: mean_auc(study, one, VALIDATION_FOLD) for name, one in scores.items()}
    differences = {name: difference(study, scores[name], scores[kept], VALIDATION_FOLD) for name in names}
    return Recipes(study, kept, aucs, differences)
