"""Synthetic records in PTB-XL's own layout: the sample data.

They let the whole study run anywhere; metrics computed from them are not results.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecglib.data import ptbxl
from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS, SAMPLING_RATE
from ecgpredict.synthetic_ecg import STATEMENTS, ecg

_SENTINEL = "SYNTHETIC.txt"  # marks a folder of synthetic records
# the first finding of each group of ten records in rotation, so that small samples have every superclass
_FIRST = ["NORM", "IMI", "CLBBB", "LVH", "ISC_", "NORM", "AMI", "CRBBB", "NDT", "RVH", "NORM", "LAFB", "1AVB", "NORM"]
_ABNORMAL = [code for code, (_, superclass) in STATEMENTS.items() if superclass not in ("NORM", None)]


def write_sample(root: Path, *, records: int = 300, seed: int = 0, progress: bool = True) -> Path:
    """`root`, with synthetic records and both tables in PTB-XL's layout; the same arguments give the same bytes.

    The records are spread over ten folds, and some patients have two records in one fold. Synthetic records that are
    there are replaced; other files are an InputError.
    """
    import wfdb

    root = Path(root)
    if root.exists() and any(root.iterdir()) and not (root / _SENTINEL).is_file():
        raise InputError(
            "folder in use",
            where=root,
            expected="a new or empty folder, or one with synthetic records",
            found="other files",
            hint="name another folder",
        )
    temporary = root.with_name(root.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    rng = np.random.default_rng(seed)
    names = [name.upper() for name in LEADS]
    rows, patient_of_fold, patients = [], {}, 0
    for number in tqdm(range(1, records + 1), "Synthesizing", unit="record", disable=not progress):
        group, fold = (number - 1) // 10, 1 + (number - 1) % 10
        if fold == 1:  # the same findings in all folds, so that they are stratified as in PTB-XL
            statements = _random_statements(group, rng)
        if fold not in patient_of_fold or rng.random() > 0.15:
            patients += 1
            patient_of_fold[fold] = patients
        signal = np.round(ecg(statements, rng) * 1000).astype(np.int16)
        folder = Path("records100") / f"{number // 1000 * 1000:05d}"
        (temporary / folder).mkdir(parents=True, exist_ok=True)
        wfdb.wrsamp(
            f"{number:05d}_lr",
            fs=SAMPLING_RATE,
            units=["mV"] * 12,
            sig_name=names,
            d_signal=signal,
            fmt=["16"] * 12,
            adc_gain=[1000.0] * 12,
            baseline=[0] * 12,
            write_dir=str(temporary / folder),
        )
        likelihood = {code: float(rng.choice([100, 100, 80, 50, 15])) for code in statements}
        rows.append(
            {
                "ecg_id": number,
                "patient_id": float(patient_of_fold[fold]),
                "age": float(rng.integers(18, 90)),
                "sex": int(rng.integers(0, 2)),
                "report": "synthetic record",
                "scp_codes": str(likelihood | {"SR": 0.0}),
                "strat_fold": fold,
                "filename_lr": (folder / f"{number:05d}_lr").as_posix(),
                "filename_hr": "",
            }
        )
    pd.DataFrame(rows).to_csv(temporary / ptbxl.TABLE, index=False)
    statements = pd.DataFrame(
        [
            {"": code, "description": text, "diagnostic": 1.0 if superclass else None, "diagnostic_class": superclass}
            for code, (text, superclass) in STATEMENTS.items()
        ]
    )
    statements.to_csv(temporary / ptbxl.STATEMENTS, index=False)
    (temporary / _SENTINEL).write_text("These records are synthetic, written by ecglib sample. They show no patient.\n")
    shutil.rmtree(root, ignore_errors=True)
    temporary.rename(root)
    return root


def _random_statements(group: int, rng: np.random.Generator) -> list[str]:
    """One to three findings, as the superclasses overlap in PTB-XL; a few records have none."""
    if group % 50 == 20:
        return []
    first = _FIRST[group % len(_FIRST)]
    if first == "NORM":
        return ["NORM"]
    others = rng.choice(_ABNORMAL, (rng.random() < 0.4) + (rng.random() < 0.1), replace=False)
    # a fixed order: if two findings change the same wave, the later one wins
    return [code for code in reversed(_ABNORMAL) if code in {first, *others}]
