"""Which dropout, teachers, temperature and label weight: short trainings with one seed, compared on fold 9.

In come the trials' finished runs; out come a table with paired intervals, and whether the best can be told from the
rest."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ecglib.data.folds import VALIDATION_FOLD
from ecglib.study.analyses.comparison import Selection, mean_auc, plural, select
from ecglib.study.analyses.distillation import DISTILLED, STUDENT
from ecglib.study.study import Study
from ecglib.training.settings import TrainingSettings

VARIED = ("dropout", "teachers", "temperature", "label_weight")
GROUPS = ("without teachers", "with teachers")


@dataclass(frozen=True)
class Trials:
    """The trials without and with teachers, each group with what fold 9 selects.

    Attributes
    ----------
    selections : {"without teachers" and "with teachers": Selection of a trial}
    """

    study: Study
    selections: dict[str, Selection]

    def table(self) -> pd.DataFrame:
        """One row per trial, with its difference from the best of its group on fold 9."""
        rows = [
            (
                *self._varied(name),
                f"{selection.aucs[name]:.4f}",
                "best" if name == selection.best else f"{one:+}",
                "✓" if self._kept(name) else "",
            )
            for selection in self.selections.values()
            for name, one in selection.differences.items()
        ]
        columns = [
            "teachers (seeds)",
            "dropout",
            "temperature",
            "label weight",
            "AUC, fold 9",
            "minus the best",
            "kept",
        ]
        return pd.DataFrame(rows, columns=columns)

    def conclusion(self) -> str:
        """What fold 9 can tell about each group, and what is kept."""
        return " ".join(self._group(which, selection) for which, selection in self.selections.items())

    def lesson(self) -> str:
        """Whether training the student well or teaching it gains more on fold 9, for the chapter's summary."""
        alone, taught = (self.selections.get(which) for which in GROUPS)
        if not alone or not taught or len(alone.aucs) < 2:
            return ""
        worst, best = min(alone.aucs.values()), max(alone.aucs.values())
        by_training, by_teachers = best - worst, max(taught.aucs.values()) - best
        if by_training > by_teachers:
            return (
                f"- Among the trials, dropout moves the student's AUC on fold 9 by {by_training:.4f} and teachers by "
                f"{by_teachers:+.4f}. Before a small network is taught, it should be trained well."
            )
        return f"- Among the trials, teachers gain {by_teachers:+.4f} on fold 9 and dropout {by_training:.4f}."

    def _group(self, which: str, selection: Selection) -> str:
        equal, tried = selection.equal_to_best, len(selection.aucs)
        seeds = plural(len(self.study.model(selection.best).seeds), "seed")
        if tried == 1:
            text = f"Trained {which}, only one setting was tried."
        elif len(equal) == 1:
            text = (
                f"Trained {which}, the best of {tried} settings is distinguishable from the others on fold 9, {seeds}."
            )
        else:
            who = "All" if len(equal) == tried else f"{len(equal)} of"
            text = (
                f"{who} {tried} settings trained {which} are indistinguishable on fold 9, {seeds}: the intervals of "
                "their differences from the best contain zero. We find no difference and take the simplest: the fewest "
                "kinds of teachers, and of equally simple settings the one with the highest AUC."
            )
        if self._kept(selection.selected):
            return text
        return f"{text} In this profile that is not the setting that the study keeps, which was selected on PTB-XL."

    def _varied(self, name: str) -> tuple[str, str, str, str]:
        settings = self.study.settings.training[name]
        teachers = [self.study.model(name) for name in settings.teachers]
        who = [f"{teacher.label} ({len(teacher.teaching_seeds)})" for teacher in teachers]
        teaching = [f"{value:g}" if who else "–" for value in (settings.temperature, settings.label_weight)]
        return (", ".join(who) or "none", _dropout(settings), *teaching)

    def _kept(self, name: str) -> bool:
        """Whether the final student of the same kind has a trial's settings."""
        settings = self.study.settings.training[name]
        final = self.study.settings.training[DISTILLED if settings.teachers else STUDENT]
        return all(getattr(settings, key) == getattr(final, key) for key in VARIED)


def compare_trials(study: Study) -> Trials:
    """Compare the trials of each group on fold 9, those with fewer kinds of teachers preferred."""
    chapter = study.model(STUDENT).chapter
    names = [name for name, model in study.settings.models.items() if (model.role, model.chapter) == ("trial", chapter)]
    scores = {name: study.scores(name) for name in names}
    auc = {name: mean_auc(study, scores[name], VALIDATION_FOLD) for name in names}
    selections = {}
    for which in GROUPS:
        group = [name for name in names if bool(study.settings.training[name].teachers) == (which == GROUPS[1])]
        group.sort(key=lambda name: (len(study.settings.training[name].teachers), -auc[name]))
        if group:
            selections[which] = select(study, {name: scores[name] for name in group})
    return Trials(study, selections)


def _dropout(settings: TrainingSettings) -> str:
    return "–" if settings.dropout is None else f"{settings.dropout:g}"
