"""Noise added to records: strength, frequencies, laws between leads, and what stays as it was."""

import numpy as np
import pytest

from ecglib.data import damage
from ecgpredict.spec import SAMPLING_RATE
from ecgpredict.synthetic_ecg import ecg


@pytest.fixture(scope="module")
def records() -> np.ndarray:
    random = np.random.default_rng(0)
    return np.stack([ecg([code], random) for code in ("NORM", "IMI", "CLBBB", "LVH")]).astype(np.float32)


@pytest.mark.parametrize("kind", damage.NOISES)
@pytest.mark.parametrize("snr_db", [24, 0, -6])
def test_noise_has_the_ratio_asked_for(records, kind, snr_db):
    noise = damage.add_noise(records, kind, snr_db) - records
    ratio = damage.power(records) / damage.power(noise)
    np.testing.assert_allclose(10 * np.log10(ratio), snr_db, atol=0.01)


@pytest.mark.parametrize("kind", damage.NOISES)
def test_noise_arises_at_electrodes_so_that_einthovens_law_holds(records, kind):
    noise = damage.add_noise(records, kind, 0) - records
    np.testing.assert_allclose(noise[..., 0] + noise[..., 2], noise[..., 1], atol=1e-5)
    np.testing.assert_allclose(noise[..., 3:6].sum(axis=-1), 0, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("baseline wander", 0.1, 0.5), ("muscle noise", 20, 45), ("mains hum", 39, 50)]
)
def test_noise_lies_in_its_band(records, kind, low, high):
    spectrum = np.abs(np.fft.rfft(damage.add_noise(records, kind, 0) - records, axis=1)) ** 2
    frequency = np.fft.rfftfreq(records.shape[1], 1 / SAMPLING_RATE)
    inside = (frequency >= low - 1e-6) & (frequency <= high)
    assert spectrum[:, inside].sum() > 0.95 * spectrum.sum()  # a sine between two bins leaks a little


def test_motion_leaves_most_of_the_time_undisturbed(records):
    noise = damage.electrode_motion(50, np.random.default_rng(0))
    assert 0.5 / 10 <= (noise != 0).any(axis=2).mean() <= 3 * 2 / 10  # three bursts of 0.5 to 2 s in ten seconds
    assert ((noise != 0).any(axis=1).sum(axis=1) <= 3).all()


def test_noise_is_the_same_at_every_ratio_and_in_every_call(records):
    weak, strong = (damage.add_noise(records, "muscle noise", db) - records for db in (20, 0))
    np.testing.assert_allclose(strong, 10 * weak, atol=1e-4)
    np.testing.assert_array_equal(*(damage.add_noise(records, "electrode motion", 6, seed=3) for _ in range(2)))


def test_a_flat_record_stays_flat():
    flat = np.zeros((1, 1000, 12), np.float32)
    assert not damage.add_noise(flat, "muscle noise", 0).any()
