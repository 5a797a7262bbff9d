"""Left and right arm electrodes swapped: a rule that finds it.

The swap inverts lead I and exchanges II with III and aVR with aVL. All laws between limb leads still hold, so only the
chest leads can reveal it: leads I and II are predicted from V1-V6 by least squares, and the prediction is compared with
the recording as it is and with the swap undone (following Kors & van Herpen, J Electrocardiol 34:S1-S5, 2001). Slopes
over 10 ms are compared instead of voltages, because baseline wander carries no information about the electrodes.
"""

import numpy as np

from ecgpredict.spec import LEADS

CHEST = slice(LEADS.index("V1"), LEADS.index("V6") + 1)
# Weights from folds 1-8 and threshold from fold 9 of PTB-XL, for false alarms in .5 % of fold 9; the tests repeat both.
WEIGHTS = np.array(  # (6, 2): V1-V6 -> I, II
    [[-0.604, -0.015], [0.251, -0.154], [0.052, 0.124], [-0.058, 0.1], [0.08, -0.068], [0.283, 0.5]]
)
THRESHOLD = 0.063
_SWAP = np.array([[-1, 0], [-1, 1]])  # I, II -> -I, II - I
_LAG_S = 0.01


def score(leads: np.ndarray, rate: float, weights: np.ndarray = WEIGHTS) -> float:
    """Between -1 and 1; negative where leads (12, samples) in mV agree better with the chest leads after a swap."""
    lag = max(1, round(_LAG_S * rate))
    limb, chest = (leads[part, lag:] - leads[part, :-lag] for part in (slice(0, 2), CHEST))
    predicted = weights.T.astype(leads.dtype) @ chest
    as_is, swapped = (float(((found - predicted) ** 2).sum()) for found in (limb, _SWAP.astype(leads.dtype) @ limb))
    return (swapped - as_is) / max(swapped + as_is, 1e-12)
