"""PTB-XL's tables: from a folder in PTB-XL's layout to one row per record, with labels and folds.

Wagner et al. 2020, doi 10.1038/s41597-020-0495-6; the tables are ``ptbxl_database.csv`` and ``scp_statements.csv``.
"""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import pandas as pd

from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES

TABLE, STATEMENTS = "ptbxl_database.csv", "scp_statements.csv"
_COLUMNS = ("ecg_id", "patient_id", "age", "sex", "scp_codes", "strat_fold", "filename_lr")
_DOWNLOAD_HINT = "download PTB-XL 1.0.3 again with `ecglib download`, or set PTBXL_ROOT to an intact copy"


def check_folder_exists(root: Path) -> None:
    """Raise an InputError if a folder does not exist."""
    if not Path(root).is_dir():
        raise InputError(
            "PTB-XL folder missing",
            where=root,
            expected=f"a folder with {TABLE}",
            found="no such folder",
            hint="download PTB-XL with `ecglib download`, or set PTBXL_ROOT to its folder",
        )


def read_statements(root: Path) -> pd.Series:
    """Superclass of every diagnostic SCP-ECG statement, NaN for the others; indexed by statement.

    InputError if the table or one of its columns is missing.
    """
    table = _read_csv(Path(root) / STATEMENTS, ("diagnostic", "diagnostic_class"), index_col=0)
    return table["diagnostic_class"].where(table["diagnostic"] == 1)


def read_table(root: Path, *, minimum_likelihood: float | None = None) -> pd.DataFrame:
    """The records of a folder in PTB-XL's layout, with one boolean column per superclass.

    By default every diagnostic statement counts, whatever its likelihood (Strodthoff et al. 2020, doi
    10.1109/JBHI.2020.3022989); with `minimum_likelihood`, in percent, only those at least that likely.

    Returns
    -------
    DataFrame indexed by ecg_id: patient_id (int), age (years), sex (0 male, 1 female), fold (1-10), filename (of the
    100 Hz record, without suffix), and NORM, MI, STTC, CD, HYP (bool); InputError for tables that are not PTB-XL's
    """
    root = Path(root)
    check_folder_exists(root)
    path = root / TABLE
    table = _read_csv(path, _COLUMNS)
    superclass = read_statements(root)
    records = pd.DataFrame(
        {
            "patient_id": table["patient_id"].astype(int),
            "age": table["age"],
            "sex": table["sex"].astype(int),
            "fold": table["strat_fold"].astype(int),
            "filename": table["filename_lr"],
        }
    ).set_index(pd.Index(table["ecg_id"], name="ecg_id"))
    codes = [_codes(text, ecg_id, path) for ecg_id, text in zip(table["ecg_id"], table["scp_codes"])]
    listed = pd.DataFrame(
        [(i, code, likelihood) for i, found in zip(records.index, codes) for code, likelihood in found.items()],
        columns=["ecg_id", "statement", "likelihood"],
    )
    if len(unknown := listed[~listed["statement"].isin(superclass.index)]):
        found = f"{unknown['statement'].iloc[0]} in ecg_id {unknown['ecg_id'].iloc[0]}"
        raise _fault("unknown statement", f"{path}, scp_codes", f"a statement of {STATEMENTS}", found)
    if minimum_likelihood is not None:
        listed = listed[listed["likelihood"] >= minimum_likelihood]
    listed = listed.assign(superclass=listed["statement"].map(superclass)).dropna(subset="superclass")
    present = pd.crosstab(listed["ecg_id"], listed["superclass"]) > 0
    present = present.reindex(index=records.index, columns=list(CLASSES), fill_value=False)
    return records.join(present.rename_axis(columns=None))


def tables_sha256(root: Path) -> str:
    """SHA-256 of both tables, by which a cache of the signals is matched with its data."""
    digest = hashlib.sha256()
    for name in (TABLE, STATEMENTS):
        digest.update((Path(root) / name).read_bytes())
    return digest.hexdigest()


def _fault(problem: str, where: object, expected: object, found: object) -> InputError:
    return InputError(problem, where=where, expected=expected, found=found, hint=_DOWNLOAD_HINT)


def _read_csv(path: Path, columns: tuple[str, ...], **keywords) -> pd.DataFrame:
    if not path.is_file():
        raise _fault("table missing", path, "a CSV file", "no such file")
    try:
        table = pd.read_csv(path, **keywords)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise _fault("table unreadable", path, "a CSV file", error) from error
    if missing := [name for name in columns if name not in table.columns]:
        raise _fault("column missing", path, ", ".join(columns), f"no {', '.join(missing)}")
    return table


def _codes(text: str, ecg_id: int, path: Path) -> dict[str, float]:
    try:
        codes = ast.literal_eval(text)
        return {str(code): float(likelihood) for code, likelihood in codes.items()}
    except (ValueError, SyntaxError, AttributeError, TypeError) as error:
        expected = "a dictionary such as {'NORM': 100.0}"
        raise _fault("scp_codes unreadable", f"{path}, ecg_id {ecg_id}", expected, repr(text)) from error


def read_statement_labels(root: Path) -> pd.DataFrame:
    """Which statements each record has, whatever their likelihood: bool, ecg_id by statement."""
    path = Path(root) / TABLE
    table = _read_csv(path, ("ecg_id", "scp_codes"))
    found = [
        dict.fromkeys(_codes(text, ecg_id, path), True) for ecg_id, text in zip(table["ecg_id"], table["scp_codes"])
    ]
    return pd.DataFrame(found, index=table["ecg_id"]).notna().sort_index(axis=1)


def read_circumstances(root: Path) -> pd.DataFrame:
    """How each record was made, indexed by ecg_id: device, site and validated_by_human, as far as the table says.

    Devices are written with single spaces; a site is a number, NaN where it is not known.
    """
    table = _read_csv(Path(root) / TABLE, ("ecg_id",), index_col=False).set_index("ecg_id")
    found = table[[name for name in ("device", "site", "validated_by_human") if name in table]]
    return found.assign(device=found["device"].str.split().str.join(" ")) if "device" in found else found
