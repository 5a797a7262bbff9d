"""Windows of ten seconds at 100 Hz from any sampling rate and length."""

import numpy as np
import pytest

from ecgpredict import recordings
from ecgpredict.recordings import Recording
from ecgpredict.recordings.resampling import low_pass


def test_at_100_hz_a_window_is_the_record_itself(signal):
    np.testing.assert_array_equal(recordings.windows(Recording("a", signal, 100))[0], signal)


def at(time):
    """A wave of 3 Hz in every lead, float32 (n, 12), at times in s."""
    return np.sin(2 * np.pi * 3 * time)[:, None].repeat(12, 1).astype(np.float32)


@pytest.mark.parametrize("rate", [125, 250, 257, 360, 500, 1000])
def test_other_rates_are_converted_to_100_hz(signal, rate):
    window = recordings.windows(Recording("a", at(np.arange(10 * rate) / rate), rate))
    assert window.shape == (1, 1000, 12)
    expected = at(np.arange(1000) / 100 + 1 / 800)
    np.testing.assert_allclose(window[0, 100:-100], expected[100:-100], atol=0.001)


@pytest.mark.parametrize(("frequency", "gain"), [(0, 1.0), (10, 1.0), (40, 1.0), (44.58, 0.5), (49, 0.0)])
def test_the_filter_has_the_pass_band_of_the_100_hz_files(frequency, gain):
    taps = low_pass(500)
    time = np.arange(len(taps)) / 500
    assert abs(np.sum(taps * np.exp(-2j * np.pi * frequency * time))) == pytest.approx(gain, abs=0.02)


def test_resampling_does_not_alias():
    time = np.arange(5000) / 500
    mains = np.sin(2 * np.pi * 90 * time)[:, None].repeat(12, 1).astype(np.float32)  # would appear as 10 Hz
    window = recordings.windows(Recording("a", mains, 500))[0]
    assert np.abs(window[100:-100]).max() < 0.05


@pytest.mark.parametrize(
    ("seconds", "starts"), [(10, [0]), (14.9, [0]), (15, [0, 5]), (20, [0, 10]), (27, [0, 10, 17]), (30, [0, 10, 20])]
)
def test_windows_follow_one_another_and_the_last_ends_with_the_record(seconds, starts):
    ramp = np.arange(round(100 * seconds), dtype=np.float32)[:, None].repeat(12, 1)
    found = recordings.windows(Recording("a", ramp, 100))
    assert found[:, 0, 0].tolist() == [100 * start for start in starts]
