"""The teachers of the compact students: how they are trained, and what they reach alone and together.

In come finished runs; out come tables with paired intervals. Settings are compared on fold 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ecglib.data.ptbxl import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.study.analyses.comparison import difference, interval, mean_auc, signed
from ecglib.study.published import SUPERCLASS_AUC
from ecglib.study.study import Study
from ecglib.study.targets import BEST_TEACHER_AUC, PANEL_AUC

CHAPTER, TRIED_ON = "10_frontier", "resnet1d_wang"


@dataclass(frozen=True)
class Panel:
    """The teachers, each with all its seeds.

    Attributes
    ----------
    scores : {teacher: Scores of every seed}
    together : the mean probability of all of them
    """

    study: Study
    scores: dict[str, Scores]
    together: Scores

    def table(self) -> pd.DataFrame:
        """One row per teacher, and the ensemble of all: parameters, seeds, AUCs."""
        rows = [self._row(name) for name in self.scores]
        if len(self.together.seed) and len(self.scores) > 1:
            test = self.study.evaluation_set(TEST_FOLD).auc(self.together)
            auc = mean_auc(self.study, self.together, VALIDATION_FOLD)
            rows.append(("all, one ensemble", "–", self.n_runs, f"{auc:.4f}", interval(test), None))
        columns = ["teacher", "parameters", "seeds", "AUC, fold 9", "AUC, fold 10", "published"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def n_runs(self) -> int:
        return sum(len(one.seed) for one in self.scores.values())

    @property
    def best(self) -> str:
        """The teacher with the highest mean AUC on fold 9."""
        return max(self.scores, key=lambda name: mean_auc(self.study, self.scores[name], VALIDATION_FOLD))

    def conclusion(self) -> str:
        """The best teacher and all together on fold 10, against their targets."""
        test = self.study.evaluation_set(TEST_FOLD)
        single, together = test.auc(self.scores[self.best]), test.auc(self.together)
        return (
            f"The teacher that is best on fold 9, {self.study.model(self.best).label}, reaches {single:.4f} on fold 10 "
            f"as the mean over {single.n_seeds} seed{'s' if single.n_seeds > 1 else ''} (target: "
            f"{BEST_TEACHER_AUC.verdict(single.value)}), all {self.n_runs} networks together {together:.4f} (target: "
            f"{PANEL_AUC.verdict(together.value)})."
        )

    def _row(self, name: str) -> tuple:
        scores, run = self.scores[name], self.study.run(name)
        auc, test = mean_auc(self.study, scores, VALIDATION_FOLD), self.study.evaluation_set(TEST_FOLD).auc(scores)
        params = f"{run.metadata['params']:,}"
        return (self.study.model(name).label, params, len(scores.seed), f"{auc:.4f}", interval(test),
                SUPERCLASS_AUC.get(name))  # fmt: skip


@dataclass(frozen=True)
class Recipes:
    """One teacher trained in several ways, with one seed each.

    Attributes
    ----------
    aucs : {model: AUC on fold 9}
    differences : {model: AUC minus that of the recipe that is kept, on fold 9, paired}
    """

    study: Study
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
        """How many of the changes can be told apart from the recipe that is kept."""
        told = [one for one in self.differences.values() if one.excludes_zero]
        better = sum(one.low > 0 for one in told)
        if not self.differences:
            return "In this profile only one recipe was trained."
        return (
            f"Of {len(self.differences)} changes, {len(told)} can be told from the recipe that we keep on fold 9 with "
            f"one seed, {better} of them for the better."
        )

    def _changed(self, name: str) -> str:
        kept, tried = (self.study.settings.training[one].model_dump() for one in (TRIED_ON, name))
        ignored = {"patience"}
        changed = {key: value for key, value in tried.items() if value != kept[key] and key not in ignored}
        words = {
            "mixup": "mixup {:g}", "learning_rate": "learning rate {:g}", "crop": "windows of {:g} samples",
            "statements_weight": "all statements, weight {:g}",
        }  # fmt: skip
        text = [words.get(key, f"{key} {{}}").format(value) for key, value in changed.items()]
        return ", ".join(text) or f"windows of {kept['crop']} samples, mixup {kept['mixup']:g}"


def open_panel(study: Study, student: str) -> Panel:
    """The teachers of a student."""
    scores = {name: study.scores(name) for name in study.settings.training[student].teachers}
    return Panel(study, scores, Scores.stack_seeds(list(scores.values())).ensemble())


def compare_recipes(study: Study) -> Recipes:
    """Compare the first seeds of every recipe for one teacher on fold 9."""
    names = [
        name for name, model in study.settings.models.items()
        if model.chapter == CHAPTER and name.startswith(f"{TRIED_ON}_")
    ]  # fmt: skip
    scores = {name: study.run(name).scores for name in (TRIED_ON, *names)}
    aucs = {name: mean_auc(study, one, VALIDATION_FOLD) for name, one in scores.items()}
    differences = {name: difference(study, scores[name], scores[TRIED_ON], VALIDATION_FOLD) for name in names}
    return Recipes(study, aucs, differences)
