"""Reading one recording: units, scales, lead names and orders, in the files of researchers, clinics and devices."""

import edfio
import numpy as np
import pytest
from recording_files import WRITERS, write_aecg, write_csv, write_dicom, write_wfdb

from ecgpredict import prediction, recordings, released
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS


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


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
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
