"""A law of AUC against bytes: a ceiling that the AUC approaches as a power of the file's size.

In come file sizes and AUCs, in the data and in resamples of patients; out comes the fitted law with its intervals.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from ecglib.evaluation.bootstrap import Estimate, percentile

UNIT = 64 * 1024  # bytes; the law's gap is that of a file of this size
MIN_SIZES = 4  # for a law with three parameters
_START, _BOUNDS = (0.935, 0.005, 0.5), ([0.5, 0.0, 0.05], [1.0, 0.5, 3.0])


@dataclass(frozen=True)
class Law:
    """AUC = ceiling - gap * (bytes / UNIT) ** -exponent.

    Attributes
    ----------
    ceiling : the AUC that larger files approach
    gap : how far a file of 64 KB is below it
    exponent : how fast the gap shrinks: doubling the bytes divides it by 2 ** exponent
    """

    ceiling: Estimate
    gap: Estimate
    exponent: Estimate

    def __call__(self, size: np.ndarray | float) -> np.ndarray | float:
        """The AUC at these sizes in bytes."""
        return _law(np.asarray(size, float), self.ceiling.value, self.gap.value, self.exponent.value)

    def conclusion(self) -> str:
        """The law in words, with its intervals over patients."""
        shrink = 2**self.exponent.value
        return (
            f"The fitted law is AUC = {self.ceiling.value:.4f} - {self.gap.value:.4f} · (bytes / 64 KB)"
            f"^(-{self.exponent.value:.2f}). Its ceiling lies at {self.ceiling:.4f} on fold 10, a file of 64 KB "
            f"{self.gap:.4f} below it, and each doubling of the bytes divides the gap by {shrink:.2f}. The intervals "
            "are those over patients; they hold for this family, this recipe and these sizes, not beyond them."
        )


def fit_law(sizes: np.ndarray, aucs: np.ndarray, resampled: np.ndarray) -> Law | None:
    """Fit the law by least squares to the AUCs, and to those of each resample of patients.

    Parameters
    ----------
    sizes : bytes (k,)
    aucs : AUC of each size, averaged over seeds (k,)
    resampled : the same in each resample (n_bootstrap, k)

    Returns
    -------
    None if there are fewer than MIN_SIZES sizes, or if no law fits
    """
    if len(sizes) < MIN_SIZES:
        return None
    sizes = np.asarray(sizes, float)
    try:
        fitted = _fit(sizes, aucs, _START)
    except RuntimeError:  # the least squares did not converge
        return None
    found = np.full((len(resampled), 3), np.nan)
    for row, one in enumerate(resampled):
        try:
            found[row] = _fit(sizes, one, fitted)
        except RuntimeError:
            continue
    return Law(*(percentile(value, column) for value, column in zip(fitted, found.T)))


def _law(size: np.ndarray, ceiling: float, gap: float, exponent: float) -> np.ndarray:
    return ceiling - gap * (size / UNIT) ** -exponent


def _fit(sizes: np.ndarray, aucs: np.ndarray, start) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # no covariance is asked for
        return curve_fit(_law, sizes, aucs, p0=start, bounds=_BOUNDS, maxfev=500)[0]
