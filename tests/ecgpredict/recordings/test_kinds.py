"""Recordings as they come: each kind of awkward input, in every format where it can occur, and what becomes of it.

"read" is with the right values, "warned" the same with a warning, "refused" by the name of the problem and what was
found. No kind may change a probability without a warning or a refusal.
"""

import zipfile

import altered_files as odd
import edfio
import numpy as np
import pytest
from recording_files import WRITERS, write_csv, write_dicom, write_muse, write_wfdb

from ecgpredict import prediction, recordings
from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS

EIGHT = [0, 1, *range(6, 12)]
ALL = tuple(WRITERS)
CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III", *LEADS[6:])
DERIVED = "warned: III aVR aVL aVF computed from I and II"
EQUAL = "warned: equal ranges in all leads"
INVERTED = "warned: aVR computed from the inverted lead"


def cabrera(signal):
    return signal[:, [LEADS.index(name.lstrip("-")) for name in CABRERA]] * np.where(np.array(CABRERA) == "-aVR", -1, 1)


def change(edit):
    """The right signal and the file's, which `edit` changed."""
    return lambda signal: (changed := edit(signal.copy()), changed)


def blank(*places):
    def edit(signal):
        for place in places:
            signal[place] = 0
        return signal

    return change(edit)


# kind: (formats, signal -> (the right signal, what is written), names of the written leads, outcome)
LEADS_AND_AMPLITUDES = {
    "Cabrera order, -aVR": (ALL, lambda s: (s, cabrera(s)), CABRERA, INVERTED),
    "aVR and -aVR": (ALL, lambda s: (s, np.column_stack([s, -s[:, 3]])), (*LEADS, "-aVR"), "read"),
    "eight leads": (ALL, lambda s: (s, s[:, EIGHT]), [LEADS[i] for i in EIGHT], DERIVED),
    "seven leads": (ALL, lambda s: (s, s[:, EIGHT[:7]]), [LEADS[i] for i in EIGHT[:7]], "refused: leads missing"),
    "a lead twice": (ALL[1:], lambda s: (s, s[:, [0, *range(12)]]), ("I", *LEADS), "refused: duplicate lead"),
    "six times the gain": (ALL, change(lambda s: 6 * s), LEADS, "warned: unusually high amplitudes"),
    "a fifth of the gain": (ALL, change(lambda s: s / 5), LEADS, "warned: unusually low amplitudes"),
    "normalized": (ALL, change(lambda s: 2 * (s - s.min(axis=0)) / np.ptp(s, axis=0) - 1), LEADS, EQUAL),
    "blank after 6 s": (ALL, blank(np.s_[600:]), LEADS, "warned: constant for 1 s or more: I II"),
    "padded": (ALL, blank(np.s_[:150], np.s_[-150:]), LEADS, "warned: constant for 1 s or more: I II"),
    "a lead off for 4 s": (ALL, blank(np.s_[300:700, 7]), LEADS, "warned: constant for 1 s or more: V2"),
}


def check(path, right, outcome, **given):
    verdict, _, expected = outcome.partition(": ")
    if verdict == "refused":
        with pytest.raises(InputError) as caught:
            recordings.read(path, **given)
        problem, _, found = expected.partition(": ")
        assert caught.value.problem == problem
        assert found in str(caught.value.found)
        assert str(path.parent) in str(caught.value.where)
        return
    recording = recordings.read(path, **given)
    np.testing.assert_allclose(recording.signal, right, atol=2e-3)
    warnings = [text for text in recordings.quality_warnings(recording) if "violate" not in text]
    if verdict == "read":
        assert not warnings
    else:
        assert expected in " | ".join(warnings)


@pytest.mark.parametrize(
    ("kind", "form"), [(kind, form) for kind, row in LEADS_AND_AMPLITUDES.items() for form in row[0]]
)
def test_leads_and_amplitudes(kind, form, signal, tmp_path):
    _, make, names, outcome = LEADS_AND_AMPLITUDES[kind]
    right, written = make(np.round(signal, 3))
    check(WRITERS[form](tmp_path, written, names=names), right, outcome, units="mV")


def table(edit=np.array, **more):
    """A CSV file of a signal that `edit` changed."""
    return lambda folder, signal: write_csv(folder / "a.csv", edit(signal), **{"rate": 100} | more)


def written(form, **more):
    return lambda folder, signal: WRITERS[form](folder, signal, **more)


PULSE = [edfio.EdfSignal(np.zeros(1000), 100, label="Pulse", physical_range=(-1, 1)) for _ in range(2)]
BREATH = edfio.EdfSignal(np.zeros(250), 25, label="Resp", physical_dimension="L", physical_range=(-1, 1))
PREFIXED = [f"ECG {lead}" for lead in LEADS]
HALF_A_LEAD = (np.arange(1000)[:, None] < 500) & (np.arange(12) == 2)

TABLE, NUMPY, WFDB, DICOM, EDF, XML, SCP = (
    f"refused: unreadable {kind}: "
    for kind in ("table", "NumPy file", "WFDB record", "DICOM file", "EDF file", "XML file", "SCP-ECG file")
)
KINDS = {
    # WFDB
    "WFDB: gain 0": (odd.gains(b"0(0)/mV"), "refused: no gain"),
    "WFDB: no gain": (odd.header(rb" 16 [\d.]+\(-?\d+\)/mV.*", b" 16"), "refused: no gain"),
    "WFDB: 1000(mV)/0": (odd.gains(b"1000(mV)/0"), "refused: no gain: 1000(mV)/0"),
    "WFDB: no rate": (odd.header(rb"record 12.*", b"record 12"), "refused: unknown sampling rate"),
    "WFDB: no rate, given": (odd.header(rb"record 12.*", b"record 12"), "read", {"rate": 100}),
    "WFDB: µV": (written("WFDB", units="µV"), "read"),
    "WFDB: uV": (written("WFDB", units="uV"), "read"),
    "WFDB: the byte of µ in a name": (odd.header(rb" V1\r?\n", " 胸导V1\n".encode()), "read"),
    "WFDB: µV in Latin-1": (odd.microvolts(b"1000/mV", b"1/\xb5V"), "read"),
    "WFDB: suffix in the name": (odd.microvolts(b"A0001 12", b"A0001.mat 12"), "read"),
    "WFDB: a year": (odd.header(rb"100 1000", b"100 1000 2006"), "read"),
    "WFDB: a short date": (odd.header(rb"100 1000", b"100 1000 12:00:00 01/02/89"), "read"),
    "WFDB: 100 samples a frame": (odd.frames, "read"),
    "WFDB: upper case": (odd.upper_case, "read"),
    "WFDB: a changed sample": (odd.changed("WFDB", odd.flipped, ".dat"), "warned: checksum, damaged?"),
    "WFDB: segments of two units": (odd.segments, "refused: segments with different units"),
    "WFDB: adu": (odd.microvolts(b"/mV", b"/adu"), "refused: unknown unit: adu", {"units": "mV"}),
    "WFDB: a signal file elsewhere": (odd.header(rb"record.dat", b"../record.dat"), WFDB),
    "WFDB: a header without text": (odd.header(rb"(?s).+", b""), WFDB + "none"),
    "WFDB: a header of bits": (odd.header(rb"(?s).+", "\x80\x81\n".encode()), WFDB + r"'\x80\x81'"),
    "WFDB: its own segment": (
        odd.header(rb"(?s).+", b"record/1 12 100 1000\nrecord 1000\n"),
        WFDB + "segments within",
    ),
    "WFDB: too few segments": (odd.header(rb"(?s).+", b"record/2147483648 12 100 1000\nrecord 1000\n"), WFDB + "1"),
    "WFDB: too few signals": (odd.header(rb"(?s).+", b"record 12 100 1000\nrecord.dat 16 1000/mV\n"), WFDB + "1"),
    "WFDB: too long": (odd.header(b"100 1000", b"100 99999999"), "refused: recording too large: 1,199,999,988"),
    "WFDB: longer than it is": (odd.header(b"100 1000", b"100 2000000"), WFDB + "24,000 bytes"),
    "WFDB: 5000 digits": (odd.header(b"100 1000", b"100 " + b"9" * 5000), "refused: recording too large: announced"),
    "WFDB: 9999999 leads": (odd.header(b"record 12", b"record 9999999"), "refused: recording too large: announced"),
    "WFDB: 0 Hz": (odd.header(b"100 1000", b"0 1000"), "refused: sampling rate out of range: 0 Hz"),
    "WFDB: 1 MHz": (odd.header(b"100 1000", b"1000000 1000"), "refused: sampling rate out of range: 1e+06 Hz"),
    "WFDB: a lead without a name": (odd.header(rb" V1\r?\n", b"\n"), "refused: leads missing: V2"),
    "WFDB: cut": (odd.cut("WFDB", 1000, ".dat"), WFDB + "23,000 bytes"),
    "WFDB: text as samples": (odd.changed("WFDB", lambda _: b"this is a text", ".dat"), WFDB + "14 bytes"),
    "WFDB: a signal file alone": (odd.other("lone.dat", bytes(100)), WFDB),
    "WFDB: a .mat file alone": (odd.lone_mat, WFDB + "no such file"),
    # CSV
    "CSV: a comma at the end": (odd.each_row(lambda row: f"{row},"), TABLE + "row 2 has 14"),
    "CSV: an unnamed column": (odd.each_row(lambda row: f"N,{row}"), TABLE + "row 2 has 14"),
    "CSV: two commas": (odd.each_row(lambda row: row.replace(".", ",")), TABLE + "row 2 has"),
    "CSV: semicolons": (odd.csv(lambda rows: [row.replace(",", ";") for row in rows]), "read"),
    "CSV: semicolons and commas": (odd.csv(lambda rows: [r.replace(",", ";").replace(".", ",") for r in rows]), "read"),
    "CSV: tabs": (odd.csv(lambda rows: [row.replace(",", "\t") for row in rows]), "read"),
    "CSV: no header": (odd.csv(lambda rows: rows[1:]), TABLE + "numbers in the first row"),
    "CSV: quoted names": (odd.csv(lambda rows: [", ".join(f'"{n}"' for n in rows[0].split(",")), *rows[1:]]), "read"),
    "CSV: Time [s]": (odd.time_column("Time [s]"), "read"),
    "CSV: time (ms)": (odd.time_column("time (ms)", 1000), "read"),
    "CSV: time_ms": (odd.time_column("time_ms", 1000), "read"),
    "CSV: sec": (odd.time_column("sec"), "read"),
    "CSV: timestamp": (odd.time_column("timestamp"), "refused: a time of unknown unit: timestamp"),
    "CSV: nothing": (odd.other("a.csv", b""), "refused: empty file"),
    "CSV: words": (odd.other("a.csv", b"I,II\nhello,world\n"), TABLE),
    "CSV: no time": (table(rate=None), "refused: unknown sampling rate"),
    "CSV: a fast one": (table(rate=250_000), "refused: sampling rate out of range"),
    "CSV: a lead twice": (table(names=["I", "i", *LEADS[2:]]), "refused: duplicate lead"),
    "CSV: 3 s": (table(lambda s: s[:300]), "refused: recording too short"),
    "CSV: 5 s of a lead": (table(lambda s: np.where(HALF_A_LEAD, np.nan, s)), "refused: too many samples missing"),
    "CSV: no numbers": (table(lambda s: s * np.nan), "refused: too many samples missing: 100%"),
    # NumPy
    "npz: a rate of shape (1,)": (odd.npz(rate=np.array([100])), "read"),
    "npz: leads as objects": (odd.npz(leads=np.array(LEADS, object)), NUMPY),
    "npz: leads as a long text": (odd.npz(leads=np.array("x" * 100_000)), NUMPY + "at most"),
    "npz: cut": (odd.cut("npz", 200), NUMPY + "BadZipFile"),
    "npz: 16 hours": (odd.npz(signal=np.zeros((6_000_000, 12), np.int8)), "refused: recording too long: 60000 seconds"),
    "npz: 0 s": (odd.npz(signal=np.zeros((0, 12))), "refused: recording too short: 0 seconds"),
    "npz: infinite": (odd.npz(signal=np.full((1000, 12), np.inf)), "refused: too many samples missing: 100%"),
    "npz: 0 Hz": (odd.npz(rate=0), "refused: sampling rate out of range: 0 Hz"),
    "npz: nan Hz": (odd.npz(rate=np.nan), "refused: sampling rate out of range: nan Hz"),
    "npy: a damaged header": (odd.npy(b"}", b"{"), NUMPY, {"rate": 100, "units": "mV"}),
    "npy: more than there is": (odd.npy(b"1000, 12), ", b"9000000012,), "), NUMPY + "mmap length"),
    "npy: garbage": (odd.other("a.npy", b"\x93NUMPY garbage"), NUMPY),
    # DICOM
    "DICOM: mV": (written("DICOM", units="mV"), "read"),
    "DICOM: big endian": (odd.dicom(odd.swapped), "read"),
    "DICOM: mu-law": (odd.recorded(WaveformSampleInterpretation="MB"), DICOM + "16 bits of the kind MB"),
    "DICOM: 0 as padding": (odd.recorded(WaveformPaddingValue=bytes(2)), "read"),
    "DICOM: a short group first": (odd.dicom(odd.short_group_first), "read"),
    "DICOM: the code of -aVR": (odd.dicom(odd.inverted_code), INVERTED),
    "DICOM: codes of SCP-ECG": (odd.each_channel(odd.code_of_scp), "read"),
    "DICOM: no suffix": (odd.dicom(lambda file: None, "IM000001"), "read"),
    "DICOM: no preamble": (odd.changed("DICOM", lambda content: content[132:]), "read"),
    "DICOM: cut": (odd.cut("DICOM"), DICOM),
    "DICOM: no recording": (odd.dicom(lambda file: delattr(file, "WaveformSequence")), DICOM + "ECG"),
    "DICOM: a derived beat alone": (odd.dicom(lambda file: file.WaveformSequence.pop()), DICOM + "only derived"),
    "DICOM: no rate": (odd.recorded(SamplingFrequency=None), DICOM + "SamplingFrequency"),
    "DICOM: deflated": (odd.dicom(odd.deflated), DICOM + "deflated"),
    "DICOM: no gain": (odd.without("ChannelSensitivity"), "refused: no gain: none"),
    "DICOM: no unit": (odd.without("ChannelSensitivityUnitsSequence"), "refused: no gain: none"),
    "DICOM: no lead": (odd.without("ChannelSourceSequence"), DICOM + "ChannelSourceSequence"),
    "DICOM: gain 0": (odd.each_channel(lambda one: setattr(one, "ChannelSensitivity", 0)), "refused: no gain: 0"),
    "DICOM: a pressure": (written("DICOM", units="mm[Hg]"), "refused: unknown unit: mm[Hg]"),
    "DICOM: 2^31 samples": (odd.recorded(NumberOfWaveformSamples=2**31), "refused: recording too large: announced"),
    # EDF
    "EDF: mV": (written("EDF", units="mV"), "read"),
    "EDF: µV in UTF-8": (odd.edf(odd.UNITS, "µV".encode()), "read"),
    "EDF: no dimension": (odd.edf(odd.UNITS, b"  "), "refused: unknown unit: none"),
    "EDF: no dimension, given": (odd.edf(odd.UNITS, b"  "), "read", {"units": "µV"}),
    "EDF: a pressure": (odd.edf(odd.UNITS, b"mmHg"), "refused: unknown unit: mmHg"),
    "EDF: other signals inverted and twice": (written("EDF", others=PULSE), "read"),
    "EDF: labels with a prefix, another rate": (written("EDF", names=PREFIXED, others=[BREATH]), "read"),
    "EDF: two rates": (odd.two_rates, "refused: leads with different sampling rates: 50 Hz, 100 Hz"),
    "EDF+D without interruptions": (odd.edf([192], b"EDF+D"), "read"),
    "EDF+D with interruptions": (odd.interrupted, EDF + "EDF+D"),
    "EDF: cut": (odd.cut("EDF"), EDF + "bytes of signal"),
    "BDF: cut": (odd.cut("BDF"), EDF + "bytes of signal"),
    "EDF: 9999 signals": (odd.edf([252], b"9999"), EDF + "9999 signals"),
    "EDF: 99999999 records": (odd.edf([236], b"99999999"), EDF + "bytes of signal"),
    "EDF: records of 0 s": (odd.edf([244], b"0       "), EDF + "records of 0 s"),
    "EDF: no range": (odd.edf([256 + 104 * odd.SIGNALS], b"32767   "), "refused: no gain: 32767 to 32767"),
    "EDF: inverse digits": (odd.edf([256 + 120 * odd.SIGNALS], b"40000   "), "refused: no gain: for 40000 to 32767"),
    "EDF: an EEG's lead": (odd.edf([256 + 16 * 11], b"EEG Fpz         "), "refused: leads missing: aVR"),
    # XML
    "aECG: mV": (written("aECG", units="mV"), "read"),
    "aECG: a comment of 5 kB": (odd.replaced("<Annot", f"<!--{5000 * 'x'}--><Annot"), "read"),
    "aECG: a short series first": (odd.aecg(odd.short_series_first), "read"),
    "aECG: AVRNEG": (odd.aecg(odd.negated), INVERTED),
    "aECG: another root": (odd.replaced("AnnotatedECG", "OtherECG"), XML + "another kind of XML"),
    "aECG: no increment": (odd.replaced("increment", "step"), XML + "increment"),
    "aECG: no scale": (odd.replaced("scale", "scala"), "refused: no gain: 0"),
    "aECG: no unit": (odd.replaced('<scale value="1" unit="uV"/>', '<scale value="1"/>'), "refused: no gain: 1"),
    "aECG: an unknown lead": (odd.replaced('LEAD_V6"', 'LEAD_X"'), "refused: leads missing: V5"),
    "aECG: entities": (odd.hostile("aECG", b"<AnnotatedECG"), XML + "entity declarations are not allowed"),
    "MUSE: no unit": (lambda folder, s: write_muse(folder / "a.xml", s, units=""), "refused: no gain"),
    "MUSE: entities": (odd.hostile("MUSE", b"<RestingECG"), XML),
    "Philips: entities": (odd.hostile("Philips", b"<restingecgdata"), XML),
    # SCP-ECG
    "SCP-ECG: tables of its own": (
        odd.scp(table=odd.OWN_TABLE),
        SCP + "SCP-ECG with Huffman tables of its own",
    ),
    "SCP-ECG: subtracted beats": (odd.scp(flags=0x05), SCP),
    "SCP-ECG: more samples than bits": (odd.changed("SCP-ECG", odd.longer_scp), "refused: recording too large"),
    # what is not read
    "nowhere": (lambda folder, s: folder / "nowhere", "refused: recording missing"),
    "a table nowhere": (lambda folder, s: folder / "nowhere.csv", "refused: recording missing"),
    "PDF": (odd.other("a.pdf"), "refused: a format that is not read: .pdf"),
    "packed table": (odd.other("a.csv.gz"), "refused: a format that is not read: .gz"),
    "text": (odd.other("a.txt"), "refused: a format that is not read: .txt"),
    "HDF5": (odd.other("a.hdf5"), "refused: a format that is not read: .hdf5"),
    "EDF under another name": (odd.other("a.rec"), "refused: a format that is not read: .rec"),
    "a device's own": (odd.other("a.ecg"), "refused: a format that is not read: .ecg"),
    "a damaged zip file": (odd.other("a.zip"), "refused: unreadable archive"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_one_format(kind, signal, tmp_path):
    make, outcome, *given = KINDS[kind]
    signal = np.round(signal, 3)
    defaults = {"units": "mV"} if kind.startswith("CSV") else {}
    check(make(tmp_path, signal), signal, outcome, **(given[0] if given else defaults))


# ---- folders and archives ----


def test_a_cd_reads_as_it_is(signal, tmp_path):
    folder = tmp_path / "DICOM" / "PAT1"
    folder.mkdir(parents=True)
    write_dicom(folder / "IM000001", signal)
    write_dicom(folder / "1.2.840.113619.2", signal)
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "IM000002").write_bytes(b"\0" * 128 + b"DICM" + b"an image")
    (folder / "readme").write_text("of the viewer")
    assert [path.name for path in prediction.find_recordings([tmp_path])] == ["1.2.840.113619.2", "IM000001"]


def test_linked_folders_are_followed_once_and_the_marks_of_a_mac_are_not_recordings(signal, tmp_path):
    (tmp_path / "real").mkdir()
    write_wfdb(tmp_path / "real", signal)
    (tmp_path / "real" / "._record.hea").write_bytes(b"\0\5\x16\7")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "study" / "itself").symlink_to(tmp_path / "study")
    assert prediction.find_recordings([tmp_path / "study"]) == [tmp_path / "study" / "link" / "record.hea"]


@pytest.mark.parametrize("form", ALL)
def test_an_archive_is_read_in_place(form, signal, tmp_path):
    signal = np.round(signal, 3)
    (tmp_path / "in").mkdir()
    WRITERS[form](tmp_path / "in", signal)
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (tmp_path / "in").iterdir():
            archive.write(file, f"folder/{file.name}")
    (path,) = prediction.find_recordings([tmp_path / "all.zip"])
    check(path, signal, "read", units="mV")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["all.zip", "in"]


def test_an_archive_expands_to_no_more_than_a_limit(tmp_path):
    archive = zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("a.csv", "w") as file:
        for _ in range(201):
            file.write(bytes(1_000_000))
    check(tmp_path / "bomb.zip" / "a.csv", None, "refused: archive too large")
