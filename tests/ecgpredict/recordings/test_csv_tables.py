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


@pytest.mark.parametrize(
    ("time", "rate"), [(times(256.41, seconds=60, decimals=6), 256.41), (times(360) + 1_700_000_000, 360)]
)
def test_rates_may_be_no_integers_and_times_start_anywhere(time, rate):
    assert sampling_rate(time, "a") == pytest.approx(rate, abs=1e-3)


def test_three_hundred_hz_in_milliseconds_is_ten_seconds(signal, tmp_path):
    path = write_csv(tmp_path / "a.csv", np.repeat(signal, 3, axis=0), rate=300, decimals=3)
    recording = recordings.read(path, units="mV")
    assert (recording.rate, len(recording.signal)) == (300, 3000)


TWO_RATES = np.concatenate([np.arange(500) / 100, 5 + np.arange(2500) / 500])


@pytest.mark.parametrize(
    ("time", "problem"),
    [
        *((np.delete(times(360), missing), "uneven sampling") for missing in (1, 500, 1700, 3598)),
        (TWO_RATES, "uneven sampling"),
        ([0, 0.01, 0.01], "time is not increasing"),
        ([0, 0.02, 0.01], "time is not increasing"),
        ([0, np.nan, 0.02], "time is not increasing"),
        ([0, np.inf, 1], "time is not increasing"),
        ([], "time missing"),
        ([0.0], "time missing"),
    ],
)
def test_other_times_are_refused(time, problem):
    with pytest.raises(InputError, match=problem):
        sampling_rate(np.array(time), "a")
