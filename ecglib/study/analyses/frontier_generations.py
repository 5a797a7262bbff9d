"""A second generation of compact students, taught by the first one: whether it reaches the same AUC.

In come the compact students as int8 files and the first generation's teachers; out come the second generation's
teachers, paired differences, and sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.study.analyses import frontier_teachers
from ecglib.study.analyses.comparison import difference, mean_auc, plural, seeds_behind
from ecglib.study.analyses.frontier import Frontier
from ecglib.study.analyses.frontier_files import CompactModel
from ecglib.study.analyses.frontier_teachers import Panel


@dataclass(frozen=True)
class Generations:
    """A student of the second generation, and the one of the first generation with the same shape.

    Attributes
    ----------
    students : the compact students
    first, second : their int8 files and scores
    first_panel, second_panel : the teachers of each
    """

    students: Frontier
    first: CompactModel
    second: CompactModel
    first_panel: Panel
    second_panel: Panel

    def motivation(self) -> str:
        """How many of each generation's teachers have their weights in the repository."""
        return (
            f"Of the {plural(self.first_panel.n_teachers, 'network')} that taught so far, the repository keeps the "
            f"weights of {self._kept(self.first_panel)}; of the {plural(self.second_panel.n_teachers, 'network')} "
            f"below, it keeps those of {self._kept(self.second_panel)}."
        )

    def table(self) -> pd.DataFrame:
        """The second generation's teachers, alone and together."""
        return self.second_panel.table().drop(columns="published")

    def teachers_conclusion(self) -> str:
        """Whether the teachers of the two generations, each as one ensemble, can be told apart on fold 9."""
        change = difference(self.students.study, self.second_panel.together, self.first_panel.together, VALIDATION_FOLD)
        return (
            f"Together they differ from the first generation's teachers by {change:+} on fold 9, "
            f"{'more' if change.excludes_zero else 'no more'} than the noise of patients."
        )

    def conclusion(self) -> str:
        """AUC of the second generation, its difference from the first, and where each was trained."""
        study, scores = self.students.study, self.second.scores
        on_9, on_10 = (difference(study, scores, self.first.scores, fold) for fold in (VALIDATION_FOLD, TEST_FOLD))
        verdict = (
            "no difference was found"
            if not on_9.excludes_zero
            else ("the second is better" if on_9.low > 0 else "the first is better")
        )
        aucs = [mean_auc(study, scores, fold) for fold in (VALIDATION_FOLD, TEST_FOLD)]
        first, second = (f"*{self.students.label(one.name)}*" for one in (self.first, self.second))
        return (
            f"As int8, {second} reaches {aucs[0]:.4f} on fold 9 and {aucs[1]:.4f} on fold 10, the mean over "
            f"{plural(len(scores.seed), 'seed')}. It differs from {first} by {on_9:+} on fold 9 and "
            f"{on_10:+} on fold 10 ({seeds_behind(on_10)}): on fold 9, {verdict}. To train one seed of the "
            f"second took {self._where_trained(self.second)}, one of the first {self._where_trained(self.first)}, so "
            "that precision and hardware differ as well."
        )

    def _kept(self, panel: Panel) -> int:
        return sum(len(self.students.study.model(name).keep_weights) for name in panel.scores)

    def _where_trained(self, one: CompactModel) -> str:
        trained = self.students.study.run(one.source).metadata
        spent = plural(round(trained["seconds"] / 60), "minute")
        return f"{spent} ({trained['precision']} on {trained['hardware']})"


def open_generations(students: Frontier, first_panel: Panel) -> Generations:
    """The student of the second generation, and its counterpart in the first.

    Parameters
    ----------
    first_panel : the teachers of the first generation
    """
    second = next(one for name, one in students.models.items() if students.is_second_generation(name))
    first = students.first_generation(second.shape)
    second_panel = frontier_teachers.open_panel(students.study, second.source, further=())
    return Generations(students, first, second, first_panel, second_panel)
