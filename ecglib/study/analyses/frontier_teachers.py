"""The teachers of the compact students: what they reach alone and together.

In come finished runs; out come a table with intervals, and a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ecglib.data.definitions import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.study.analyses.comparison import interval, mean_auc
from ecglib.study.published import SUPERCLASS_AUC
from ecglib.study.study import Study
from ecglib.study.targets import BEST_TEACHER_AUC, PANEL_AUC


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


def open_panel(study: Study, student: str) -> Panel:
    """The teachers of a student."""
    scores = {name: study.scores(name) for name in study.settings.training[student].teachers}
    return Panel(study, scores, Scores.stack_seeds(list(scores.values())).ensemble())
