"""Synthetic 12-lead ECGs: a signal with chosen findings.

The heart is a rotating dipole. Each wave of a beat (P, the phases of QRS, ST, T) is a Gaussian in time
with an amplitude vector in Frank's coordinates (Clifford et al. 2010, doi 10.1088/0967-3334/31/5/001,
after McSharry et al. 2003), and Dower's matrix (Dower et al. 1980) projects the sum on the leads. Each
superclass changes the vectors as its name implies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgpredict.spec import N_SAMPLES, SAMPLING_RATE

# columns X (left), Y (down), Z (back); rows I, II, V1 … V6
_DOWER = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)

# SCP-ECG statement: (meaning, superclass); those without a superclass describe rhythm
STATEMENTS = {
    "NORM": ("normal ECG", "NORM"),
    "IMI": ("inferior myocardial infarction", "MI"),
    "AMI": ("anterior myocardial infarction", "MI"),
    "ISC_": ("ischemic ST depression", "STTC"),
    "NDT": ("T wave abnormality", "STTC"),
    "CLBBB": ("complete left bundle branch block", "CD"),
    "CRBBB": ("complete right bundle branch block", "CD"),
    "LAFB": ("left anterior fascicular block", "CD"),
    "1AVB": ("first degree AV block", "CD"),
    "LVH": ("left ventricular hypertrophy", "HYP"),
    "RVH": ("right ventricular hypertrophy", "HYP"),
    "SR": ("sinus rhythm", None),
}


@dataclass(frozen=True)
class Wave:
    """A Gaussian: center and SD in ms relative to the R peak, amplitude (x, y, z) in mV."""

    center: float
    width: float
    vector: tuple[float, float, float]

    def scaled(self, factor: float) -> Wave:
        return replace(self, vector=tuple(factor * v for v in self.vector))


NORMAL_BEAT = {
    "P": Wave(-150, 20, (0.06, 0.09, -0.02)),
    "Q": Wave(-20, 8, (-0.10, 0.03, -0.15)),
    "R": Wave(0, 11, (1.00, 0.80, 0.30)),
    "S": Wave(26, 10, (-0.15, -0.10, 0.35)),
    "ST": Wave(120, 40, (0.0, 0.0, 0.0)),
    "T": Wave(280, 45, (0.25, 0.20, -0.12)),
}


def make_beat(statements: list[str], severity: float) -> dict[str, Wave]:
    """The waves of a beat with these findings.

    Parameters
    ----------
    statements : keys of :data:`STATEMENTS`
    severity : 0 (almost normal) to 1 (full)
    """
    beat, s = dict(NORMAL_BEAT), severity
    for code in statements:
        match code:
            case "IMI":  # Q waves and ST elevation in II, III, aVF
                beat["Q"] = Wave(-20, 8 + 6 * s, (0.05, -0.15 - 0.5 * s, -0.05))
                beat["ST"] = Wave(120, 45, (-0.05, 0.10 + 0.22 * s, 0.03))
            case "AMI":  # Q waves and ST elevation in V1-V4
                beat["Q"] = Wave(-20, 8 + 6 * s, (0.0, 0.0, 0.10 + 0.35 * s))
                beat["ST"] = Wave(120, 45, (0.05, 0.0, -0.08 - 0.18 * s))
            case "ISC_":  # ST depression where R is high
                beat["ST"] = Wave(120, 45, (-0.06 - 0.14 * s, -0.04 - 0.10 * s, 0.08 * s))
                beat["T"] = beat["T"].scaled(1 - 0.8 * s)
            case "NDT":  # flat to inverted T
                beat["T"] = beat["T"].scaled(0.3 - 1.0 * s)
            case "CLBBB":  # wide, notched QRS to the left and back, T in the opposite direction
                beat["Q"] = Wave(-15, 22, (0.5, 0.2, 0.5))
                beat["R"] = Wave(25, 18 + 8 * s, (0.9, 0.5, 0.7))
                beat["T"] = Wave(300, 50, (-0.25, -0.08, -0.2))
            case "CRBBB":  # late forces to the right and front: rSR' in V1, broad S in I and V6
                beat["S"] = Wave(52, 14 + 8 * s, (-0.35 - 0.3 * s, 0.05, -0.35 - 0.4 * s))
            case "LAFB":  # left axis
                beat["R"] = replace(beat["R"], vector=(0.9, -0.3 - 0.5 * s, 0.2))
            case "1AVB":  # long PR
                beat["P"] = replace(beat["P"], center=-220 - 80 * s)
            case "LVH":  # high voltage to the left and back
                beat["R"] = replace(beat["R"].scaled(1.3 + 0.9 * s), width=13)
                beat["S"] = beat["S"].scaled(1.5 + 1.2 * s)
            case "RVH":  # voltage to the right and front
                beat["R"] = replace(beat["R"], vector=(-0.2 - 0.5 * s, 0.8, -0.35 - 0.4 * s))
                beat["S"] = replace(beat["S"], vector=(-0.5, 0.1, 0.1))
    return beat


def project_to_leads(dipole: np.ndarray) -> np.ndarray:
    """Dipole (samples, 3) -> the 12 leads (samples, 12) in mV, in the order of LEADS."""
    return _twelve_leads(dipole @ _DOWER.T)


def _twelve_leads(independent: np.ndarray) -> np.ndarray:
    """I, II and V1 to V6 (samples, 8) -> the 12 leads (samples, 12), by Einthoven's and Goldberger's laws."""
    i, ii, *chest = independent.T
    return np.stack([i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2, *chest], axis=1)


def ecg(statements: list[str], rng: np.random.Generator, *, severity: float | None = None) -> np.ndarray:
    """Ten seconds of a noisy 12-lead ECG with these findings, float64 (1000, 12) in mV.

    Parameters
    ----------
    statements : keys of :data:`STATEMENTS`
    rng : random number generator for everything that varies: rate, gain, heart axis, wave sizes, noise
    severity : 0 to 1; random by default
    """
    severity = rng.uniform(0.0, 0.9) if severity is None else severity
    waves = [
        replace(wave, vector=tuple(np.multiply(wave.vector, rng.normal(1, 0.15, 3)))).scaled(rng.normal(1, 0.1))
        for wave in make_beat(statements, severity).values()
    ]
    interval = 60 / rng.uniform(55, 95)  # s between beats
    beats = np.cumsum(interval * (1 + rng.normal(0, 0.03, 30))) - rng.uniform(0, 2 * interval)
    time = np.arange(N_SAMPLES) / SAMPLING_RATE
    dipole = np.zeros((N_SAMPLES, 3))
    for number, wave in enumerate(waves):
        stretch = np.sqrt(interval) if number >= 4 else 1.0  # ST and T follow the rate (Bazett)
        centers = beats + wave.center * stretch / 1000
        bell = np.exp(-0.5 * ((time[:, None] - centers) / (wave.width / 1000)) ** 2).sum(axis=1)
        dipole += bell[:, None] * np.asarray(wave.vector)
    angle = rng.normal(0, 0.25)  # the heart's axis in the frontal plane
    rotation = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    signal = project_to_leads(dipole @ rotation.T * rng.lognormal(0, 0.2))
    wander = rng.normal(0, 0.06, 8) * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * time[:, None] + rng.uniform(0, 6.3, 8))
    noise = wander + rng.normal(0, rng.uniform(0.005, 0.04), (N_SAMPLES, 8))
    # noise enters at the electrodes, so that III = II - I holds as in a real recording
    return signal + _twelve_leads(noise)
