"""How much of the remaining error is the labels': certain labels against others, and teachers against each other.

In come the teachers' scores and PTB-XL's tables; out come tables with intervals over patients, and sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from ecglib.data import ptbxl
from ecglib.data.dataset import Dataset
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation import calibration
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.metrics import macro_auc
from ecglib.study.analyses.comparison import percent
from ecglib.study.analyses.frontier_teachers import Panel
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES

CERTAIN = 100  # PTB-XL's likelihood, in percent, of a statement without doubt


@dataclass(frozen=True)
class Ceiling:
    """What limits the AUC besides the networks.

    Attributes
    ----------
    certain : of each record of fold 10, whether every superclass rests on a statement of likelihood CERTAIN
    validated : share of fold 10's records whose statements a human validated; None if the table does not say
    """

    panel: Panel
    certain: np.ndarray
    validated: float | None

    def table(self) -> pd.DataFrame:
        """The teachers together on fold 10: all records, those with certain labels, the others."""
        test = self.panel.study.data.in_folds(TEST_FOLD)
        parts = {
            "all": np.ones(len(test), bool),
            "every superclass certain": self.certain,
            "at least one uncertain": ~self.certain,
        }
        rows = [(name, int(mask.sum()), self._auc(test.select(mask))) for name, mask in parts.items()]
        shown = [(name, count, "–" if auc is None else str(auc)) for name, count, auc in rows]
        return pd.DataFrame(shown, columns=["labels", "records", "AUC of all teachers together"])

    def agreement(self) -> pd.DataFrame:
        """Each teacher against the decisions of each other one, and against the labels, on fold 10."""
        study, scores = self.panel.study, self.panel.scores
        validation, test = study.evaluation_set(VALIDATION_FOLD), study.evaluation_set(TEST_FOLD)
        score = {name: test.y_score(one.ensemble())[0] for name, one in scores.items()}
        decided = {
            name: score[name] >= calibration.choose_thresholds(validation.y_score(one.ensemble())[0], validation.y_true)
            for name, one in scores.items()
        }
        rows = [
            (
                study.model(one).label,
                study.model(other).label,
                _rank_correlation(score[one], score[other]),
                _auc_of_decisions(decided[other], score[one]),
                macro_auc(test.y_true, score[one]),
            )
            for one, other in permutations(scores, 2)
        ]
        columns = ["teacher", "other one", "rank correlation", "AUC for its decisions", "AUC for the labels"]
        return pd.DataFrame(rows, columns=columns)

    def validation_conclusion(self) -> str:
        """Why fold 10 cannot be restricted to validated records."""
        if self.validated is None:
            return "The table of these records does not say which ones a human validated."
        if self.validated == 1:
            return "A human validated all records of fold 10, so that its AUC already is that of validated records."
        return f"A human validated {percent(self.validated)} of the records of fold 10."

    def conclusion(self) -> str:
        """Whether certain labels are predicted better, and teachers agree more with each other than with the labels."""
        test = self.panel.study.data.in_folds(TEST_FOLD)
        certain, uncertain = (self._auc(test.select(mask)) for mask in (self.certain, ~self.certain))
        parts = []
        if certain and uncertain:
            apart = certain.low > uncertain.high or certain.high < uncertain.low
            parts.append(
                f"Where every superclass is certain ({percent(self.certain.mean())} of the records), the teachers "
                f"together reach {certain:.4f}, elsewhere {uncertain:.4f}; the intervals "
                f"{'do not overlap' if apart else 'overlap'}. The two groups also differ in their findings."
            )
        table = self.agreement()
        if len(table):
            lowest, highest = table["AUC for its decisions"].min(), table["AUC for the labels"].max()
            shared = lowest > highest
            verdict = "agree more" if shared else "do not all agree more"
            parts.append(
                f"Every teacher's AUC for another one's decisions is at least {lowest:.3f}, for the labels at most "
                f"{highest:.3f}: they {verdict} with each other than with the labels."
            )
            if shared:
                parts.append(
                    "So most of the error is common to all of them. Labels on which cardiologists would disagree, too, "
                    "are one reason, findings that ten seconds at 100 Hz do not show another; these data cannot tell "
                    "them apart."
                )
        return " ".join(parts) or "In this profile there are too few records and teachers."

    def _auc(self, part: Dataset) -> Estimate | None:
        """AUC of all teachers together; None if a superclass has no positive or no negative record."""
        if not len(part):
            return None
        try:
            chosen = EvaluationSet.from_dataset(part, TEST_FOLD, n_bootstrap=self.panel.study.settings.n_bootstrap)
        except InputError:
            return None
        return chosen.auc(self.panel.together)


def open_ceiling(panel: Panel) -> Ceiling:
    """Read which labels of fold 10 are certain, and which a human validated."""
    study, names = panel.study, list(CLASSES)
    test = study.data.in_folds(TEST_FOLD)
    strict = ptbxl.read_table(study.paths.data, minimum_likelihood=CERTAIN).loc[test.ecg_id, names]
    validated = ptbxl.read_human_validation(study.paths.data)
    certain = (strict.to_numpy() == test.table[names].to_numpy()).all(axis=1)
    return Ceiling(panel, certain, None if validated is None else float(validated.loc[test.ecg_id].mean()))


def _auc_of_decisions(decided: np.ndarray, score: np.ndarray) -> float:
    """Macro AUC of scores (n, 5) for decisions (n, 5); NaN if a superclass was found in no record, or in all."""
    mixed = decided.any(axis=0) & ~decided.all(axis=0)
    return macro_auc(decided, score) if mixed.all() else float("nan")


def _rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's, averaged over the superclasses, of scores (n, 5)."""
    return float(np.mean([spearmanr(a, b).statistic for a, b in zip(one.T, other.T)]))
