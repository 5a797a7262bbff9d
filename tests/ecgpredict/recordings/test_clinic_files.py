"""The files that clinics have: DICOM, EDF, BDF and the challenges' MAT files say everything, or are refused."""

import edfio
import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian
from recording_files import WRITERS, write_aecg, write_dicom, write_edf, write_mat

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


@pytest.mark.parametrize("write", [WRITERS["EDF"], WRITERS["DICOM"], WRITERS["aECG"]])
def test_millivolts_are_read_too(write, signal, tmp_path):
    np.testing.assert_allclose(recordings.read(write(tmp_path, signal, units="mV")).signal, signal, atol=6e-4)


@each_format
def test_a_file_gets_the_probabilities_of_the_same_signal(write, signal, tmp_path):
    signal = np.round(signal, 3)  # int8 steps magnify less than 1 µV
    np.savez(tmp_path / "own.npz", signal=signal, rate=100, units="mV")
    paths = [write(tmp_path, signal), tmp_path / "own.npz"]
    one, other = prediction.classify(paths, released.load(), units="mV")
    np.testing.assert_allclose(list(one.probabilities.values()), list(other.probabilities.values()), atol=1e-3)


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


def test_edf_labels_may_have_a_prefix_and_other_signals_another_rate(signal, tmp_path):
    breath = edfio.EdfSignal(np.zeros(250), 25, label="Resp", physical_dimension="L", physical_range=(-1, 1))
    path = write_edf(tmp_path / "a.edf", signal, names=[f"ECG {lead}" for lead in LEADS], others=[breath])
    np.testing.assert_allclose(recordings.read(path).signal, signal, atol=6e-4)


def test_dicom_channels_are_known_by_their_codes(signal, tmp_path):
    def scp(file):
        for group in file.WaveformSequence:
            for channel in group.ChannelDefinitionSequence:
                source = channel.ChannelSourceSequence[0]
                source.CodeValue = source.CodeValue.replace("2:", "5.6.3-9-")
                source.CodingSchemeDesignator, source.CodeMeaning = "SCPECG", "Ableitung"

    path = write_dicom(tmp_path / "a.dcm", signal, change=scp)
    np.testing.assert_allclose(recordings.read(path).signal, signal, atol=6e-4)


def test_a_dicom_file_is_known_by_its_content(signal, tmp_path):
    path = write_dicom(tmp_path / "IM000001", signal)
    np.testing.assert_allclose(recordings.read(path).signal, signal, atol=6e-4)


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


def edf_field(start, length, text):
    """An EDF file with another text in a field of its header."""

    def write(folder, signal):
        path = write_edf(folder / "a.edf", signal)
        content = bytearray(path.read_bytes())
        content[start : start + length] = text.ljust(length).encode("latin-1")
        path.write_bytes(content)
        return path

    return write


def changed(edit):
    return lambda folder, signal: write_dicom(folder / "a.dcm", signal, change=edit)


def each_channel(edit):
    return changed(
        lambda file: [edit(one) for group in file.WaveformSequence for one in group.ChannelDefinitionSequence]
    )


def without(name):
    return each_channel(lambda channel: delattr(channel, name))


def cut(write):
    def written(folder, signal):
        path = write(folder, signal)
        path.write_bytes(path.read_bytes()[:-3000])
        return path

    return written


def two_rates(folder, signal):
    slow = edfio.EdfSignal(signal[::2, 11], 50, label="V6", physical_dimension="mV", physical_range=(-9, 9))
    return write_edf(folder / "a.edf", signal[:, :11], names=LEADS[:11], others=[slow])


def lone_mat(folder, signal):
    path = write_mat(folder, signal)
    path.with_suffix(".hea").unlink()
    return path


def replaced(old, new):
    """An aECG with another text in every place."""

    def write(folder, signal):
        path = write_aecg(folder / "a.xml", signal)
        content = path.read_text()
        assert old in content
        path.write_text(content.replace(old, new))
        return path

    return write


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><AnnotatedECG '
N = 13  # twelve leads and the annotations


@pytest.mark.parametrize(
    ("make", "problem", "found"),
    [
        (cut(WRITERS["EDF"]), "unreadable EDF file", "bytes of signal"),
        (cut(WRITERS["BDF"]), "unreadable EDF file", "bytes of signal"),
        (edf_field(252, 4, "9999"), "unreadable EDF file", "9999 signals"),
        (edf_field(236, 8, "99999999"), "unreadable EDF file", "bytes of signal"),
        (edf_field(244, 8, "0"), "unreadable EDF file", "records of 0 s"),
        (edf_field(256 + 96 * N, 8, ""), "unknown unit", "none"),
        (edf_field(256 + 96 * N, 8, "mmHg"), "unknown unit", "mmHg"),
        (edf_field(256 + 104 * N, 8, "32767"), "no gain", "32767 to 32767"),
        (edf_field(256 + 120 * N, 8, "40000"), "no gain", "for 40000 to 32767"),
        (edf_field(256 + 16 * 11, 16, "EEG Fpz"), "leads missing", "aVR"),
        (two_rates, "leads with different sampling rates", "50 Hz, 100 Hz"),
        (cut(WRITERS["DICOM"]), "unreadable DICOM file", ""),
        (changed(lambda file: delattr(file, "WaveformSequence")), "unreadable DICOM file", "ECG"),
        (
            changed(lambda file: delattr(file.WaveformSequence[1], "SamplingFrequency")),
            "unreadable DICOM file",
            "SamplingFrequency",
        ),
        (changed(lambda file: file.WaveformSequence.pop()), "unreadable DICOM file", "only derived"),
        (
            changed(lambda file: setattr(file.file_meta, "TransferSyntaxUID", DeflatedExplicitVRLittleEndian)),
            "unreadable DICOM file",
            "deflated",
        ),
        (without("ChannelSensitivity"), "no gain", "none"),
        (without("ChannelSensitivityUnitsSequence"), "no gain", "none"),
        (without("ChannelSourceSequence"), "unreadable DICOM file", "ChannelSourceSequence"),
        (each_channel(lambda one: setattr(one, "ChannelSensitivity", 0)), "no gain", "0"),
        (
            each_channel(lambda one: setattr(one.ChannelSensitivityUnitsSequence[0], "CodeValue", "mm[Hg]")),
            "unknown unit",
            "mm[Hg]",
        ),
        (
            changed(lambda file: setattr(file.WaveformSequence[1], "NumberOfWaveformSamples", 2**31)),
            "recording too large",
            "announced",
        ),
        (replaced("AnnotatedECG", "OtherECG"), "unreadable XML file", "another kind of XML"),
        (replaced("<AnnotatedECG ", BOMB), "unreadable XML file", "entity declarations are not allowed"),
        (replaced("increment", "step"), "unreadable XML file", "increment"),
        (replaced("scale", "scala"), "no gain", "0"),
        (replaced('<scale value="1" unit="uV"/>', '<scale value="1"/>'), "no gain", "1"),
        (replaced('LEAD_V6" codeSystem="2.16.840.1.113883.6.24"', 'LEAD_X"'), "leads missing", "V5"),
        (lone_mat, "unreadable WFDB record", "no such file"),
    ],
)
def test_what_a_file_does_not_say_is_not_guessed(make, problem, found, signal, tmp_path):
    with pytest.raises(InputError, match=problem) as caught:
        recordings.read(make(tmp_path, signal))
    assert found in str(caught.value.found)


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
