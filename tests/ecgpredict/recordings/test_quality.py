"""Quality warnings: none for a clean recording, and one for each defect, window by window."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecglib.data.folds import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecgpredict import recordings
from ecgpredict.recordings import Recording, arm_reversal
from ecgpredict.spec import LEADS


def warnings_of(signal, rate=100):
    return recordings.quality_warnings(Recording("a", signal, rate))


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


@pytest.mark.parametrize(
    ("part", "value", "warning"),
    [
        (np.s_[:3000], 0, "flat: V2 (in 3 of 6 windows)"),
        (np.s_[2000:2100], np.nan, "missing samples, interpolated: V2 (in 1 of 6 windows)"),
    ],
)
def test_a_warning_tells_in_how_many_windows_of_a_minute(signal, part, value, warning):
    minute = np.tile(signal, (6, 1))
    minute[part, LEADS.index("V2")] = value
    assert warnings_of(minute) == [warning]


def test_a_mislabeled_limb_lead_violates_einthovens_law(signal):
    mislabeled = signal.copy()
    mislabeled[:, [0, 6]] = mislabeled[:, [6, 0]]  # I and V1
    assert any("Einthoven" in warning for warning in warnings_of(mislabeled))


@pytest.mark.parametrize(("rate", "windows"), [(100, 1), (500, 1), (100, 6)])
def test_swapped_arm_electrodes_are_reported_once_although_they_obey_every_law(signal, rate, windows):
    swapped = np.tile(swap_electrodes(signal, "RA", "LA"), (windows, 1))
    if rate != 100:
        swapped = resample_poly(swapped, rate // 100, 1, axis=0, padtype="line")
    assert warnings_of(swapped, rate) == ["left and right arm electrodes swapped, or dextrocardia?"]


def test_with_flat_leads_the_arms_are_not_judged(signal):
    off = swap_electrodes(signal, "RA", "LA")
    off[:, LEADS.index("V6")] = 0
    assert warnings_of(off) == ["flat: V6"]


def leads_of(dataset):
    """Leads (12, samples) of every record in mV."""
    for start in range(0, len(dataset), 512):
        yield from dataset.millivolts(slice(start, start + 512)).transpose(0, 2, 1)


@pytest.mark.slow
def test_the_rule_is_reproduced_on_ptbxl_and_finds_nearly_all_swapped_arms(ptbxl):
    gram = np.zeros((12, 12))
    for leads in leads_of(ptbxl.in_folds(*TRAIN_FOLDS)):  # each record weighted equally
        slopes = np.diff(leads, axis=1)
        if power := float((slopes**2).sum()):
            gram += slopes @ slopes.T / power
    chest = arm_reversal.CHEST
    weights = np.linalg.solve(gram[chest, chest], gram[chest, :2])
    np.testing.assert_allclose(weights, arm_reversal.WEIGHTS, atol=6e-4)  # three decimals
    scores = [arm_reversal.score(leads, 100, weights) for leads in leads_of(ptbxl.in_folds(VALIDATION_FOLD))]
    assert float(np.quantile(scores, 0.005)) == pytest.approx(arm_reversal.THRESHOLD, abs=2e-3)
    records = list(leads_of(ptbxl.in_folds(TEST_FOLD)))
    swapped = [swap_electrodes(leads.T, "RA", "LA").T for leads in records]
    assert np.mean([arm_reversal.score(leads, 100) < arm_reversal.THRESHOLD for leads in records]) < 0.01
    assert np.mean([arm_reversal.score(leads, 100) < arm_reversal.THRESHOLD for leads in swapped]) > 0.99
