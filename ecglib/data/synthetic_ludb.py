"""Synthetic recordings in LUDB's own layout, for the sample profile: they show that chapter 11 runs, and no patient."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import resample_poly

from ecglib.data import ludb
from ecgpredict.spec import LEADS, SAMPLING_RATE
from ecgpredict.synthetic_ecg import ecg

# synthetic finding -> LUDB's column and statement for it
_FINDINGS = {
    "NORM": ("Other states", ""),
    "IMI": ("Ischemia", "Scar formation: inferior wall"),
    "AMI": ("Ischemia", "Stemi: anterior wall"),
    "ISC_": ("Ischemia", "Ischemia: lateral wall"),
    "NDT": ("Non-specific repolarization abnormalities", "Non-specific repolarization abnormalities: lateral wall"),
    "CLBBB": ("Conduction abnormalities", "Complete left bundle branch block"),
    "CRBBB": ("Conduction abnormalities", "Complete right bundle branch block"),
    "1AVB": ("Conduction abnormalities", "I degree av block"),
    "LVH": ("Hypertrophies", "Left ventricular hypertrophy"),
    "RVH": ("Hypertrophies", "Left atrial hypertrophy"),  # so that the rules differ
}


def write_sample(root: Path, *, records: int = 60, seed: int = 0) -> Path:
    """Write synthetic recordings at 500 Hz, each of another person, and their table; a folder that is there is kept."""
    import wfdb

    root = Path(root)
    if (root / ludb.TABLE).is_file():
        return root
    temporary = root.with_name(root.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    (temporary / ludb.RECORDS).mkdir(parents=True)
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(1, records + 1):
        finding = list(_FINDINGS)[number % len(_FINDINGS)]
        signal = resample_poly(ecg([finding], rng), ludb.RATE // SAMPLING_RATE, 1, axis=0, padtype="line")
        digital = np.round(signal * 1000).astype(np.int16)
        wfdb.wrsamp(
            str(number),
            fs=ludb.RATE,
            units=["mV"] * 12,
            sig_name=[name.lower() for name in LEADS],
            d_signal=digital,
            fmt=["16"] * 12,
            adc_gain=np.ptp(digital, axis=0).astype(float).tolist(),  # as LUDB's
            baseline=digital.mean(axis=0).astype(int).tolist(),
            write_dir=str(temporary / ludb.RECORDS),
        )
        rhythm = "Sinus bradycardia" if number % 7 == 0 else "Sinus rhythm"
        row = dict.fromkeys(ludb.STATEMENT_COLUMNS, "") | {
            "ID": number,
            "Sex": rng.choice(["M", "F"]),
            "Age": int(rng.integers(18, 90)),
            "Rhythms": rhythm,
        }
        column, statement = _FINDINGS[finding]
        rows.append(row | {column: statement, "Electric axis of the heart": "Electric axis of the heart: normal"})
    pd.DataFrame(rows).to_csv(temporary / ludb.TABLE, index=False)
    shutil.rmtree(root, ignore_errors=True)
    temporary.rename(root)
    return root
