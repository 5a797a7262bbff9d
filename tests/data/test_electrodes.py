"""Swapped and missing electrodes: which leads change places, and which are flat."""

import numpy as np
import pytest

from ecglib.data import electrodes
from ecgpredict.spec import LEADS


@pytest.fixture(scope="module")
def records(sample) -> np.ndarray:
    return electrodes.potentials(sample.millivolts(slice(0, 4))) @ electrodes.TO_LEADS  # without rounding


def lead(x: np.ndarray, name: str) -> np.ndarray:
    return x[..., LEADS.index(name)]


def test_leads_follow_from_potentials_again(sample):
    x = sample.millivolts(slice(0, 4))
    np.testing.assert_allclose(electrodes.potentials(x) @ electrodes.TO_LEADS, x, atol=0.002)  # stored in steps of 1 uV


@pytest.mark.parametrize(
    ("pair", "found"),
    [
        (("RA", "LA"), {"I": "-I", "II": "III", "III": "II", "aVR": "aVL", "aVL": "aVR", "aVF": "aVF", "V1": "V1"}),
        (("RA", "LL"), {"I": "-III", "II": "-II", "III": "-I", "aVR": "aVF", "aVL": "aVL", "V6": "V6"}),
        (("LA", "LL"), {"I": "II", "II": "I", "III": "-III", "aVR": "aVR", "aVL": "aVF", "aVF": "aVL"}),
        (("RA", "RL"), {"I": "-III", "III": "III"}),
        (("LA", "RL"), {"I": "II", "II": "II"}),
        (("LL", "RL"), {name: name for name in LEADS}),
    ],
    ids="-".join,
)
def test_a_swap_of_limb_electrodes_exchanges_leads(records, pair, found):
    swapped = electrodes.swap(records, *pair)
    for name, source in found.items():
        expected = lead(records, source.removeprefix("-")) * (-1 if source.startswith("-") else 1)
        np.testing.assert_allclose(lead(swapped, name), expected, atol=1e-5)


@pytest.mark.parametrize(("pair", "flat"), [(("RA", "RL"), "II"), (("LA", "RL"), "III")])
def test_a_swap_with_the_ground_leaves_a_lead_flat_and_moves_the_chest_leads(records, pair, flat):
    swapped = electrodes.swap(records, *pair)
    assert np.abs(lead(swapped, flat)).max() < 1e-5
    assert np.abs(lead(swapped, "V3") - lead(records, "V3")).max() > 0.05


def test_chest_electrodes_are_swapped_alone(records):
    swapped = electrodes.swap(records, "V1", "V2")
    np.testing.assert_allclose(lead(swapped, "V1"), lead(records, "V2"), atol=1e-5)
    np.testing.assert_allclose(swapped[..., :6], records[..., :6], atol=1e-5)


def test_leads_that_were_not_recorded_are_flat(records):
    kept = electrodes.only(records, ("I", "II"))
    assert not kept[..., 2:].any()
    np.testing.assert_array_equal(kept[..., :2], records[..., :2])
