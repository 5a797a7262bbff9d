"""Probabilities at another temperature.

A module of its own, because released models are loaded without the libraries that a calibration is fitted with.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

_EPS = 1e-6  # probabilities are clipped to [_EPS, 1 - _EPS] before the logit


def apply_temperature(y_score: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities whose logits are divided by a temperature; more than 1 makes them less confident."""
    return expit(logit(np.clip(y_score, _EPS, 1 - _EPS).astype(np.float64)) / temperature)
