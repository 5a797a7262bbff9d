"""The teachers of the compact students and networks of other architectures: what they reach alone and together.

In come finished runs; out come a table with intervals, and a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.study.analyses.comparison import difference, mean_auc, plural
from ecglib.study.analyses.targets import BEST_TEACHER_AUC, PANEL_AUC
from ecglib.study.published import SUPERCLASS_AUC
from ecglib.study.study import Study

FURTHER = ("xresnet1d18", "inception_cnn")  # of other architectures; they do not teach the first generation


@dataclass(frozen=True)
class Panel:
    """The teachers and further networks, each with all its seeds.

    Attributes
    ----------
    scores, further : {teacher or further network: Scores of every seed}
    """

    study: Study
    scores: dict[str, Scores]
    further: dict[str, Scores] = field(default_factory=dict)

    @cached_property
    def together(self) -> Scores:
        """The mean probability of all teachers' seeds."""
        return _ensemble(self.scores)

    @cached_property
    def widest(self) -> Scores:
        """The mean probability of all seeds of the teachers and the further networks."""
        return _ensemble(self.everyone)

    @property
    def n_teachers(self) -> int:
        """Networks that teach, every seed counted."""
        return _n_runs(self.scores)

    @property
    def everyone(self) -> dict[str, Scores]:
        return self.scores | self.further

    def table(self) -> pd.DataFrame:
        """One row per network, and the ensembles: parameters, seeds, AUCs."""
        rows = [self._network(name) for name in self.scores]
        if len(self.scores) > 1:
            rows.append(self._row("the teachers, one ensemble", self.together, self.n_teachers))
        rows += [self._network(name) for name in self.further]
        if self.further:
            name = f"{plural(len(self.everyone), 'architecture')}, one ensemble"
            rows.append(self._row(name, self.widest, _n_runs(self.everyone)))
        columns = ["network", "parameters", "seeds", "AUC, fold 9", "AUC, fold 10", "published"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def best(self) -> str:
        """The teacher with the highest mean AUC on fold 9."""
        return max(self.scores, key=lambda name: mean_auc(self.study, self.scores[name], VALIDATION_FOLD))

    def targets_met(self) -> list[bool]:
        """Whether the best teacher, and the teachers together, meet their targets on fold 10."""
        aucs = [mean_auc(self.study, scores, TEST_FOLD) for scores in (self.scores[self.best], self.together)]
        return [target.met(auc) for target, auc in zip((BEST_TEACHER_AUC, PANEL_AUC), aucs)]

    def conclusion(self) -> str:
        """The best teacher, the teachers and all networks together on fold 10, against the targets."""
        test = self.study.evaluation_set(TEST_FOLD)
        single, together = test.auc(self.scores[self.best]), test.auc(self.together)
        text = (
            f"The teacher that is best on fold 9, {self.study.model(self.best).label}, reaches {single:.4f} on fold 10 "
            f"as the mean over {plural(single.n_seeds, 'seed')} (target: {BEST_TEACHER_AUC.verdict(single.value)}), "
            f"all {plural(self.n_teachers, 'network')} of the teachers together {together:.4f} (target: "
            f"{PANEL_AUC.verdict(together.value)})."
        )
        if not self.further:
            return text
        widest, change = test.auc(self.widest), difference(self.study, self.widest, self.together)
        return (
            f"{text} The {plural(_n_runs(self.everyone), 'network')} of {len(self.everyone)} architectures reach "
            f"{widest:.4f} (the same target: {PANEL_AUC.verdict(widest.value)}), a difference of {change:+} from "
            "the teachers."
        )

    def _network(self, name: str) -> tuple:
        scores, params = self.everyone[name], self.study.run(name).metadata["params"]
        label, published = self.study.model(name).label, SUPERCLASS_AUC.get(name)
        return self._row(label, scores, len(scores.seed), f"{params:,}", published)

    def _row(self, label: str, scores: Scores, n_runs: int, params: str = "–", published: float | None = None) -> tuple:
        auc, test = mean_auc(self.study, scores, VALIDATION_FOLD), self.study.evaluation_set(TEST_FOLD).auc(scores)
        return label, params, n_runs, f"{auc:.4f}", str(test), published


def open_panel(study: Study, student: str, further: Sequence[str] = FURTHER) -> Panel:
    """The teachers of a student, and those of the further networks that this profile trains."""
    training = study.settings.training
    scores = {name: study.scores(name) for name in training[student].teachers}
    return Panel(study, scores, {name: study.scores(name) for name in further if name in training})


def _ensemble(members: Mapping[str, Scores]) -> Scores:
    return Scores.stack_seeds(list(members.values())).ensemble()


def _n_runs(members: Mapping[str, Scores]) -> int:
    return sum(len(one.seed) for one in members.values())
