"""What misplaced or missing electrodes do to the twelve leads.

Records are float32 (n, samples, 12) in mV, leads in the order of LEADS. A lead is a difference of
electrode potentials, so a swap is computed at the electrodes: with Wilson's terminal as zero, the limb electrodes'
potentials follow from leads I and II, and V1-V6 are the chest electrodes' own. The right leg is the ground; its
potential is taken for that of the left leg (Batchvarov et al. 2007, doi 10.1093/europace/eum198).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecgpredict.spec import LEADS

ELECTRODES = ("RA", "LA", "LL", "V1", "V2", "V3", "V4", "V5", "V6")
LIMB, RIGHT_CHEST, LEFT_CHEST = LEADS[:6], LEADS[6:9], LEADS[9:]
LIMB_SWAPS = (("RA", "LA"), ("RA", "LL"), ("LA", "LL"), ("RA", "RL"), ("LA", "RL"), ("LL", "RL"))
CHEST_SWAPS = (("V1", "V2"), ("V2", "V3"), ("V1", "V3"), ("V3", "V4"), ("V5", "V6"))


def _lead_matrix() -> np.ndarray:
    """(9, 12): electrode potentials -> leads."""
    ra, la, ll, *chest = np.eye(len(ELECTRODES), dtype=np.float32)
    limb = [la - ra, ll - ra, ll - la, ra - (la + ll) / 2, la - (ra + ll) / 2, ll - (ra + la) / 2]
    terminal = (ra + la + ll) / 3
    return np.stack([*limb, *(one - terminal for one in chest)], axis=1)


TO_LEADS = _lead_matrix()


def potentials(x: np.ndarray) -> np.ndarray:
    """Leads (n, samples, 12) -> potentials (n, samples, 9) of ELECTRODES against Wilson's terminal."""
    one, two = x[..., 0], x[..., 1]
    limb = np.stack([-(one + two) / 3, (2 * one - two) / 3, (2 * two - one) / 3], axis=-1)
    return np.concatenate([limb, x[..., 6:]], axis=-1)


def swap(x: np.ndarray, first: str, second: str) -> np.ndarray:
    """The leads with two electrodes swapped: names of ELECTRODES, or "RL", the ground, as the second one."""
    at = potentials(x)
    swapped = at.copy()
    i = ELECTRODES.index(first)
    j = ELECTRODES.index("LL" if second == "RL" else second)
    swapped[..., i] = at[..., j]
    if second != "RL":  # with the ground there is nothing to measure at the other place
        swapped[..., j] = at[..., i]
    return swapped @ TO_LEADS


def without(x: np.ndarray, leads: Sequence[str]) -> np.ndarray:
    """The records with these leads flat at 0 mV."""
    kept = np.array([name not in leads for name in LEADS], np.float32)
    return x * kept


def only(x: np.ndarray, leads: Sequence[str]) -> np.ndarray:
    """The records with every lead but these flat at 0 mV."""
    return without(x, [name for name in LEADS if name not in leads])
