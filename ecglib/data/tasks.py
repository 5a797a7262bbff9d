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
    kinds = [kind for kind in ("diagnostic", "form", "rhythm") if kind in table]
    names = {kind: tuple(f"SCP {code}" for code in table.index[table[kind] == 1]) for kind in kinds}
    return {
        "all": tuple(f"SCP {code}" for code in table.index),
        "diagnostic": names["diagnostic"],
        "subclasses": tuple(f"subclass {name}" for name in _names(_subclasses(table))),
        "superclasses": CLASSES,
        "form": names.get("form", ()),
        "rhythm": names.get("rhythm", ()),
    }


def read_labels(root: Path) -> pd.DataFrame:
    """bool, ecg_id by label: superclasses first, then all statements, then subclasses."""
    table = pd.read_csv(Path(root) / ptbxl.STATEMENTS, index_col=0)
    superclass, subclass = ptbxl.read_statements(root), _subclasses(table)
    present = ptbxl.read_statement_labels(root).reindex(columns=list(table.index), fill_value=False)
    labels = {name: present.loc[:, superclass == name].any(axis=1) for name in CLASSES}
    labels |= {f"SCP {code}": present[code] for code in table.index}
    labels |= {f"subclass {name}": present.loc[:, subclass == name].any(axis=1) for name in _names(subclass)}
    return pd.DataFrame(labels)


def _subclasses(table: pd.DataFrame) -> pd.Series:
    """The subclass of each diagnostic statement, NaN for the others."""
    return table.get("diagnostic_subclass", pd.Series(index=table.index, dtype=str)).where(table["diagnostic"] == 1)


def _names(subclass: pd.Series) -> list[str]:
    return sorted(subclass.dropna().unique())
