"""DICOM waveforms, as electrocardiographs and archives store them, read by the pydicom library.

Format: https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.10.9
"""

from io import BytesIO
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import (
    RawRecording,
    check_size,
    is_standard_lead,
    optional,
    parsing,
    plain_lead,
    unreadable,
)
from ecgpredict.spec import LEADS

SUFFIXES = (".dcm", ".dicom")
# the transfer syntax that is compressed as a whole, a possible zip bomb; wherever it is named, pydicom would find it
_DEFLATED = b"1.2.840.10008.1.2.1.99"
# the leads' codes of ISO/IEEE 11073-10102, after "2:" in the scheme MDC and after "5.6.3-9-" in SCPECG (DICOM CID 3001)
_CODES = dict(zip((1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8), LEADS)) | {65: "-aVR"}
_PREFIXES = {"MDC": "2:", "SCPECG": "5.6.3-9-"}
_WAVEFORMS = b"1.2.840.10008.5.1.4.1.1.9."  # how the classes of waveform storage begin
_INTERPRETATIONS = ("SB", "UB", "SS", "US", "SL", "UL")  # linear ones
_EXPECTED = "a DICOM file with a waveform"
_HINT = "export it again, as 12-lead or general ECG waveform"


def recognizes(path: Path, *, ecg: bool = False) -> bool:
    """Whether a file is DICOM, whatever its name, as archives often give none that says so; or DICOM with a waveform.

    Files without a preamble begin with an element of the group 2 or 8.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(4096)
    return _starts_as_dicom(start) and (not ecg or _WAVEFORMS in start)


def _starts_as_dicom(start: bytes) -> bool:
    return start[128:132] == b"DICM" or (start[:2] in (b"\2\0", b"\x08\0") and start[3:4] == b"\0")


def read(path: Path) -> RawRecording:
    """Read a DICOM file: of its groups of channels, the original one with the most leads.

    Raises
    ------
    InputError : not such a file; no waveform, e.g. an image; no sampling rate; a lead without sensitivity or unit
    """
    pydicom = optional("pydicom", path)
    with parsing("DICOM file", path, expected=_EXPECTED, hint=_HINT):
        content = path.read_bytes()
        if _DEFLATED in content:
            raise _unreadable(path, "a deflated file", "a file that is not compressed")
        # from memory: reading from disk allocates what an element's length announces, however little there is
        file = pydicom.dcmread(BytesIO(content), stop_before_pixels=True, force=_starts_as_dicom(content))
        if "WaveformSequence" not in file:
            raise _unreadable(path, file.get("Modality", "nothing"), "a waveform")
        return _recording(path, pydicom, file)


def _recording(path: Path, pydicom, file) -> RawRecording:
    groups = [[_lead(channel) for channel in group.ChannelDefinitionSequence] for group in file.WaveformSequence]
    original = [
        number
        for number, group in enumerate(file.WaveformSequence)
        if group.get("WaveformOriginality", "ORIGINAL") == "ORIGINAL"
    ]
    if not original:
        raise _unreadable(path, "only derived waveforms", "an original waveform")

    def fitness(number: int) -> tuple[int, int]:  # leads, then samples
        leads = {plain_lead(lead) for lead in groups[number] if is_standard_lead(lead)}
        return len(leads), int(file.WaveformSequence[number].NumberOfWaveformSamples)

    number = max(original, key=fitness)
    group, leads = file.WaveformSequence[number], groups[number]
    check_size(path, int(group.NumberOfWaveformSamples) * int(group.NumberOfWaveformChannels))
    bits, interpretation = int(group.WaveformBitsAllocated), str(group.WaveformSampleInterpretation)
    big_endian = bool(file.original_encoding[1] is False)
    if interpretation not in _INTERPRETATIONS or (big_endian and bits > 16):
        found = f"{bits} bits of the kind {interpretation}" + ", big endian" * big_endian
        raise _unreadable(path, found, f"samples of the kind {', '.join(_INTERPRETATIONS)}")
    raw = pydicom.waveforms.multiplex_array(file, number, as_raw=True)
    if big_endian:  # the library takes them for little endian
        raw = raw.byteswap()
    signal = np.full(raw.shape, np.nan, np.float32)
    units = [None] * len(leads)
    for index, channel in enumerate(group.ChannelDefinitionSequence):
        if is_standard_lead(leads[index]):
            gain, baseline, units[index] = _scale(channel, f"{path}, {leads[index]}")
            signal[:, index] = raw[:, index] * gain + baseline
    if "WaveformPaddingValue" in group:
        padding = np.frombuffer(group.WaveformPaddingValue, raw.dtype.newbyteorder(">" if big_endian else "<"))[0]
        marked, limits = raw == padding, np.iinfo(raw.dtype)
        # some files pad with 0, which is a measurement where not all channels have it
        signal[marked if padding in (limits.min, limits.max) else marked.all(axis=1)] = np.nan
    return RawRecording(signal, leads, float(group.SamplingFrequency), units)


def _lead(channel) -> str:
    """A channel's lead, by its code where the scheme is known, else by its meaning."""
    source = channel.ChannelSourceSequence[0]
    prefix = _PREFIXES.get(source.get("CodingSchemeDesignator", ""))
    code = str(source.get("CodeValue", ""))
    if prefix and code.startswith(prefix) and code.removeprefix(prefix).isdigit():
        return _CODES.get(int(code.removeprefix(prefix)), code)
    meaning = str(source.get("CodeMeaning", code))
    return meaning if plain_lead(meaning).startswith("-") else meaning.split("(")[0]  # "Lead I (Einthoven)"


def _scale(channel, where: str) -> tuple[float, float, str]:
    """Units per digit, the value of digit 0, and the unit."""
    if "ChannelSensitivity" not in channel or "ChannelSensitivityUnitsSequence" not in channel:
        raise InputError("no gain", where=where, expected="channel sensitivity and its unit", found="none", hint=_HINT)
    gain = float(channel.ChannelSensitivity) * float(channel.get("ChannelSensitivityCorrectionFactor", 1) or 1)
    if not (np.isfinite(gain) and gain != 0):
        raise InputError("no gain", where=where, expected="a sensitivity other than 0", found=gain, hint=_HINT)
    unit = str(channel.ChannelSensitivityUnitsSequence[0].CodeValue)
    return gain, float(channel.get("ChannelBaseline", 0) or 0), unit


def _unreadable(path: Path, found: object, expected: str) -> InputError:
    return unreadable("DICOM file", path, expected=expected, found=found, hint=_HINT)
