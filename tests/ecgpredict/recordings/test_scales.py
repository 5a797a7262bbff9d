"""What converts a file's numbers to time and voltage, where it is not 1 or 0."""

import edfio
import numpy as np
import pytest
from recording_files import write_aecg

from ecgpredict import recordings
from ecgpredict.spec import LEADS


def test_an_aecg_leads_origin_is_added(signal, tmp_path):
    path = write_aecg(tmp_path / "a.xml", signal)
    path.write_text(path.read_text().replace('<origin value="0"', '<origin value="250"'))
    np.testing.assert_allclose(recordings.read(path).signal, signal + 0.25, atol=6e-4)


@pytest.mark.parametrize("seconds", [0.5, 2])
def test_an_edf_files_rate_is_its_samples_in_a_data_record_by_the_records_duration(signal, tmp_path, seconds):
    signals = [
        edfio.EdfSignal(column, 100, label=name, physical_dimension="mV", physical_range=(-32, 32))
        for name, column in zip(LEADS, signal.T.astype(float))
    ]
    edfio.Edf(signals, data_record_duration=seconds).write(tmp_path / "a.edf")
    recording = recordings.read(tmp_path / "a.edf")
    assert (recording.rate, len(recording.signal)) == (100, len(signal))
