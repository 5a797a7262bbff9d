"""Synthetic recordings for trying out a released model.

None is from a patient.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import wfdb
from scipy.signal import resample_poly

from ecgpredict import synthetic_ecg
from ecgpredict.spec import INDEPENDENT_LEADS, LEADS, SAMPLING_RATE, positions

# name -> findings
FINDINGS = {"normal": ["NORM"], "infarction": ["IMI"], "hypertrophy": ["LVH"]}


def signals(seed: int = 7) -> dict[str, np.ndarray]:
    """Ten seconds of each example: {name: float64 (1000, 12) in mV, rounded to whole microvolts}."""
    rng = np.random.default_rng(seed)
    return {name: np.round(synthetic_ecg.ecg(findings, rng), 3) for name, findings in FINDINGS.items()}


def write(folder: Path) -> Path:
    """A folder with the examples as recordings in several formats, two of them with a defect.

    normal: WFDB in µV at 100 Hz; infarction: CSV in mV at 500 Hz, its leads in another order; hypertrophy: NumPy, one
    lead flat; eight_leads: WFDB without the limb leads that are computed from the others.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    made = signals()
    _write_wfdb(folder, "normal", made["normal"], list(LEADS))
    faster, backwards = resample_poly(made["infarction"], 5, 1), list(reversed(LEADS))
    table = pd.DataFrame(faster[:, ::-1], columns=backwards).round(4)
    table.insert(0, "time", np.arange(len(table)) / (5 * SAMPLING_RATE))
    table.to_csv(folder / "infarction.csv", index=False)
    flat = made["hypertrophy"].copy()
    flat[:, LEADS.index("V3")] = 0
    np.savez_compressed(folder / "hypertrophy.npz", signal=flat, leads=np.array(LEADS), rate=SAMPLING_RATE, units="mV")
    _write_wfdb(folder, "eight_leads", made["normal"][:, positions(INDEPENDENT_LEADS)], list(INDEPENDENT_LEADS))
    return folder


def _write_wfdb(folder: Path, name: str, signal: np.ndarray, leads: list[str]) -> None:
    wfdb.wrsamp(
        name,
        fs=SAMPLING_RATE,
        units=["uV"] * len(leads),
        sig_name=leads,
        p_signal=signal * 1000,
        fmt=["16"] * len(leads),
        adc_gain=[1.0] * len(leads),
        baseline=[0] * len(leads),
        write_dir=str(folder),
    )
