"""Quality warnings: none for a clean recording, and one for each defect, window by window."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecglib.data.definitions import LEADS
from ecglib.deployment import recordings
from ecglib.deployment.recordings import Recording, arm_reversal


def warnings_of(signal, rate=100):
    return recordings.quality_warnings(Recording("a", signal, rate))


@pytest.fixture
def minute(signal):
    """Six windows."""
    return np.tile(signal, (6, 1))


def swap_electrodes(signal, first, second):
    """The signal (n, 12) with two of the limb electrodes "RA", "LA", "LL" swapped, from their potentials."""
    electrodes = {"RA": np.zeros(len(signal)), "LA": signal[:, 0], "LL": signal[:, 1]}
    electrodes[first], electrodes[second] = electrodes[second], electrodes[first]
    ra, la, ll = electrodes["RA"], electrodes["LA"], electrodes["LL"]
    limb = [la - ra, ll - ra, ll - la, ra - (la + ll) / 2, la - (ra + ll) / 2, ll - (ra + la) / 2]
    return np.column_stack([*limb, signal[:, 6:]]).astype(np.float32)


def test_a_clean_recording_has_no_warnings(signal):
    assert warnings_of(signal) == []
    assert warnings_of(resample_poly(signal, 5, 1, axis=0, padtype="line"), 500) == []


def test_missing_samples_are_interpolated_and_reported(signal):
    gap = signal.copy()
    gap[100:120, 3] = np.nan
    recording = Recording("a", gap, 100)
    assert np.isfinite(recordings.windows(recording)).all()
    assert recordings.quality_warnings(recording) == ["missing samples, interpolated: aVR"]


def test_flat_and_clipped_leads_are_reported(signal):
    bad = signal.copy()
    bad[:, 7] = 0.3
    bad[:, 8] = np.clip(bad[:, 8], None, np.quantile(bad[:, 8], 0.9))
    assert warnings_of(bad) == ["flat: V2", "clipped: V3"]


def test_a_lead_that_is_off_for_half_of_a_minute_is_reported(minute):
    minute[:3000, LEADS.index("V2")] = 0
    assert warnings_of(minute) == ["flat: V2 (in 3 of 6 windows)"]


def test_a_gap_is_reported_with_the_number_of_windows(minute):
    minute[2000:2100, LEADS.index("V6")] = np.nan
    assert warnings_of(minute) == ["missing samples, interpolated: V6 (in 1 of 6 windows)"]


def test_a_mislabeled_limb_lead_violates_einthovens_law(signal):
    mislabeled = signal.copy()
    mislabeled[:, [0, 6]] = mislabeled[:, [6, 0]]  # I and V1
    assert any("Einthoven" in warning for warning in warnings_of(mislabeled))


@pytest.mark.parametrize("rate", [100, 500])
def test_swapped_arm_electrodes_are_reported_although_they_obey_every_law(signal, rate):
    swapped = swap_electrodes(signal, "RA", "LA")
    if rate != 100:
        swapped = resample_poly(swapped, rate // 100, 1, axis=0, padtype="line")
    assert warnings_of(swapped, rate) == ["left and right arm electrodes swapped, or dextrocardia?"]


def test_swapped_arms_are_reported_once_for_a_long_recording(minute):
    swapped = swap_electrodes(minute, "RA", "LA")
    assert warnings_of(swapped) == ["left and right arm electrodes swapped, or dextrocardia?"]


def test_swapping_the_arms_in_software_is_what_swapping_the_electrodes_does(signal):
    derived = swap_electrodes(signal, "RA", "RA")  # the same limb leads, computed from the electrodes
    np.testing.assert_allclose(arm_reversal.swap_arms(derived.T), swap_electrodes(signal, "RA", "LA").T, atol=1e-6)


def test_the_score_of_the_arms_hardly_depends_on_the_sampling_rate(signal):
    fast = resample_poly(signal, 5, 1, axis=0, padtype="line")
    assert arm_reversal.score(fast.T, 500) == pytest.approx(arm_reversal.score(signal.T, 100), abs=0.05)


def test_with_flat_leads_the_arms_are_not_judged(signal):
    off = swap_electrodes(signal, "RA", "LA")
    off[:, LEADS.index("V6")] = 0
    assert warnings_of(off) == ["flat: V6"]


@pytest.mark.slow
def test_the_rule_is_reproduced_on_ptbxl_and_finds_nearly_all_swapped_arms(ptbxl):
    weights, threshold = arm_reversal.fit(ptbxl)
    np.testing.assert_allclose(weights, arm_reversal.WEIGHTS, atol=6e-4)  # three decimals
    assert threshold == pytest.approx(arm_reversal.THRESHOLD, abs=2e-3)
    found = arm_reversal.measure(ptbxl, 10)
    assert found.n > 2000
    assert found.sensitivity > 0.99
    assert found.false_alarms < 0.01
