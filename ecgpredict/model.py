"""A released model, ready to classify."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ecgpredict import runtime
from ecgpredict.spec import CLASSES, LEADS, Normalization, add_offsets, apply_temperature, positions

_BATCH = 64  # windows per inference: what the network allocates for a batch stays below 100 MB


@dataclass(frozen=True)
class ReleasedModel:
    """A verified model.

    Attributes
    ----------
    name : in the manifest
    path : its ONNX file
    normalization : mV -> what the network takes
    temperature : divides the logits
    thresholds : float (c,), a probability at or above its threshold is positive; NaN for a label that has none
    cautions : when to trust it, as sentences
    leads, classes : what its file takes, and the labels that it is asked for, superclasses first
    columns : of the file's outputs, those of `classes`
    auc : of a variant, {"macro", "reference": another model, "difference": [value, low, high]}, on PTB-XL's fold 10
    offsets : (5,), added to the calibrated logits: :mod:`ecgpredict.site_calibration`; None without
    """

    name: str
    path: Path
    normalization: Normalization
    temperature: float
    thresholds: np.ndarray
    cautions: Sequence[str] = ()
    leads: Sequence[str] = LEADS
    classes: Sequence[str] = CLASSES
    columns: Sequence[int] = tuple(range(len(CLASSES)))
    auc: Mapping = field(default_factory=dict)
    offsets: tuple[float, ...] | None = None

    @cached_property
    def _session(self):
        return runtime.session(self.path)

    @property
    def cost(self) -> str:
        """What it is to have fewer leads, in words; empty for a model of all twelve."""
        if len(self.leads) == len(LEADS) or not self.auc:
            return ""
        change = "{:+.3f} ({:+.3f} to {:+.3f})".format(*self.auc["difference"])
        return (
            f"fewer leads: {self.name} takes {' '.join(self.leads)}, macro AUC {self.auc['macro']:.3f} on PTB-XL's "
            f"test fold, {change} against {self.auc['reference']}"
        )

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        """Calibrated probabilities float64 (w, c), in the order of `classes`, of windows (w, 1000, 12) in mV."""
        normalized = self.normalization(windows[:, :, positions(self.leads)])
        x = np.ascontiguousarray(normalized.transpose(0, 2, 1), np.float32)
        batches = [x[start : start + _BATCH] for start in range(0, len(x), _BATCH)]
        score = np.concatenate([self._session.run(None, {runtime.INPUT: batch})[0] for batch in batches])
        calibrated = apply_temperature(score[:, self.columns], self.temperature)
        return calibrated if self.offsets is None else add_offsets(calibrated, self.offsets)
