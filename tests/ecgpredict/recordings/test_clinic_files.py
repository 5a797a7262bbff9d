"""The files that clinics have: DICOM, EDF, BDF and the challenges' MAT files say everything, or are refused."""

import numpy as np
import pytest
from recording_files import WRITERS, write_dicom

from ecgpredict import prediction, recordings, released
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS

each_format = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


@each_format
def test_a_file_is_read_with_its_own_rate_unit_and_leads(write, signal, tmp_path):
    order = np.random.default_rng(0).permutation(12)
    path = write(tmp_path, signal[:, order].repeat(5, axis=0), rate=500, names=[LEADS[i] for i in order])
    recording = recordings.read(path, units="mV")
    assert (recording.name, recording.rate) == (path.stem, 500)
    np.testing.assert_allclose(recording.signal[::5], signal, atol=6e-4)  # files hold whole microvolts


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["EDF", "DICOM", "aECG"])
def test_a_file_made_from_a_ptbxl_record_gets_the_records_own_probabilities(kind, ptbxl, ptbxl_root, tmp_path):
    rows = ptbxl.in_folds(10).sample(20, seed=0)
    model, names = released.load(), rows.table["filename"]
    for position, name in enumerate(names):
        made = WRITERS[kind](tmp_path, rows.millivolts([position])[0])
        found, own = prediction.classify([made, ptbxl_root / name], model)
        assert not found.error and len(own.probabilities) == len(CLASSES)
        np.testing.assert_allclose(list(found.probabilities.values()), list(own.probabilities.values()), atol=1e-3)


def test_a_folder_stands_for_its_files_of_every_format(signal, tmp_path):
    for write in WRITERS.values():
        write(tmp_path, signal)
    found = [path.name for path in prediction.find_recordings([tmp_path])]
    assert found == [
        *("A0001.hea", "a.bdf", "a.csv", "a.dcm", "a.edf", "a.npz", "a.scp", "a.xml", "record.hea")
    ]  # the .mat file belongs to its header


def test_dicom_padding_is_a_missing_sample(signal, tmp_path):
    signal = signal.copy()
    signal[100:150, 3] = np.nan
    found = recordings.read(write_dicom(tmp_path / "a.dcm", signal))
    np.testing.assert_array_equal(np.isnan(found.signal), np.isnan(signal))
    assert recordings.quality_warnings(found) == ["missing samples, interpolated: aVR"]


def test_dicom_baseline_and_correction_are_applied(signal, tmp_path):
    def scale(file):
        for channel in file.WaveformSequence[1].ChannelDefinitionSequence:
            channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline = 2, 100  # microvolts

    path = write_dicom(tmp_path / "a.dcm", signal, change=scale)
    np.testing.assert_allclose(recordings.read(path).signal, 2 * signal + 0.1, atol=2e-3)


@pytest.mark.parametrize(("kind", "package"), [("EDF", "edfio"), ("DICOM", "pydicom"), ("aECG", "ecgdatakit")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(kind, package, signal, tmp_path, monkeypatch):
    path = WRITERS[kind](tmp_path, signal)

    def without_it(name):
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(name)
        return __import__(name)

    monkeypatch.setattr(recordings.raw.importlib, "import_module", without_it)
    with pytest.raises(InputError, match="package missing") as caught:
        recordings.read(path)
    assert caught.value.hint.startswith(f"pip install {package}")
