"""Files of electrocardiographs, read by the ecgdatakit library: HL7 aECG, GE MUSE XML, Philips XML and SCP-ECG.

The library was compared with independent parsers on files of devices; what it was not compared on is refused by name.
Formats: ANSI/HL7 V3 ECG R1-2004; restecg.dtd of MUSE; Philips' "restingecgdata"; EN 1064.
"""

import struct
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import RawRecording, check_size, is_standard_lead, optional, unreadable

SUFFIXES = (".xml", ".scp")
_PARSERS = "ecgdatakit.parsing.parsers"
_XML = {"hl7_aecg": "HL7aECGParser", "ge_muse_xml": "GEMuseXMLParser", "sierra_xml": "SierraXMLParser"}
_MAX_BYTES = 100_000_000  # an hour of aECG at 500 Hz; the parsed document takes several times as much memory
_MAX_PACKED_BYTES = 5_000_000  # Philips' samples and SCP-ECG are compressed
_PHILIPS_S = 10.0  # Philips' files hold an eleventh second, a calibration pulse of 1 mV in all leads
_HINT = "export it again as HL7 aECG, GE MUSE XML or Philips XML, or as DICOM"


def read(path: Path) -> RawRecording:
    """Read such a file: the leads of its rhythm, not of its median beat.

    Raises
    ------
    InputError : not such a file; a compression that is not read; leads of different lengths, or without scale or unit
    """
    module = optional(_PARSERS, path)
    try:
        if (size := path.stat().st_size) > _MAX_BYTES:
            raise _unreadable(path, f"{size:,} bytes", f"at most {_MAX_BYTES:,} bytes")
        content = path.read_bytes()
        name = "scp_ecg" if path.suffix.lower() == ".scp" else _kind_of_xml(path, content)
        if name in ("scp_ecg", "sierra_xml") and size > _MAX_PACKED_BYTES:
            raise _unreadable(path, f"{size:,} bytes", f"at most {_MAX_PACKED_BYTES:,} bytes")
        if name == "scp_ecg":
            _check_scp(path, content)
        if name == "hl7_aecg":
            content = _longest_series(content)
        module = optional(f"{_PARSERS}.{name}", path)
        parser = getattr(module, _XML.get(name, "SCPECGParser"))()
        memory = SimpleNamespace(read_bytes=lambda: content, name=path.name)
        with mock.patch.object(module, "Path", lambda _: memory):  # the library reads paths, and not archives
            record = parser.parse(path)
        leads = [lead for lead in record.leads if is_standard_lead(_label(lead, record))]
        return _recording(path, name, record, leads or record.leads)  # the error names all
    except InputError:
        raise
    except Exception as error:  # the library's errors, and what damaged values raise in it
        found = "differences of samples that wrap at 16 bits" if isinstance(error, OverflowError) else error
        raise _unreadable(path, found, "a file that the library decodes") from error


def _kind_of_xml(path: Path, content: bytes) -> str:
    start = content[:1_000_000]  # a root may come after long comments
    for name, parser in _XML.items():
        if getattr(optional(f"{_PARSERS}.{name}", path), parser).can_parse(path, start):
            return name
    raise _unreadable(path, "another kind of XML", "HL7 aECG, GE MUSE XML or Philips XML")


def _recording(path: Path, name: str, record, leads: list) -> RawRecording:
    meta = record.raw_metadata
    if name == "scp_ecg" and (how := record.recording.acquisition.signal.compression) not in ("huffman", "none"):
        raise _unreadable(path, f"SCP-ECG with {how}", "SCP-ECG without subtracted beats and bimodal compression")
    if name == "scp_ecg" and meta.get("huffman_tables", "default") != "default":
        raise _unreadable(path, "SCP-ECG with Huffman tables of its own", "SCP-ECG with the default Huffman table")
    if len(lengths := {len(lead.samples) for lead in leads}) != 1:
        raise _unreadable(path, f"{min(lengths):,} to {max(lengths):,} samples", "leads of one length")
    for lead in leads:
        if not (lead.adc_resolution and lead.resolution_unit) or "start_sample" in lead.annotations:
            expected = "a scale other than 0, and its unit, from the first sample"
            found = f"{lead.adc_resolution:g} {lead.adc_resolution_unit}".strip()
            raise InputError("no gain", where=f"{path}, {lead.label}", expected=expected, found=found, hint=_HINT)
    if name == "hl7_aecg":
        rate = float(meta["rhythm_time"]["sampling_rate_exact"])  # the leads have it rounded
    elif name == "scp_ecg":
        rate = 1e6 / meta["rhythm_sample_interval_us"]
    else:
        rate = float(leads[0].sampling_rate)
    signal = np.stack([lead.samples * lead.resolution + lead.offset for lead in leads], axis=1).astype(np.float32)
    if name == "sierra_xml" or "philips" in record.recording.device.manufacturer.lower():
        signal = signal[: round(_PHILIPS_S * rate)]
    notes = ["the file disagrees with its checksum, damaged?"] if meta.get("checksum_valid") is False else []
    notes += ["a baseline of the first sample is stated and not applied"] if meta.get("FirstSampleBaseline") else []
    return RawRecording(
        signal, [_label(lead, record) for lead in leads], rate, [one.resolution_unit for one in leads], notes
    )


def _label(lead, record) -> str:
    """A lead's name in the file; where it is there twice, the library appends _2."""
    base, _, number = lead.label.rpartition("_")
    return base if number.isdigit() and any(one.label == base for one in record.leads) else lead.label


def _longest_series(content: bytes) -> bytes:
    """An aECG with the longest of its rhythm series alone, as the library reads the first."""
    if content.count(b"RHYTHM") < 2:
        return content
    from xml.etree import ElementTree

    from ecgdatakit.parsing.helpers.xml import parse_xml_root

    root = parse_xml_root(content)
    rhythms = {
        series: sum(len(digits.text or "") for digits in series.iter("digits"))
        for series in root.iter("series")
        if (code := series.find("code")) is not None and code.get("code") == "RHYTHM"
    }
    for parent in list(root.iter()):
        for child in list(parent):
            if any(series in rhythms and rhythms[series] < max(rhythms.values()) for series in child.findall("series")):
                parent.remove(child)
    return ElementTree.tostring(root)


def _check_scp(path: Path, content: bytes) -> None:
    """Reject what announces more samples than its bytes can hold: a code takes a bit at least."""
    if len(content) < 32 or not (16 <= struct.unpack_from("<I", content, 10)[0] <= len(content)):
        raise _unreadable(path, "no list of sections", "an SCP-ECG file")
    end = 6 + struct.unpack_from("<I", content, 10)[0]
    for pointer in range(22, min(end, len(content)) - 9, 10):
        section, _, index = struct.unpack_from("<HII", content, pointer)
        if section == 3 and 0 < index + 17 < len(content):
            table = content[index + 17 :][: 9 * content[index + 15]]  # of each lead its first and last sample
            spans = struct.iter_unpack("<IIB", table[: len(table) // 9 * 9])
            samples = sum(max(0, last - first + 1) for first, last, _ in spans)
            check_size(path, samples)
            if samples > 8 * len(content):
                raise _unreadable(path, f"{samples:,} samples in {len(content):,} bytes", "as many as it has bits")


def _unreadable(path: Path, found: object, expected: str) -> InputError:
    kind = "SCP-ECG file" if path.suffix.lower() == ".scp" else "XML file"
    return unreadable(kind, path, expected=expected, found=found, hint=_HINT)
