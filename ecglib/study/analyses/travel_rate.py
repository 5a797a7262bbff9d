"""From 500 Hz to 100 Hz: the package's resampling beside the ways that others use, on LUDB.

In come LUDB's recordings at 500 Hz; out comes how far each way moves the probabilities and the AUC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import wfdb.processing
from scipy import signal as filters

from ecglib.data import ludb
from ecglib.study.analyses.travel_ludb import MAIN, External
from ecglib.study.analyses.travel_models import COMPACT, MICRO, RELEASED, TravelModel
from ecgpredict.spec import N_SAMPLES, SAMPLING_RATE

_FACTOR = ludb.RATE // SAMPLING_RATE


def _wfdb(one: np.ndarray) -> np.ndarray:
    return np.stack([wfdb.processing.resample_sig(lead, ludb.RATE, SAMPLING_RATE)[0] for lead in one.T], axis=1)


def _linear(one: np.ndarray) -> np.ndarray:
    before, after = (np.arange(n) / rate for n, rate in ((len(one), ludb.RATE), (N_SAMPLES, SAMPLING_RATE)))
    return np.stack([np.interp(after, before, lead) for lead in one.T], axis=1)


# {name: (samples, 12) at 500 Hz -> at 100 Hz}
WAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "scipy.signal.decimate, IIR": lambda one: filters.decimate(one, _FACTOR, axis=0),
    "scipy.signal.decimate, FIR": lambda one: filters.decimate(one, _FACTOR, ftype="fir", axis=0),
    "scipy.signal.resample (FFT)": lambda one: filters.resample(one, N_SAMPLES, axis=0),
    "wfdb.processing.resample_sig": _wfdb,
    "mean of five samples": lambda one: one.reshape(N_SAMPLES, _FACTOR, -1).mean(axis=1),
    "linear interpolation, no filter": _linear,
}


@dataclass(frozen=True)
class Rates:
    """Each way's probabilities.

    Attributes
    ----------
    scores : {way: {model: float32 (n, 5)}}, before calibration
    """

    external: External
    models: Mapping[str, TravelModel]
    scores: Mapping[str, Mapping[str, np.ndarray]]

    def moved(self, way: str, name: str) -> np.ndarray:
        """Absolute changes of the calibrated probabilities against the package's own resampling, (n, 5)."""
        one = self.models[name]
        return np.abs(one.calibrated(self.scores[way][name]) - self.external.calibrated(name))

    def table(self, name: str = RELEASED) -> pd.DataFrame:
        """One model: mean and largest change of a probability, decisions that change, and the change of AUC."""
        one, rows = self.models[name], []
        own = self.external.calibrated(name) >= one.thresholds
        for way in self.scores:
            moved = self.moved(way, name)
            changed = (one.calibrated(self.scores[way][name]) >= one.thresholds) != own
            difference = self.external.difference(self.scores[way][name], self.external.scores[name], MAIN)
            rows.append(
                (
                    way,
                    f"{moved.mean():.4f}",
                    f"{moved.max():.3f}",
                    f"{changed.sum()} of {changed.size:,}",
                    f"{difference:+}",
                )
            )
        names = ["mean change", "largest change", "decisions changed", "AUC minus ours"]
        return pd.DataFrame(rows, columns=["to 100 Hz by", *names])

    def conclusion(self) -> str:
        """Which way moves the probabilities most and least, over the models."""
        mean = {way: float(np.mean([self.moved(way, name).mean() for name in self.models])) for way in self.scores}
        least, most = min(mean, key=mean.get), max(mean, key=mean.get)
        significant = [
            way
            for way in self.scores
            if any(
                self.external.difference(self.scores[way][name], self.external.scores[name], MAIN).excludes_zero
                for name in self.models
            )
        ]
        aucs = (
            f"The AUC differs by more than chance with {', '.join(significant)}."
            if significant
            else "No way changes the AUC by more than chance."
        )
        return (
            f"Over {len(self.models)} models, *{least}* is closest to ours (mean change of a probability "
            f"{mean[least]:.4f}) and *{most}* farthest ({mean[most]:.4f}). {aucs}"
        )


def compare_rates(external: External) -> Rates:
    """Resample LUDB in every way, and score it with the small models."""
    models = {name: one for name, one in external.models.items() if name in (RELEASED, MICRO, COMPACT[0])}
    scores = {}
    for way, resample in WAYS.items():
        x = np.stack([resample(one.astype(np.float64)) for one in external.data.signals]).astype(np.float32)
        scores[way] = {name: one.predict(x) for name, one in models.items()}
    return Rates(external, models, scores)
