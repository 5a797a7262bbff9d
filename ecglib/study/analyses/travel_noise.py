"""Noise and faults of devices: AUC against the signal-to-noise ratio, float32 beside int8.

In come a study and chapter 11's models; out come curves, a table and sentences, all measured on fold 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from ecglib.data import damage
from ecglib.data.folds import TEST_FOLD
from ecglib.study.analyses.travel_damage import INTACT, Damage, DamagedFold
from ecglib.study.analyses.travel_models import COMPACT, DISTILLED, MICRO, RELEASED, TravelModel
from ecglib.study.study import Study

CURVES = (DISTILLED, RELEASED, MICRO, COMPACT[0])
FAULTS = (RELEASED, COMPACT[0])
TOLERATED = 0.01  # loss of macro AUC
_SAMPLE_SNR_DB = (12, 0)  # of profiles on synthetic records


def faults() -> dict[str, Damage]:
    """{name: damage} of a device's gain, range and missing samples."""
    gains = {f"gain × {factor:g}": partial(damage.change_gain, factor=factor) for factor in (0.5, 0.8, 1.25, 2.0)}
    limits = {f"clipped at ± {limit:g} mV": partial(damage.clip, limit_mv=limit) for limit in (1.0, 0.5, 0.25)}
    gaps = {f"{share:.0%} missing": partial(damage.drop_samples, share=share) for share in (0.1, 0.3, 0.5)}
    return gains | limits | gaps


@dataclass(frozen=True)
class Noise:
    """Fold 10 under every kind of noise at every ratio, and under device faults.

    Attributes
    ----------
    fold : fold 10 with every damage scored
    ratios : signal-to-noise ratios in dB, from weak noise to strong
    """

    fold: DamagedFold
    ratios: tuple[int, ...]

    def curves(self) -> pd.DataFrame:
        """kind, snr_db, model, label, value, low, high, for a figure; snr_db is NaN for the intact records."""
        rows = []
        for kind in damage.NOISES:
            for model, one in self.fold.models.items():
                for ratio in (None, *self.ratios):
                    found = self.fold.auc(_name(kind, ratio) if ratio is not None else INTACT, model)
                    rows.append((kind, ratio, model, one.label, found.value, found.low, found.high))
        names = ["kind", "snr_db", "model", "label", "value", "low", "high"]
        return pd.DataFrame(rows, columns=names).astype({"snr_db": float})

    def tolerated(self) -> pd.DataFrame:
        """:meth:`tolerated_ratio` of every kind and model."""
        rows = []
        for kind in damage.NOISES:
            row = [kind]
            for model in self.fold.models:
                ratio = self.tolerated_ratio(kind, model)
                row.append(f"{ratio} dB" if ratio is not None else f"above {self.ratios[0]} dB")
            rows.append(row)
        return pd.DataFrame(rows, columns=["noise", *(one.label for one in self.fold.models.values())])

    def tolerated_ratio(self, kind: str, model: str) -> int | None:
        """The strongest noise at which it, and every weaker one, costs at most TOLERATED; None if none does."""
        found = None
        for ratio in self.ratios:
            if self.fold.change(_name(kind, ratio), model).value < -TOLERATED:
                break
            found = ratio
        return found

    def conclusion(self) -> str:
        """The most harmful noise, and whether int8 suffers more than float32."""
        strongest, model = self.ratios[-1], RELEASED
        changes = {kind: self.fold.change(_name(kind, strongest), model) for kind in damage.NOISES}
        worst = min(changes, key=lambda kind: changes[kind].value)
        text = f"At {strongest} dB, {worst} costs *{self.fold.models[model].label}* most: {changes[worst]:+}. "
        if DISTILLED not in self.fold.models:
            return text
        gaps = {
            (kind, ratio): self.fold.difference((_name(kind, ratio), RELEASED), (_name(kind, ratio), DISTILLED))
            for kind in damage.NOISES
            for ratio in self.ratios
        }
        largest = max(gaps, key=lambda key: abs(gaps[key].value))
        below = sum(one.high < 0 for one in gaps.values())
        return (
            f"{text}Rounding to int8 changes the AUC under noise by {gaps[largest]:+} at most ({largest[0]} "
            f"at {largest[1]} dB); its interval lies below zero in {below} of {len(gaps)} combinations of noise and "
            f"ratio. {self._best()}"
        )

    def _best(self) -> str:
        """Which model most often has the highest AUC under noise."""
        noisy = self.curves().dropna(subset="snr_db")
        highest = noisy.loc[noisy.groupby(["kind", "snr_db"])["value"].idxmax(), "label"].value_counts()
        return f"*{highest.index[0]}* has the highest AUC in {highest.iloc[0]} of {highest.sum()} of them."

    def faults(self) -> pd.DataFrame:
        """AUC under wrong gain, clipping and missing samples."""
        rows = [
            (name, *(str(self.fold.auc(name, model)) for model in FAULTS if model in self.fold.models))
            for name in (INTACT, *faults())
        ]
        labels = [self.fold.models[model].label for model in FAULTS if model in self.fold.models]
        return pd.DataFrame(rows, columns=["fault", *labels])

    def faults_conclusion(self) -> str:
        """How many faults cost more than TOLERATED, and the worst."""
        changes = {name: self.fold.change(name, RELEASED) for name in faults()}
        worst = min(changes, key=lambda name: changes[name].value)
        many = sum(one.value < -TOLERATED for one in changes.values())
        return (
            f"{many} of {len(changes)} faults cost *{self.fold.models[RELEASED].label}* more than {TOLERATED:g} of its "
            f"AUC, most of all {worst}: {changes[worst]:+}."
        )


def measure(study: Study, models: Mapping[str, TravelModel]) -> Noise:
    """Score fold 10 under every noise and fault; the models are those of CURVES that are given."""
    used = {name: models[name] for name in CURVES if name in models}
    fold = DamagedFold.open(study, used, TEST_FOLD)
    ratios = damage.SNR_DB if study.settings.n_records is None else _SAMPLE_SNR_DB
    for kind in damage.NOISES:
        for ratio in ratios:
            fold.score(_name(kind, ratio), partial(damage.add_noise, kind=kind, snr_db=ratio))
    for name, fault in faults().items():
        fold.score(name, fault, [model for model in FAULTS if model in used])
    return Noise(fold, ratios)


def _name(kind: str, ratio: int) -> str:
    return f"{kind}, {ratio} dB"
