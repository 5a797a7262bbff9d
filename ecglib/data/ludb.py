"""LUDB 1.0.1, an external test set: 200 recordings of 200 people from Nizhny Novgorod, 12 leads, 10 s at 500 Hz.

Kalyakulina et al. 2020, doi 10.1109/ACCESS.2020.3029211; PhysioNet, doi 10.13026/eegm-h675; Open Data Commons
Attribution License 1.0. The folder has ``ludb.csv`` and the WFDB records in ``data/``.

The gain that LUDB's headers state for a lead is the difference of its largest and smallest sample: in "mV" as the
headers have it, every lead of every recording spans exactly 1. The samples themselves are not scaled so. They obey
Einthoven's and Goldberger's laws to the last digit, and their spans are those of PTB-XL's recordings in µV; they are
taken for µV here, and the headers' gains are kept beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.data import ludb_rules, records
from ecgpredict.errors import InputError

TABLE, RECORDS = "ludb.csv", "data"
RATE = 500  # Hz
N_SAMPLES = 5000  # 10 s
STATEMENT_COLUMNS = (
    "Rhythms",
    "Electric axis of the heart",
    "Conduction abnormalities",
    "Extrasystolies",
    "Hypertrophies",
    "Cardiac pacing",
    "Ischemia",
    "Non-specific repolarization abnormalities",
    "Other states",
)
_OLDEST = ">89"  # how LUDB gives the age of older people
_HINT = "download LUDB 1.0.1 with `ecglib download ludb`, or set LUDB_ROOT to an intact copy"


@dataclass(frozen=True)
class Ludb:
    """LUDB's recordings, row by row.

    Attributes
    ----------
    table : DataFrame indexed by ID: age (years, 90 for older than 89), sex (0 male, 1 female), statements (tuple)
    signals : float32 (n, 5000, 12) in mV, leads in the order of LEADS
    gains, baselines : float64 (n, 12) of the headers, in samples' units per mV and samples' units
    """

    table: pd.DataFrame
    signals: np.ndarray
    gains: np.ndarray
    baselines: np.ndarray

    def __len__(self) -> int:
        return len(self.table)

    def as_in_headers(self) -> np.ndarray:
        """The signals with the gains and baselines of the headers: float32 (n, 5000, 12)."""
        return ((1000 * self.signals - self.baselines[:, None]) / self.gains[:, None]).astype(np.float32)

    def labels(self, rule: str) -> np.ndarray:
        """Superclasses by a rule: float64 (n, 5), NaN where a recording is left out of a superclass."""
        return np.stack([ludb_rules.superclasses(one, rule) for one in self.table["statements"]])


def read(root: Path) -> Ludb:
    """LUDB's recordings; an InputError if the table is missing, or as :func:`read_record`."""
    table = read_table(root)
    found = [read_record(Path(root) / RECORDS / str(number)) for number in table.index]
    return Ludb(table, *(np.stack(part) for part in zip(*found, strict=True)))


def read_table(root: Path) -> pd.DataFrame:
    """The table of :class:`Ludb`; an InputError if it is missing."""
    path = Path(root) / TABLE
    if not path.is_file():
        raise InputError("LUDB missing", where=path, expected="a CSV file", found="no such file", hint=_HINT)
    given = pd.read_csv(path, dtype=str).rename(columns=str.strip).apply(lambda column: column.str.strip())
    index = pd.Index(given["ID"].astype(int), name="ID")
    age = given["Age"].replace(_OLDEST, "90").astype(float).to_numpy()
    sex = given["Sex"].map({"M": 0, "F": 1}).astype(int).to_numpy()
    statements = [_statements(row) for _, row in given[list(STATEMENT_COLUMNS)].iterrows()]
    return pd.DataFrame({"age": age, "sex": sex, "statements": statements}, index=index)


def read_record(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A checked recording, float32 (5000, 12) in mV, and each lead's gain and baseline.

    InputError as :func:`ecglib.data.records.read`.
    """
    record = records.read(path, RATE, N_SAMPLES, _HINT)
    return (record.d_signal / 1000).astype(np.float32), np.array(record.adc_gain), np.array(record.baseline, float)


def _statements(row: pd.Series) -> tuple[str, ...]:
    lines = [line.strip() for cell in row.dropna() for line in cell.splitlines()]
    return tuple(line for line in lines if line)
