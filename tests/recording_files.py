"""Writing signals (samples, 12) in mV as recordings of each format."""

import base64
import binascii
import struct

import edfio
import numpy as np
import pandas as pd
import wfdb
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from scipy.io import savemat

from ecgpredict.spec import LEADS


def write_wfdb(folder, signal, *, rate=100, names=LEADS, units="mV", fmt="16"):
    factor = {"mV": 1, "uV": 1000, "µV": 1000}[units]
    wfdb.wrsamp(
        "record",
        fs=rate,
        units=[units.replace("µ", "u")] * signal.shape[1],
        sig_name=list(names),
        p_signal=signal.astype(float) * factor,
        fmt=[fmt] * signal.shape[1],
        write_dir=str(folder),
    )
    header = folder / "record.hea"
    header.write_bytes(header.read_bytes().replace(b"uV", units.encode("utf-8")))
    return folder / "record"


def write_csv(path, signal, *, rate=None, names=LEADS, decimals=None):
    """Write a CSV file; times, if there is a rate, are rounded to `decimals`, e.g. 3 for milliseconds."""
    table = pd.DataFrame(signal, columns=list(names))
    if rate:
        time = np.arange(len(signal)) / rate
        table.insert(0, "time", time if decimals is None else time.round(decimals))
    table.to_csv(path, index=False)
    return path


def write_mat(folder, signal, *, rate=100, names=LEADS):
    """Write a record as PhysioNet's challenges do: MATLAB 4, int16 after a header of 24 bytes, and a WFDB header."""
    counts = np.round(signal.T * 1000).astype(np.int16)
    savemat(folder / "A0001.mat", {"val": counts}, format="4")
    lines = [f"A0001.mat 16+24 1000/mV 16 0 {row[0]} 0 0 {name}" for row, name in zip(counts, names)]
    (folder / "A0001.hea").write_text(
        "\n".join([f"A0001 {len(lines)} {rate} {counts.shape[1]}", *lines, "#Age: 50", ""])
    )
    return folder / "A0001.mat"


def write_edf(path, signal, *, rate=100, names=LEADS, units="uV", others=()):
    """Write an EDF or BDF file of one count a microvolt; `others` are further signals."""
    bdf = path.suffix == ".bdf"
    one = edfio.BdfSignal if bdf else edfio.EdfSignal
    scale = {"mV": 0.001, "uV": 1.0}[units]
    limits = tuple(scale * limit for limit in ((-8388608, 8388607) if bdf else (-32768, 32767)))
    signals = [
        one(np.round(signal[:, lead] * 1000) * scale, rate, label=name, physical_dimension=units, physical_range=limits)
        for lead, name in enumerate(names)
    ]
    (edfio.Bdf if bdf else edfio.Edf)([*signals, *others], annotations=[edfio.EdfAnnotation(1, None, "start")]).write(
        path
    )
    return path


LEAD_CODES = dict(
    zip((*LEADS, "-aVR"), (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8, 65))
)  # after "2:" in MDC, "5.6.3-9-" in SCPECG


def write_dicom(path, signal, *, rate=100, names=LEADS, units="uV", change=lambda file: None):
    """Write a 12-lead ECG of one count a microvolt and a representative beat, edited by `change` before."""
    file = FileDataset(path, {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID = generate_uid(entropy_srcs=["ecg"])
    file.Modality = "ECG"
    scale = {"mV": 0.001}.get(units, 1.0)
    beat = _waveform(signal[:100] / 2, rate, names, units, scale, "DERIVED")
    file.WaveformSequence = [beat, _waveform(signal, rate, names, units, scale, "ORIGINAL")]
    change(file)
    file.save_as(path)
    return path


def _waveform(signal, rate, names, units, scale, originality):
    group = Dataset()
    group.WaveformOriginality = originality
    group.NumberOfWaveformSamples, group.NumberOfWaveformChannels = signal.shape
    group.SamplingFrequency = rate
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.WaveformPaddingValue = np.int16(-32768).tobytes()
    counts = np.where(np.isnan(signal), -32768, np.round(signal * 1000)).astype("<i2")
    group.WaveformData = counts.tobytes()
    group.ChannelDefinitionSequence = [_channel(name, units, scale) for name in names]
    return group


def _channel(name, units, scale):
    channel = Dataset()
    channel.ChannelSourceSequence = [_code(f"2:{LEAD_CODES.get(name, 0)}", "MDC", f"Lead {name}")]
    channel.ChannelSensitivity = scale
    channel.ChannelSensitivityUnitsSequence = [_code(units, "UCUM", units)]
    channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline = 1, 0
    channel.WaveformBitsStored = 16
    return channel


def _code(value, scheme, meaning):
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def write_aecg(path, signal, *, rate=100, names=LEADS, units="uV"):
    """Write an HL7 aECG, as its implementation guide of 2005 has it, of one digit a microvolt."""
    scale = {"mV": 0.001, "uV": 1}[units]
    leads = "".join(
        f'<component><sequence><code code="MDC_ECG_LEAD_{name.upper()}" codeSystem="2.16.840.1.113883.6.24"/>'
        f'<value xsi:type="SLIST_PQ"><origin value="0" unit="{units}"/><scale value="{scale}" unit="{units}"/>'
        f"<digits>{' '.join(map(str, column))}</digits></value></sequence></component>"
        for name, column in zip(names, np.round(signal.T * 1000).astype(int))
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><AnnotatedECG xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><component><series><code code="RHYTHM" '
        'codeSystem="2.16.840.1.113883.5.4"/><component><sequenceSet><component><sequence><code code="TIME_ABSOLUTE" '
        'codeSystem="2.16.840.1.113883.5.4"/><value xsi:type="GLIST_TS"><head value="20260101120000.000"/>'
        f'<increment value="{1 / rate}" unit="s"/></value></sequence></component>{leads}'
        "</sequenceSet></component></series></component></AnnotatedECG>"
    )
    return path


def write_muse(path, signal, *, rate=100, names=LEADS, units="MICROVOLTS"):
    """Write a GE MUSE XML file of one count a microvolt."""
    leads = "".join(
        f"<LeadData><LeadID>{name}</LeadID><LeadAmplitudeUnitsPerBit>1</LeadAmplitudeUnitsPerBit>"
        f"<LeadAmplitudeUnits>{units}</LeadAmplitudeUnits><LeadSampleSize>2</LeadSampleSize>"
        f"<WaveFormData>{base64.b64encode(counts.tobytes()).decode()}</WaveFormData></LeadData>"
        for name, counts in zip(names, _counts(signal))
    )
    path.write_text(
        '<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE RestingECG SYSTEM "restecg.dtd"><RestingECG><Waveform>'
        f"<WaveformType>Rhythm</WaveformType><SampleBase>{rate}</SampleBase><SampleExponent>0</SampleExponent>"
        f"{leads}</Waveform></RestingECG>"
    )
    return path


def write_philips(path, signal, *, rate=100, names=LEADS):
    """Write a Philips XML file of one count a microvolt, not compressed."""
    counts = _counts(signal)
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><restingecgdata><documentinfo><documenttype>PhilipsECG</documenttype>'
        "<documentversion>1.04</documentversion></documentinfo><waveforms><parsedwaveforms "
        f'durationperchannel="{1000 * len(signal) // rate}" samplespersecond="{rate}" resolution="1" '
        f'leadlabels="{" ".join(names)}" numberofleads="{len(names)}" dataencoding="Base64" compressflag="False">'
        f"{base64.b64encode(counts.tobytes()).decode()}</parsedwaveforms></waveforms></restingecgdata>"
    )
    return path


def write_scp(path, signal, *, rate=100, names=LEADS, flags=0x04, table=None):
    """Write an SCP-ECG file of one count a microvolt, not compressed.

    `table` is a Huffman section whose one code is a bit 0 before 15 bits of data.
    """
    codes = {lead: int(code) for lead, code in LEAD_CODES.items()}
    counts = _counts(signal)
    lead_table = b"".join(struct.pack("<IIB", 1, len(signal), codes[name]) for name in names)
    sizes = b"".join(struct.pack("<H", row.nbytes) for row in counts)
    data = (counts & 0x7FFF).astype(">u2").tobytes() if table else counts.tobytes()
    bodies = {
        **({2: table} if table else {}),
        3: bytes([len(names), flags | len(names) << 3]) + lead_table,
        6: struct.pack("<HHBB", 1000, 1_000_000 // rate, 0, 0) + sizes + data,
    }
    sections, start = [], 6 + 16 + 10 * (1 + len(bodies))
    pointers = struct.pack("<HII", 0, start - 6, 7)
    for number, body in bodies.items():
        section = _scp_section(number, body)
        pointers += struct.pack("<HII", number, len(section), start + 1)
        start += len(section)
        sections.append(section)
    content = struct.pack("<I", start) + b"".join([_scp_section(0, pointers), *sections])
    path.write_bytes(struct.pack("<H", binascii.crc_hqx(content, 0xFFFF)) + content)
    return path


def _scp_section(number, body):
    header = struct.pack("<HIBB", number, 16 + len(body), 20, 20) + (b"SCPECG" if number == 0 else bytes(6))
    return struct.pack("<H", binascii.crc_hqx(header + body, 0xFFFF)) + header + body


def _counts(signal):
    """Leads (leads, samples) in whole microvolts."""
    return np.round(signal.T * 1000).astype("<i2")


def write_npz(path, signal, *, rate=100, names=LEADS, units="mV"):
    np.savez(path, signal=signal, rate=rate, leads=np.array(list(names)), units=units)
    return path


# format -> (folder, signal, rate=, names=) -> the path to read
WRITERS = {
    "WFDB": write_wfdb,
    "MAT": write_mat,
    "CSV": lambda folder, signal, rate=100, **more: write_csv(folder / "a.csv", signal, rate=rate, **more),
    "npz": lambda folder, signal, **more: write_npz(folder / "a.npz", signal, **more),
    "EDF": lambda folder, signal, **more: write_edf(folder / "a.edf", signal, **more),
    "BDF": lambda folder, signal, **more: write_edf(folder / "a.bdf", signal, **more),
    "DICOM": lambda folder, signal, **more: write_dicom(folder / "a.dcm", signal, **more),
    "aECG": lambda folder, signal, **more: write_aecg(folder / "a.xml", signal, **more),
    "MUSE": lambda folder, signal, **more: write_muse(folder / "a.xml", signal, **more),
    "Philips": lambda folder, signal, **more: write_philips(folder / "a.xml", signal, **more),
    "SCP-ECG": lambda folder, signal, **more: write_scp(folder / "a.scp", signal, **more),
}
