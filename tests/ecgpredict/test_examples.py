"""The synthetic recordings: read as written, with their intended defects."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecgpredict import examples, recordings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return examples.write(tmp_path_factory.mktemp("recordings"))


def test_they_are_the_same_every_time():
    for one, again in zip(examples.signals().values(), examples.signals().values()):
        assert one.shape == (1000, 12)
        np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize(
    ("name", "warnings"), [("normal", []), ("eight_leads", ["III aVR aVL aVF computed from I and II"])]
)
def test_the_wfdb_records_have_the_signal(folder, name, warnings):
    read = recordings.read(folder / f"{name}.hea")
    np.testing.assert_allclose(read.signal, examples.signals()["normal"], atol=2e-3)
    assert recordings.quality_warnings(read) == warnings


def test_the_resampled_and_reordered_csv_file_has_the_signal(folder):
    (window,) = recordings.windows(recordings.read(folder / "infarction.csv", units="mV"))
    inner = slice(50, -50)  # both resampling filters change the ends
    expected = resample_poly(examples.signals()["infarction"], 8, 1)[1::8]  # a sample is the signal 1.25 ms later
    assert np.abs(window - expected)[inner].mean() < 0.01


def test_a_flat_lead_gives_a_warning(folder):
    assert any("V3" in warning for warning in recordings.quality_warnings(recordings.read(folder / "hypertrophy.npz")))
