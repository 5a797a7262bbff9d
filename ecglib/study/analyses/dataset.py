"""What chapter 1 shows of the data: records, superclasses, folds and labels.

In comes an opened study; out come tables, and sentences whose numbers are all computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ecglib.data import ptbxl
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.study import original
from ecglib.study.study import Study
from ecgpredict.spec import CLASS_NAMES, CLASSES

# rule -> least likelihood in per cent of a statement that counts
LIKELIHOOD_RULES = {"any (used here)": None, "above 0 %": 1, "at least 50 %": 50, "100 %": 100}
STRICTEST = list(LIKELIHOOD_RULES)[-1]


@dataclass(frozen=True)
class DatasetOverview:
    """The study's records, and those of them that the models see."""

    study: Study

    @property
    def records(self) -> pd.DataFrame:
        """Every record's row of PTB-XL's table."""
        return self.study.records.table

    @property
    def used(self) -> pd.DataFrame:
        """The rows of the records with a superclass."""
        return self.study.data.table

    @cached_property
    def tables_by_rule(self) -> dict[str, pd.DataFrame]:
        """{rule: every record's row, labeled by that rule}."""
        folder = self.study.paths.data
        return {
            rule: ptbxl.read_table(folder, minimum_likelihood=least) if least else self.records
            for rule, least in LIKELIHOOD_RULES.items()
        }

    def size(self) -> str:
        """How many records and patients there are, and how many records are used."""
        unused = len(self.records) - len(self.used)
        return (
            f"There are **{len(self.records):,} records** of {self.records['patient_id'].nunique():,} patients. "
            f"{unused:,} records belong to none of the five superclasses and are left out; **{len(self.used):,} are "
            f"used.** Data fingerprint: `{self.study.records.fingerprint}`."
        )

    def statements(self) -> str:
        """How many statements the standard's table lists."""
        superclass = ptbxl.read_statements(self.study.paths.data)
        return f"The table of statements lists {len(superclass)} of them, {superclass.notna().sum()} diagnostic."

    def superclasses(self) -> pd.DataFrame:
        """Records of each superclass, with the counts that the original study lists."""
        return pd.DataFrame(
            {
                "superclass": CLASSES,
                "name": [CLASS_NAMES[name] for name in CLASSES],
                "records": self.records[list(CLASSES)].sum().to_numpy(),
                "as reported": [original.CLASS_COUNTS[name] for name in CLASSES],
                "share of used": self.used[list(CLASSES)].mean().to_numpy(),
            }
        )

    def overlap(self) -> str:
        """How many of the records used belong to several superclasses."""
        several = (self.used[list(CLASSES)].sum(axis=1) > 1).mean()
        return f"{100 * several:.0f} % of the records used belong to more than one superclass."

    def missing_ages(self, oldest: int) -> str:
        """How many records the figure of the patients leaves out."""
        left_out = int((~(self.used["age"] <= oldest)).sum())
        return f"The figure leaves out {left_out:,} of the records used, whose patients are older or of unknown age."

    def folds(self) -> pd.DataFrame:
        """Records and the share of each superclass in each fold."""
        groups = self.used.groupby("fold")
        return groups.size().rename("records").to_frame().join(groups[list(CLASSES)].mean()).reset_index()

    def fold_properties(self) -> str:
        """Patients in several folds, how much the superclasses' shares differ, and validation by humans."""
        crossing = int((self.records.groupby("patient_id")["fold"].nunique() > 1).sum())
        shares = self.folds()[list(CLASSES)]
        spread = (shares.max() - shares.min()).max()
        text = (
            f"**{crossing or 'No'}** patient{'s have' if crossing > 1 else ' has'} records in more than one fold. "
            f"PTB-XL's authors stratified the folds: the share of a superclass differs between any two of them by at "
            f"most {100 * spread:.1f} percentage points."
        )
        validated = ptbxl.read_human_validation(self.study.paths.data)
        if validated is None:
            return text
        held_out = self.records["fold"].isin((VALIDATION_FOLD, TEST_FOLD))
        shares = [
            f"{part.mean():.1%}".replace("100.0%", "100%") for part in (validated[held_out], validated[~held_out])
        ]
        return (
            f"{text} The labels of folds 9 and 10 are also of higher quality: a human validated {shares[0]} of their "
            f"records, but only {shares[1]} of those in folds 1 to 8."
        )

    def counts_by_rule(self) -> pd.DataFrame:
        """Records of each superclass, and of none, by the likelihood that a statement needs to count."""
        table = pd.DataFrame({rule: one[list(CLASSES)].sum() for rule, one in self.tables_by_rule.items()})
        table.loc["none"] = [(~one[list(CLASSES)].any(axis=1)).sum() for one in self.tables_by_rule.values()]
        return table.rename_axis("superclass").reset_index()

    def strictest_rule(self) -> str:
        """How many records would have other labels under the strictest rule."""
        strict, ours = (table[list(CLASSES)] for table in (self.tables_by_rule[STRICTEST], self.records))
        changed = (strict != ours).any(axis=1).mean()
        return (
            f"Under the strictest rule, {100 * changed:.0f} % of the records would have other labels. AUCs measured "
            "under different rules must not be compared with each other."
        )

    def agreement(self) -> str:
        """Whether the superclasses have as many records as the original study lists, and how unequal they are."""
        table = self.superclasses()
        same = int((table["records"] == table["as reported"]).sum())
        agree = "all five superclasses have" if same == len(CLASSES) else f"{same} of {len(CLASSES)} superclasses have"
        most, least = (table.loc[pick(table["records"])] for pick in (pd.Series.idxmax, pd.Series.idxmin))
        ratio = most["records"] / least["records"]
        return (
            f"- Compared with the counts that the original study lists, {agree} the same number of records.\n"
            f"- The task is multi-label and unbalanced: {most['superclass']} has {ratio:.1f} times as many records as "
            f"{least['superclass']}. The macro average weights all superclasses equally."
        )
