"""Recordings that are odd, damaged or hostile, made from valid files: functions (folder, signal) -> path."""

import copy
import re
import struct

import edfio
import numpy as np
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian
from recording_files import WRITERS, write_dicom, write_edf, write_mat, write_scp, write_wfdb

from ecgpredict.spec import LEADS


def changed(form, edit, suffix=""):
    """A file of a format, or its part with a suffix, whose content `edit` changed: bytes -> bytes."""

    def make(folder, signal):
        path = WRITERS[form](folder, signal)
        file = path.with_suffix(suffix) if suffix else path
        content = file.read_bytes()
        file.write_bytes(edit(content))
        assert file.read_bytes() != content
        return path

    return make


def cut(form, size=3000, suffix=""):
    """A file without its last bytes."""
    return changed(form, lambda content: content[:-size], suffix)


def flipped(content):
    """One bit of a sample changed."""
    return content[:12000] + bytes([content[12000] ^ 1]) + content[12001:]


def other(name, content=b"%PDF"):
    """A file of any content."""

    def make(folder, signal):
        (folder / name).write_bytes(content)
        return folder / name

    return make


# ---- WFDB ----


def header(old, new):
    """A WFDB record whose header has another text in every place that matches a pattern."""
    return changed("WFDB", lambda content: re.sub(old, new, content), ".hea")


def gains(new):
    return header(rb" 16 [\d.]+\(-?\d+\)/mV", b" 16 " + new)


def microvolts(old, new):
    """A header whose gain means what the samples are, 1000 a millivolt, with another text."""
    return changed("MAT", lambda content: content.replace(old, new), ".hea")


def upper_case(folder, signal):
    base = write_wfdb(folder, signal)
    for suffix in (".hea", ".dat"):
        base.with_suffix(suffix).rename(folder / f"RECORD{suffix.upper()}")
    return folder / "RECORD.HEA"


def frames(folder, signal):
    """The layout of some converters: ten frames of a second with a hundred samples of each lead."""
    counts = np.round(signal * 1000).astype("<i2").reshape(10, 100, 12).transpose(0, 2, 1)
    (folder / "rec.dat").write_bytes(counts.tobytes())
    lines = ["rec 12 1 10", *(f"rec.dat 16x100 1000/mV 16 0 0 0 0 {name}" for name in LEADS)]
    (folder / "rec.hea").write_text("\n".join(lines) + "\n")
    return folder / "rec"


def segments(folder, signal):
    """Two segments, in mV and in µV."""
    text = write_wfdb(folder, signal).with_suffix(".hea").read_text()
    for number, unit in enumerate(("mV", "uV")):
        (folder / f"p{number}.hea").write_text(text.replace("record 12", f"p{number} 12").replace("/mV", f"/{unit}"))
    (folder / "all.hea").write_text("all/2 12 100 2000\np0 1000\np1 1000\n")
    return folder / "all"


def lone_mat(folder, signal):
    path = write_mat(folder, signal)
    path.with_suffix(".hea").unlink()
    return path


# ---- tables and NumPy ----


def csv(edit):
    """A table whose lines are edited."""
    return changed("CSV", lambda content: "\n".join(edit(content.decode().splitlines())).encode())


def each_row(edit):
    return csv(lambda lines: [lines[0], *map(edit, lines[1:])])


def time_column(name, factor=1.0):
    """The column of times under another name and in another unit."""

    def edit(lines):
        times = (f"{float(line.split(',')[0]) * factor:g},{line.split(',', 1)[1]}" for line in lines[1:])
        return [lines[0].replace("time", name), *times]

    return csv(edit)


def npz(**more):
    def make(folder, signal):
        np.savez_compressed(folder / "a.npz", **{"signal": signal, "rate": 100, "units": "mV", **more})
        return folder / "a.npz"

    return make


def npy(old, new):
    """A .npy file with another text in its header."""

    def make(folder, signal):
        np.save(folder / "a.npy", signal)
        (folder / "a.npy").write_bytes((folder / "a.npy").read_bytes().replace(old, new))
        return folder / "a.npy"

    return make


# ---- DICOM ----


def dicom(edit, name="a.dcm"):
    return lambda folder, signal: write_dicom(folder / name, signal, change=edit)


def recorded(**values):
    """A DICOM file whose second group, the recording after a representative beat, has these values."""

    def edit(file):
        for name, value in values.items():
            if value is None:
                delattr(file.WaveformSequence[1], name)
            else:
                setattr(file.WaveformSequence[1], name, value)

    return dicom(edit)


def each_channel(edit):
    return dicom(lambda file: [edit(one) for group in file.WaveformSequence for one in group.ChannelDefinitionSequence])


def without(name):
    return each_channel(lambda channel: delattr(channel, name))


def swapped(file):
    """Explicit VR Big Endian."""
    file.set_original_encoding(False, False)
    file.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    for group in file.WaveformSequence:
        group.WaveformData = np.frombuffer(group.WaveformData, "<i2").astype(">i2").tobytes()
        group.WaveformPaddingValue = np.int16(-32768).astype(">i2").tobytes()


def deflated(file):
    file.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian


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


def code_of_scp(channel):
    source = channel.ChannelSourceSequence[0]
    source.CodeValue = source.CodeValue.replace("2:", "5.6.3-9-")
    source.CodingSchemeDesignator, source.CodeMeaning = "SCPECG", "Ableitung"


# ---- EDF ----

SIGNALS = 13  # twelve leads and the annotations
UNITS = range(256 + 96 * SIGNALS, 256 + 96 * SIGNALS + 96, 8)  # the leads' dimensions


def edf(places, text):
    """An EDF file with another text at places of its header."""

    def edit(content):
        content = bytearray(content)
        for place in places:
            content[place : place + len(text)] = text
        return content

    return changed("EDF", edit)


def interrupted(folder, signal):
    path = edf([192], b"EDF+D")(folder, signal)
    path.write_bytes(path.read_bytes().replace(b"+5\x14\x14", b"+7\x14\x14"))
    return path


def two_rates(folder, signal):
    slow = edfio.EdfSignal(signal[::2, 11], 50, label="V6", physical_dimension="mV", physical_range=(-9, 9))
    return write_edf(folder / "a.edf", signal[:, :11], names=LEADS[:11], others=[slow])


# ---- XML and SCP-ECG ----


def aecg(edit):
    return changed("aECG", lambda content: edit(content.decode()).encode())


def replaced(old, new):
    return aecg(lambda text: text.replace(old, new))


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


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def hostile(form, root):
    """A file with the entities of a bomb before its root element."""
    return changed(form, lambda text: re.sub(b"<!DOCTYPE.*?>", b"", text).replace(root, BOMB + root, 1))


OWN_TABLE = struct.pack("<HHBBBhI", 1, 1, 1, 16, 1, 0, 0)  # one code: a bit 0, then 15 bits


def scp(**more):
    return lambda folder, signal: write_scp(folder / "a.scp", signal, **more)


def longer_scp(content):
    """Lead I of 2^32 - 1 samples."""
    return content.replace(struct.pack("<IIB", 1, 1000, 1), struct.pack("<IIB", 1, 2**32 - 1, 1))
