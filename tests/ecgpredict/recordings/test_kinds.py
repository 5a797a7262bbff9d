"""Recordings as they come: each kind of awkward input, in every format where it can occur, and what becomes of it.

"read" is with the right values, "warned" the same with a warning, "refused" by the name of the problem. No kind may
change a probability without a warning or a refusal.
"""

import copy
import re
import struct
import zipfile

import edfio
import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian
from recording_files import (
    WRITERS,
    write_aecg,
    write_csv,
    write_dicom,
    write_edf,
    write_mat,
    write_muse,
    write_philips,
    write_scp,
    write_wfdb,
)

from ecgpredict import prediction, recordings
from ecgpredict.errors import InputError
from ecgpredict.spec import LEADS

EIGHT = [0, 1, *range(6, 12)]
ALL = tuple(WRITERS)
CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III", *LEADS[6:])


def cabrera(signal):
    return signal[:, [LEADS.index(name.lstrip("-")) for name in CABRERA]] * np.where(np.array(CABRERA) == "-aVR", -1, 1)


def change(edit):
    """The right signal and the file's, which `edit` changed."""
    return lambda signal: (changed := edit(signal.copy()), changed)


def blank(signal, *places):
    for place in places:
        signal[place] = 0
    return signal


# kind: (formats, signal -> (the right signal, what is written), names of the written leads, outcome)
LEADS_AND_AMPLITUDES = {
    "twelve leads": (ALL, lambda s: (s, s), LEADS, "read"),
    "Cabrera order, -aVR": (ALL, lambda s: (s, cabrera(s)), CABRERA, "warned: aVR computed from the inverted lead"),
    "aVR and -aVR": (
        ALL,
        lambda s: (s, np.column_stack([s, -s[:, 3]])),
        (*LEADS, "-aVR"),
        "read",
    ),
    "eight leads": (
        ALL,
        lambda s: (s, s[:, EIGHT]),
        [LEADS[i] for i in EIGHT],
        "warned: III aVR aVL aVF computed from I and II",
    ),
    "seven leads": (ALL, lambda s: (s, s[:, EIGHT[:7]]), [LEADS[i] for i in EIGHT[:7]], "refused: leads missing"),
    "a lead twice": (ALL[1:], lambda s: (s, s[:, [0, *range(12)]]), ("I", *LEADS), "refused: duplicate lead"),
    "six times the gain": (ALL, change(lambda s: 6 * s), LEADS, "warned: unusually high amplitudes"),
    "a fifth of the gain": (ALL, change(lambda s: s / 5), LEADS, "warned: unusually low amplitudes"),
    "normalized": (
        ALL,
        change(lambda s: 2 * (s - s.min(axis=0)) / np.ptp(s, axis=0) - 1),
        LEADS,
        "warned: equal ranges in all leads",
    ),
    "blank after 6 s": (ALL, change(lambda s: blank(s, np.s_[600:])), LEADS, "warned: constant for 1 s or more: I II"),
    "padded at both ends": (
        ALL,
        change(lambda s: blank(s, np.s_[:150], np.s_[-150:])),
        LEADS,
        "warned: constant for 1 s or more: I II",
    ),
    "a lead off for 4 s": (
        ALL,
        change(lambda s: blank(s, np.s_[300:700, 7])),
        LEADS,
        "warned: constant for 1 s or more: V2",
    ),
}


def check(path, right, outcome, **given):
    if outcome.startswith("refused: "):
        with pytest.raises(InputError) as caught:
            recordings.read(path, **given)
        assert outcome.removeprefix("refused: ") in f"{caught.value.problem}: {caught.value.found}"
        return
    recording = recordings.read(path, **given)
    np.testing.assert_allclose(recording.signal, right, atol=2e-3)
    warnings = [text for text in recordings.quality_warnings(recording) if "violate" not in text]
    if outcome == "read":
        assert not warnings
    else:
        assert outcome.removeprefix("warned: ") in " | ".join(warnings)


@pytest.mark.parametrize(
    ("kind", "form"), [(kind, form) for kind, row in LEADS_AND_AMPLITUDES.items() for form in row[0]]
)
def test_leads_and_amplitudes(kind, form, signal, tmp_path):
    _, make, names, outcome = LEADS_AND_AMPLITUDES[kind]
    right, written = make(np.round(signal, 3))
    if form == "npz" or form == "CSV" or written.shape[1] == len(names):
        check(WRITERS[form](tmp_path, written, names=names), right, outcome, units="mV")


# ---- kinds of one format ----


def wfdb(*changes, file=None):
    """A WFDB record whose header has other text in places; `file` edits its folder."""

    def make(folder, signal):
        base = write_wfdb(folder, signal)
        header = base.with_suffix(".hea")
        content = header.read_bytes()
        for old, new in changes:
            assert re.search(old, content)
            content = re.sub(old, new, content)
        header.write_bytes(content)
        return file(folder) if file else base

    return make


def gains(new):
    return rb" 16 [\d.]+\(-?\d+\)/mV", b" 16 " + new


def microvolts(new):
    """Headers whose gain means what the samples are: 1000 a millivolt."""

    def make(folder, signal):
        path = write_mat(folder, signal)
        header = folder / "A0001.hea"
        header.write_bytes(new(header.read_bytes()))
        return path

    return make


def damaged_signal(folder):
    path = folder / "record.dat"
    content = bytearray(path.read_bytes())
    content[12000] ^= 0x01
    path.write_bytes(content)
    return folder / "record"


def upper_case(folder):
    for name in ("record.hea", "record.dat"):
        (folder / name).rename(folder / name.upper())
    return folder / "RECORD.HEA"


def frames(folder, signal):
    """The layout of some converters: ten frames of a second with a hundred samples of each lead."""
    counts = np.round(signal * 1000).astype("<i2").reshape(10, 100, 12).transpose(0, 2, 1)
    (folder / "rec.dat").write_bytes(counts.tobytes())
    lines = ["rec 12 1 10", *(f"rec.dat 16x100 1000/mV 16 0 0 0 0 {name}" for name in LEADS)]
    (folder / "rec.hea").write_text("\n".join(lines) + "\n")
    return folder / "rec"


def segments(folder, signal):
    base = write_wfdb(folder, signal)
    header = base.with_suffix(".hea").read_text()
    for number, unit in enumerate(("mV", "uV")):
        (folder / f"p{number}.hea").write_text(header.replace("record 12", f"p{number} 12").replace("/mV", f"/{unit}"))
    (folder / "all.hea").write_text("all/2 12 100 2000\np0 1000\np1 1000\n")
    return folder / "all"


def csv(edit):
    """A table whose lines are edited."""

    def make(folder, signal):
        path = write_csv(folder / "a.csv", signal, rate=100)
        path.write_text("\n".join(edit(path.read_text().splitlines())))
        return path

    return make


def column(lines, name, factor=1.0):
    """The column of times under another name and in another unit."""
    times = (f"{float(line.split(',')[0]) * factor:g},{line.split(',', 1)[1]}" for line in lines[1:])
    return [lines[0].replace("time", name), *times]


def npz(**more):
    def make(folder, signal):
        np.savez(folder / "a.npz", **{"signal": signal, "rate": 100, "units": "mV", **more})
        return folder / "a.npz"

    return make


def dicom(edit, name="a.dcm"):
    return lambda folder, signal: write_dicom(folder / name, signal, change=edit)


def swapped(file):
    """Explicit VR Big Endian."""
    file.set_original_encoding(False, False)
    file.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    for group in file.WaveformSequence:
        group.WaveformData = np.frombuffer(group.WaveformData, "<i2").astype(">i2").tobytes()
        group.WaveformPaddingValue = np.int16(-32768).astype(">i2").tobytes()


def zero_padding(file):
    for group in file.WaveformSequence:
        group.WaveformPaddingValue = np.int16(0).tobytes()


def short_group_first(file):
    long = file.WaveformSequence[1]
    short = copy.deepcopy(long)
    short.NumberOfWaveformSamples, short.WaveformData = 200, long.WaveformData[: 200 * 24]
    file.WaveformSequence.insert(0, short)


def inverted_code(file):
    """-aVR by its code, as Cabrera's order has it."""
    group = file.WaveformSequence[1]
    counts = np.frombuffer(group.WaveformData, "<i2").reshape(-1, 12).copy()
    counts[:, 3] *= -1
    group.WaveformData = counts.tobytes()
    group.ChannelDefinitionSequence[3].ChannelSourceSequence[0].CodeValue = "2:65"


def without_preamble(folder, signal):
    path = write_dicom(folder / "a.dcm", signal)
    path.write_bytes(path.read_bytes()[132:])
    return path


def edf(start, text, write=write_edf):
    """An EDF file with another text at a place of its header."""

    def make(folder, signal):
        path = write(folder / "a.edf", signal)
        content = bytearray(path.read_bytes())
        for place in range(*start):
            content[place : place + len(text)] = text
        path.write_bytes(content)
        return path

    return make


UNITS = (256 + 96 * 13, 256 + 96 * 13 + 96, 8)  # the dimensions of twelve leads in a file of thirteen signals


def interrupted(folder, signal):
    path = edf((192, 193), b"EDF+D")(folder, signal)
    path.write_bytes(path.read_bytes().replace(b"+5\x14\x14", b"+7\x14\x14"))
    return path


def aecg(edit):
    def make(folder, signal):
        path = write_aecg(folder / "a.xml", signal)
        path.write_text(edit(path.read_text()))
        return path

    return make


def short_series_first(text):
    series = re.search("<component><series>.*</series></component>", text)[0]
    short = re.sub(
        "<digits>(.*?)</digits>", lambda digits: f"<digits>{' '.join(digits[1].split()[:200])}</digits>", series
    )
    return text.replace(series, short + series)


def negated(text):
    """aVR inverted, under the code of -aVR."""
    digits = re.search("LEAD_AVR.*?<digits>(.*?)</digits>", text)[1]
    return text.replace(digits, " ".join(str(-int(one)) for one in digits.split())).replace("LEAD_AVR", "LEAD_AVRNEG")


def hostile(write, root):
    """A file of a device with the entities of a bomb."""

    def make(folder, signal):
        text = write(folder / "a.xml", signal).read_text()
        bomb = f'<!DOCTYPE {root} [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        text = re.sub("<!DOCTYPE.*?>", "", text).replace(f"<{root}>", f"{bomb}<{root}>", 1)
        (folder / "a.xml").write_text(text)
        return folder / "a.xml"

    return make


OWN_TABLE = struct.pack("<HHBBBhI", 1, 1, 1, 16, 1, 0, 0)  # one code: a bit 0, then 15 bits


def scp(**more):
    return lambda folder, signal: write_scp(folder / "a.scp", signal, **more)


def longer_scp(folder, signal):
    path = write_scp(folder / "a.scp", signal)
    path.write_bytes(path.read_bytes().replace(struct.pack("<IIB", 1, 1000, 1), struct.pack("<IIB", 1, 2**32 - 1, 1)))
    return path


def other(name, content=b"%PDF"):
    def make(folder, signal):
        (folder / name).write_bytes(content)
        return folder / name

    return make


KINDS = {
    # WFDB
    "WFDB: gain 0": (wfdb(gains(b"0(0)/mV")), "refused: no gain"),
    "WFDB: no gain": (wfdb((rb" 16 [\d.]+\(-?\d+\)/mV.*", b" 16")), "refused: no gain"),
    "WFDB: 1000(mV)/0": (wfdb(gains(b"1000(mV)/0")), "refused: no gain: 1000(mV)/0"),
    "WFDB: no rate": (wfdb((rb"record 12.*", b"record 12")), "refused: unknown sampling rate"),
    "WFDB: no rate, given": (wfdb((rb"record 12.*", b"record 12")), "read", {"rate": 100}),
    "WFDB: the byte of µ in a name": (wfdb((rb" V1\r?\n", " 胸导V1\n".encode())), "read"),
    "WFDB: µV in Latin-1": (microvolts(lambda text: text.replace(b"1000/mV", b"1/\xb5V")), "read"),
    "WFDB: suffix in the name": (microvolts(lambda text: text.replace(b"A0001 12", b"A0001.mat 12")), "read"),
    "WFDB: a year": (wfdb((rb"100 1000", b"100 1000 2006")), "read"),
    "WFDB: a short date": (wfdb((rb"100 1000", b"100 1000 12:00:00 01/02/89")), "read"),
    "WFDB: 100 samples a frame": (frames, "read"),
    "WFDB: upper case": (wfdb(file=upper_case), "read"),
    "WFDB: a damaged signal file": (wfdb(file=damaged_signal), "warned: checksum, damaged?"),
    "WFDB: segments of two units": (segments, "refused: segments with different units"),
    "WFDB: adu": (
        microvolts(lambda text: text.replace(b"/mV", b"/adu")),
        "refused: unknown unit: adu",
        {"units": "mV"},
    ),
    "WFDB: a signal file elsewhere": (wfdb((rb"record.dat", b"../record.dat")), "refused: unreadable WFDB record"),
    # CSV
    "CSV: a comma at the end": (csv(lambda rows: [rows[0], *(f"{row}," for row in rows[1:])]), "refused: row 2 has 14"),
    "CSV: an unnamed column": (csv(lambda rows: [rows[0], *(f"N,{row}" for row in rows[1:])]), "refused: row 2 has 14"),
    "CSV: decimal commas between commas": (
        csv(lambda rows: [rows[0], *(r.replace(".", ",") for r in rows[1:])]),
        "refused: row 2 has",
    ),
    "CSV: semicolons": (csv(lambda rows: [row.replace(",", ";") for row in rows]), "read"),
    "CSV: semicolons and commas": (
        csv(lambda rows: [r.replace(",", ";").replace(".", ",") for r in rows]),
        "read",
    ),
    "CSV: tabs": (csv(lambda rows: [row.replace(",", "\t") for row in rows]), "read"),
    "CSV: no header": (csv(lambda rows: rows[1:]), "refused: unreadable table: numbers in the first row"),
    "CSV: quoted names": (csv(lambda rows: [", ".join(f'"{n}"' for n in rows[0].split(",")), *rows[1:]]), "read"),
    "CSV: Time [s]": (csv(lambda rows: column(rows, "Time [s]")), "read"),
    "CSV: time (ms)": (csv(lambda rows: column(rows, "time (ms)", 1000)), "read"),
    "CSV: time_ms": (csv(lambda rows: column(rows, "time_ms", 1000)), "read"),
    "CSV: sec": (csv(lambda rows: column(rows, "sec")), "read"),
    "CSV: timestamp": (csv(lambda rows: column(rows, "timestamp")), "refused: a time of unknown unit: timestamp"),
    # NumPy
    "npz: a rate of shape (1,)": (npz(rate=np.array([100])), "read"),
    "npz: leads as objects": (npz(leads=np.array(LEADS, object)), "refused: unreadable NumPy file"),
    # DICOM
    "DICOM: big endian": (dicom(swapped), "read"),
    "DICOM: mu-law": (
        dicom(lambda f: setattr(f.WaveformSequence[1], "WaveformSampleInterpretation", "MB")),
        "refused: unreadable DICOM file: 16 bits of the kind MB",
    ),
    "DICOM: 0 as padding": (dicom(zero_padding), "read"),
    "DICOM: a short group first": (dicom(short_group_first), "read"),
    "DICOM: the code of -aVR": (dicom(inverted_code), "warned: aVR computed from the inverted lead"),
    "DICOM: no suffix": (dicom(lambda file: None, "IM000001"), "read"),
    "DICOM: no preamble": (without_preamble, "read"),
    # EDF
    "EDF: µV in UTF-8": (edf(UNITS, "µV".encode()), "read"),
    "EDF: no dimension": (edf(UNITS, b"  "), "refused: unknown unit: none"),
    "EDF: no dimension, given": (edf(UNITS, b"  "), "read", {"units": "µV"}),
    "EDF+D without interruptions": (edf((192, 193), b"EDF+D"), "read"),
    "EDF+D with interruptions": (interrupted, "refused: unreadable EDF file: EDF+D"),
    # XML
    "aECG: a comment of 5 kB": (aecg(lambda t: t.replace("<Annot", f"<!--{5000 * 'x'}--><Annot", 1)), "read"),
    "aECG: a short series first": (aecg(short_series_first), "read"),
    "aECG: AVRNEG": (aecg(negated), "warned: aVR computed from the inverted lead"),
    "MUSE: no unit": (lambda folder, s: write_muse(folder / "a.xml", s, units=""), "refused: no gain"),
    "MUSE: entities": (hostile(write_muse, "RestingECG"), "refused: unreadable XML file"),
    "Philips: entities": (hostile(write_philips, "restingecgdata"), "refused: unreadable XML file"),
    # SCP-ECG
    "SCP-ECG: tables of its own": (scp(table=OWN_TABLE), "refused: SCP-ECG with Huffman tables of its own"),
    "SCP-ECG: subtracted beats": (scp(flags=0x05), "refused: unreadable SCP-ECG file"),
    "SCP-ECG: more samples than bits": (longer_scp, "refused: recording too large"),
    # what is not read
    "PDF": (other("a.pdf"), "refused: a format that is not read: .pdf"),
    "packed table": (other("a.csv.gz"), "refused: a format that is not read: .gz"),
    "text": (other("a.txt"), "refused: a format that is not read: .txt"),
    "HDF5": (other("a.hdf5"), "refused: a format that is not read: .hdf5"),
    "EDF under another name": (other("a.rec"), "refused: a format that is not read: .rec"),
    "a device's own": (other("a.ecg"), "refused: a format that is not read: .ecg"),
    "a damaged zip file": (other("a.zip"), "refused: unreadable archive"),
}


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
    with (
        zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w") as file,
    ):
        for _ in range(201):
            file.write(bytes(1_000_000))
    check(tmp_path / "bomb.zip" / "a.csv", None, "refused: archive too large")


def test_edfs_other_signals_may_be_inverted_or_twice(signal, tmp_path):
    pulse = [edfio.EdfSignal(np.zeros(1000), 100, label="Pulse", physical_range=(-1, 1)) for _ in range(2)]
    check(write_edf(tmp_path / "a.edf", np.round(signal, 3), others=pulse), np.round(signal, 3), "read")
