"""How long a training ran and what ended it, for sentences that are no wider than their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ecglib.study.analyses.comparison import plural
from ecglib.study.original import MAX_EPOCHS
from ecglib.training.runs import Run


@dataclass(frozen=True)
class TrainingLength:
    """How long a training ran.

    Attributes
    ----------
    epochs, max_epochs, patience : epochs that ran, the most that were allowed, and epochs without a better AUC after
        which training stops
    best_epoch : the one with the highest validation AUC, counted from 1
    resumed_after : epochs after which training was resumed from its float16 weights, without the optimizer's state; 0
        for a training in one piece
    """

    epochs: int
    max_epochs: int
    patience: int
    best_epoch: int
    resumed_after: int = 0

    @classmethod
    def from_run(cls, run: Run) -> TrainingLength:
        history, settings = run.history, run.metadata["settings"]
        best = int(history.loc[history["val_auc"].idxmax(), "epoch"]) + 1
        resumed = int(run.metadata.get("resumed_after", 0))
        return cls(len(history), int(settings["epochs"]), int(settings.get("patience", 5)), best, resumed)

    @property
    def stopped_early(self) -> bool:
        """Whether training stopped because the validation AUC no longer improved, and not at the cap."""
        return self.epochs < self.max_epochs or self.epochs - self.best_epoch >= self.patience

    def sentence(self, subject: str = "The training") -> str:
        """How many epochs ran, and what ended the training."""
        ran = f"{subject} ran {self.epochs} of at most {plural(self.max_epochs, 'epoch')}"
        if self.max_epochs < MAX_EPOCHS:
            ran += f" (the original's limit is {MAX_EPOCHS})"
        best = f"the best epoch on the validation records was number {self.best_epoch}"
        if self.stopped_early:
            text = f"{ran} and was ended by early stopping: {best}."
        else:
            text = f"{ran}; early stopping did not end it: {best}."
        if not self.resumed_after:
            return text
        return (
            f"{text} After epoch {self.resumed_after} it was resumed from its weights rounded to half precision, with "
            "the optimizer's moving averages at zero."
        )

    def scope(self) -> str:
        """How far a conclusion from this training reaches, to follow "This holds for"."""
        if self.stopped_early:
            return "the documented procedure with early stopping"
        return f"a training of {plural(self.epochs, 'epoch')} only; a longer one may end differently"


def at_equal_length(histories: Mapping[str, pd.DataFrame]) -> str:
    """The AUCs on fold 9 of two trainings after as many epochs as both ran; the names follow the figures."""
    (first, second), common = histories, min(len(history) for history in histories.values())
    at = {which: history["val_auc"].iloc[common - 1] for which, history in histories.items()}
    return (
        f"After {plural(common, 'epoch')}, as many as both ran, the AUC on fold 9 is {at[first]:.3f} {first} and "
        f"{at[second]:.3f} {second}."
    )
