"""Left and right arm electrodes swapped: a rule, how it was fitted, and how accurate it is.

The swap inverts lead I and exchanges II with III and aVR with aVL. All laws between limb leads still hold, so only the
chest leads can reveal it: leads I and II are predicted from V1-V6 by least squares, and the prediction is compared with
the recording as it is and with the swap undone (following Kors & van Herpen, J Electrocardiol 34:S1-S5, 2001). Slopes
over 10 ms are compared instead of voltages, because baseline wander carries no information about the electrodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecglib.data.definitions import LEADS, SAMPLING_RATE, TRAIN_FOLDS, VALIDATION_FOLD

if TYPE_CHECKING:
    from ecglib.data.dataset import Dataset

CHEST = slice(LEADS.index("V1"), LEADS.index("V6") + 1)
# Weights from folds 1-8 and threshold from fold 9 of PTB-XL, by `fit`; tests/deployment/recordings repeats it.
WEIGHTS = np.array(  # (6, 2): V1-V6 -> I, II
    [[-0.604, -0.015], [0.251, -0.154], [0.052, 0.124], [-0.058, 0.1], [0.08, -0.068], [0.283, 0.5]]
)
THRESHOLD = 0.063
FALSE_ALARMS = 0.005  # fraction of fold 9 that determined the threshold
_SWAP = np.array([[-1, 0], [-1, 1]])  # I, II -> -I, II - I
_LAG_S = 0.01


@dataclass(frozen=True)
class Detection:
    """Performance of the rule in one fold.

    Attributes
    ----------
    n : number of records
    false_alarms : fraction of the records that are flagged, including any that were recorded with swapped electrodes
    sensitivity : fraction of the same records that are flagged after swapping left and right arm
    """

    n: int
    false_alarms: float
    sensitivity: float


def score(leads: np.ndarray, rate: float, weights: np.ndarray = WEIGHTS) -> float:
    """Between -1 and 1; negative where leads (12, samples) in mV agree better with the chest leads after a swap."""
    lag = max(1, round(_LAG_S * rate))
    limb, chest = (leads[part, lag:] - leads[part, :-lag] for part in (slice(0, 2), CHEST))
    predicted = weights.T.astype(leads.dtype) @ chest
    as_is, swapped = (float(((found - predicted) ** 2).sum()) for found in (limb, _SWAP.astype(leads.dtype) @ limb))
    return (swapped - as_is) / max(swapped + as_is, 1e-12)


def fit(dataset: Dataset) -> tuple[np.ndarray, float]:
    """Weights (6, 2) from folds 1-8, each record weighted equally, and the threshold for FALSE_ALARMS on fold 9."""
    gram = np.zeros((12, 12))
    for leads in _records(dataset.in_folds(*TRAIN_FOLDS)):
        slopes = np.diff(leads, axis=1)
        if power := float((slopes**2).sum()):
            gram += slopes @ slopes.T / power
    weights = np.linalg.solve(gram[CHEST, CHEST], gram[CHEST, :2])
    scores = [score(leads, SAMPLING_RATE, weights) for leads in _records(dataset.in_folds(VALIDATION_FOLD))]
    return weights, float(np.quantile(scores, FALSE_ALARMS))


def measure(dataset: Dataset, fold: int) -> Detection:
    """Sensitivity and false alarms in a fold: records as they are, and with the arms swapped in software."""
    records = list(_records(dataset.in_folds(fold)))
    fired = [[score(leads, SAMPLING_RATE) < THRESHOLD for leads in (one, swap_arms(one))] for one in records]
    false_alarms, sensitivity = np.mean(fired, axis=0)
    return Detection(len(records), float(false_alarms), float(sensitivity))


def swap_arms(leads: np.ndarray) -> np.ndarray:
    """Leads (12, samples) as they would be with the left and right arm electrodes swapped."""
    one, two, three, avr, avl = leads[:5]
    return np.concatenate([np.stack([-one, three, two, avl, avr]), leads[5:]])


def _records(dataset: Dataset):
    for start in range(0, len(dataset), 512):
        yield from dataset.millivolts(slice(start, start + 512)).transpose(0, 2, 1)
