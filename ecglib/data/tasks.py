"""The six tasks of the PTB-XL benchmark: which statements belong to each, and which records have them.

Strodthoff et al. 2020, doi 10.1109/JBHI.2020.3022989: a statement counts whatever its likelihood, and a task is
evaluated on the records with at least one of its labels. A label is a superclass ("MI"), a subclass
("subclass IMI") or a statement ("SCP AFIB").
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ecglib.data import ptbxl
from ecgpredict.spec import CLASSES

TASKS = ("all", "diagnostic", "subclasses", "superclasses", "form", "rhythm")


def read_tasks(root: Path) -> dict[str, tuple[str, ...]]:
    """The labels of each task of TASKS, from the table of statements."""
    table = pd.read_csv(Path(root) / ptbxl.STATEMENTS, index_col=0)
    names = {kind: tuple(f"SCP {code}" for code in table.index[table[kind] == 1]) for kind in _kinds(table)}
    subclasses = table.loc[table["diagnostic"] == 1].get("diagnostic_subclass", pd.Series(dtype=str)).dropna()
    return {
        "all": tuple(f"SCP {code}" for code in table.index),
        "diagnostic": names["diagnostic"],
        "subclasses": tuple(f"subclass {name}" for name in sorted(subclasses.unique())),
        "superclasses": CLASSES,
        "form": names.get("form", ()),
        "rhythm": names.get("rhythm", ()),
    }


def read_labels(root: Path) -> pd.DataFrame:
    """bool, ecg_id by label: superclasses first, then all statements, then subclasses."""
    tasks, table = read_tasks(root), pd.read_csv(Path(root) / ptbxl.STATEMENTS, index_col=0)
    present = ptbxl.read_statement_labels(root).reindex(columns=list(table.index), fill_value=False)
    subclass = table.get("diagnostic_subclass", pd.Series(index=table.index, dtype=str)).where(table["diagnostic"] == 1)
    groups = {f"subclass {name}": present.loc[:, subclass == name].any(axis=1) for name in subclass.dropna().unique()}
    superclasses = ptbxl.read_table(root)[list(CLASSES)]
    labels = superclasses.join(present.add_prefix("SCP ")).join(pd.DataFrame(groups, index=present.index))
    return labels[[*CLASSES, *tasks["all"], *tasks["subclasses"]]]


def _kinds(table: pd.DataFrame) -> list[str]:
    return [kind for kind in ("diagnostic", "form", "rhythm") if kind in table]
