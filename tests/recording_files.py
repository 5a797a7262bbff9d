"""Writing signals (samples, 12) in mV as recordings of each format."""

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


LEAD_CODES = dict(zip(LEADS, (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8)))  # after "2:" in MDC, "5.6.3-9-" in SCPECG


def write_dicom(path, signal, *, rate=100, names=LEADS, units="uV", change=lambda file: None):
    """Write a 12-lead ECG of one count a microvolt and a representative beat, edited by `change` before."""
    file = FileDataset(path, {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID = "1.2.840.10008.5.1.4.1.1.9.1.1"
    file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID = generate_uid(entropy_srcs=["ecg"])
    file.Modality = "ECG"
    scale = {"mV": 0.001, "uV": 1.0}[units]
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
