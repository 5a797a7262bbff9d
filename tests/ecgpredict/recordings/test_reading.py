"""Reading one recording: formats, units, lead names and orders, and a clear error for files that cannot be read."""

import numpy as np
import pytest
from recording_files import write_csv, write_wfdb

from ecgpredict import recordings
from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS


@pytest.mark.parametrize("suffix", ["", ".hea", ".dat"])
def test_a_wfdb_record_is_read_by_any_of_its_names(signal, tmp_path, suffix):
    base = write_wfdb(tmp_path, signal)
    recording = recordings.read(base.with_name(base.name + suffix))
    assert (recording.name, recording.rate) == ("record", 100)
    np.testing.assert_allclose(recording.signal, signal, atol=1e-3)


@pytest.mark.parametrize(
    "name", [str.upper, str.lower, lambda lead: f"Lead {lead}", lambda lead: f"MDC_ECG_LEAD_{lead}"]
)
def test_leads_are_known_by_their_usual_names_and_in_any_order(signal, tmp_path, name):
    order = np.random.default_rng(0).permutation(12)
    path = write_csv(tmp_path / "a.csv", signal[:, order], rate=100, names=[name(LEADS[i]) for i in order])
    np.testing.assert_allclose(recordings.read(path, units="mV").signal, signal, atol=1e-6)


def test_other_channels_are_ignored(signal, tmp_path):
    both = np.column_stack([np.zeros(1000), signal])
    path = write_csv(tmp_path / "a.csv", both, rate=100, names=["resp", *LEADS])
    np.testing.assert_allclose(recordings.read(path, units="mV").signal, signal, atol=1e-6)


@pytest.mark.parametrize("transposed", [False, True])
def test_numpy_files_hold_leads_in_columns_or_rows(signal, tmp_path, transposed):
    np.save(tmp_path / "a.npy", signal.T if transposed else signal)
    recording = recordings.read(tmp_path / "a.npy", rate=100, units="mV")
    np.testing.assert_array_equal(recording.signal, signal)


def test_an_npz_file_states_leads_rate_and_unit(signal, tmp_path):
    np.savez(tmp_path / "a.npz", signal=signal[:, ::-1] * 1000, rate=100, leads=LEADS[::-1], units="uV")
    np.testing.assert_allclose(recordings.read(tmp_path / "a.npz").signal, signal, atol=1e-5)


def test_a_missing_unit_is_an_error(signal, tmp_path):
    with pytest.raises(InputError, match="unknown unit") as caught:
        recordings.read(write_csv(tmp_path / "a.csv", signal, rate=100))
    assert "--units mV" in caught.value.hint
