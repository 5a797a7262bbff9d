"""Which superclass each of LUDB's statements has: a rule that was written down before any model was evaluated on LUDB.

LUDB's cardiologists did not use PTB-XL's statements, so that a superclass is an interpretation. Three rules
differ in what they do with the doubtful cases:

- "strict" counts them as negative,
- "wide" counts them as positive,
- "clear" leaves the record out of that superclass.

Statements that could mean either of two superclasses are left out of both under every rule. What PTB-XL's own table
assigns to a superclass is certain here (bundle branch blocks, hemiblocks, AV blocks and an intraventricular delay are
CD), with one exception: atrial enlargement is HYP there, but so frequent in LUDB that it would decide the AUC of HYP.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from ecgpredict.spec import CLASSES

RULES = ("strict", "wide", "clear")


@dataclass(frozen=True)
class Meaning:
    """What a statement means.

    Attributes
    ----------
    statement : in lower case; a place or a type may follow it after a comma or a colon
    certain, doubtful : superclasses that it has, or may have
    left_out : superclasses for which a record with it is not evaluated
    normal : whether an otherwise normal ECG may have it
    """

    statement: str
    certain: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    normal: Literal["yes", "doubtful", "no"] = "no"

    def matches(self, statement: str) -> bool:
        return statement == self.statement or statement.startswith((f"{self.statement}:", f"{self.statement},"))


def _meanings() -> tuple[Meaning, ...]:
    """The rows of ludb_statements.csv, which has spaces between superclasses."""
    table = pd.read_csv(Path(__file__).with_name("ludb_statements.csv"), keep_default_na=False)
    lists = [table[name].str.split().map(tuple) for name in ("certain", "doubtful", "left_out")]
    return tuple(map(Meaning, table["statement"], *lists, table["normal"]))


MEANINGS = _meanings()


def meaning(statement: str) -> Meaning:
    """What a statement means, whatever its case and what follows it; a LookupError if the rule does not have it."""
    plain = " ".join(statement.split()).lower()
    for one in MEANINGS:
        if one.matches(plain):
            return one
    raise LookupError(f"no row in ludb_statements.csv for {statement!r}")


def superclasses(statements: Iterable[str], rule: str) -> np.ndarray:
    """A record's superclasses: float64 (5,) in the order of CLASSES, 1 or 0, and NaN where it is left out."""
    found = [meaning(one) for one in statements]
    doubt = {"strict": 0.0, "wide": 1.0, "clear": np.nan}[rule]
    label = dict.fromkeys(CLASSES, 0.0)
    for name in CLASSES[1:]:
        if any(name in one.certain for one in found):
            label[name] = 1.0
        elif any(name in one.left_out for one in found):
            label[name] = np.nan
        elif any(name in one.doubtful for one in found):
            label[name] = doubt
    worst = {one.normal for one in found}
    if "no" not in worst:
        label["NORM"] = 1.0 if worst <= {"yes"} else doubt
    return np.array(list(label.values()))
