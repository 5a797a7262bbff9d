"""The sampling rate of a CSV file, from the whole span of its times, which may be rounded but not uneven."""

import numpy as np
import pytest
from recording_files import write_csv

from ecgpredict import recordings
from ecgpredict.errors import InputError
from ecgpredict.recordings.csv_tables import sampling_rate


def times(rate, seconds=10, decimals=3):
    return (np.arange(round(seconds * rate)) / rate).round(decimals)


@pytest.mark.parametrize("rate", [100, 128, 200, 240, 250, 257, 300, 333, 360, 500, 512, 700, 900, 1000])
def test_times_rounded_to_milliseconds_give_the_rate(rate):
    assert sampling_rate(times(rate), "a") == rate


def test_a_rate_that_is_not_an_integer_is_found():
    assert sampling_rate(times(256.41, seconds=60, decimals=6), "a") == pytest.approx(256.41, abs=1e-3)


def test_times_may_start_anywhere():
    assert sampling_rate(times(360) + 1_700_000_000, "a") == 360


def test_three_hundred_hz_in_milliseconds_is_ten_seconds(signal, tmp_path):
    path = write_csv(tmp_path / "a.csv", np.repeat(signal, 3, axis=0), rate=300, decimals=3)
    recording = recordings.read(path, units="mV")
    assert (recording.rate, len(recording.signal)) == (300, 3000)


@pytest.mark.parametrize("missing", [1, 500, 1700, 3598])
def test_a_missing_row_is_uneven(missing):
    with pytest.raises(InputError, match="uneven sampling"):
        sampling_rate(np.delete(times(360), missing), "a")


def test_two_rates_in_one_file_are_uneven():
    both = np.concatenate([np.arange(500) / 100, 5 + np.arange(2500) / 500])
    with pytest.raises(InputError, match="uneven sampling"):
        sampling_rate(both, "a")


@pytest.mark.parametrize("bad", [[0, 0.01, 0.01], [0, 0.02, 0.01], [0, np.nan, 0.02], [0, np.inf, 1]])
def test_times_that_do_not_increase_are_named(bad):
    with pytest.raises(InputError, match="time is not increasing"):
        sampling_rate(np.array(bad), "a")


@pytest.mark.parametrize("few", [[], [0.0]])
def test_too_few_times_are_named(few):
    with pytest.raises(InputError, match="time missing"):
        sampling_rate(np.array(few), "a")
