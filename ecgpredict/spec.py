"""What a model takes and gives: leads, sampling rate, length, scale of the input, superclasses, calibration."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

CLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
CLASS_NAMES = {
    "NORM": "Normal ECG",
    "MI": "Myocardial infarction",
    "STTC": "ST/T change",
    "CD": "Conduction disturbance",
    "HYP": "Hypertrophy",
}
STATEMENT = "SCP "  # begins the name of an output for one of PTB-XL's statements: "SCP AFIB"
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
INDEPENDENT_LEADS = ("I", "II", *LEADS[6:])  # the other four are sums of I and II
SAMPLING_RATE = 100  # Hz
N_SAMPLES = 1000  # 10 s
_EPS = 1e-6  # probabilities are clipped to [_EPS, 1 - _EPS] before the logit


@dataclass(frozen=True)
class Normalization:
    """One mean and one scale for all leads, in mV."""

    mean: float
    scale: float

    def __call__(self, millivolts: np.ndarray) -> np.ndarray:
        return (millivolts - np.float32(self.mean)) / np.float32(self.scale)


def positions(leads: Iterable[str]) -> list[int]:
    """Where leads stand among LEADS."""
    return [LEADS.index(lead) for lead in leads]


def apply_temperature(y_score: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities whose logits are divided by a temperature; more than 1 makes them less confident."""
    clipped = np.clip(y_score, _EPS, 1 - _EPS).astype(np.float64)
    return 1 / (1 + (1 / clipped - 1) ** (1 / temperature))  # of the odds; scipy.special takes long to import


def add_offsets(y_score: np.ndarray, offsets: np.ndarray | float) -> np.ndarray:
    """Probabilities to whose logits offsets are added, one for all superclasses or (5,); 0 leaves them as they are."""
    clipped = np.clip(y_score, _EPS, 1 - _EPS).astype(np.float64)
    return 1 / (1 + (1 / clipped - 1) * np.exp(-np.asarray(offsets)))
