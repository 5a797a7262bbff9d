"""HL7 annotated ECGs (aECG, the FDA's XML), read by the ecgdatakit library, which refuses XML entities.

Format: ANSI/HL7 V3 ECG, R1-2004: a lead's value is origin + scale × digit, and the time axis states the increment.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import RawRecording, is_standard_lead, optional, unreadable

SUFFIXES = (".xml",)
_MAX_BYTES = 100_000_000  # an hour at 500 Hz; the parsed document takes several times as much memory
_HINT = "export it again as HL7 aECG, or as DICOM"


def read(path: Path) -> RawRecording:
    """Read an aECG file: the leads of its first rhythm series.

    Raises
    ------
    InputError : not such a file; no increment of time; leads of different lengths, or without scale or unit
    """
    parser = optional("ecgdatakit.parsing.parsers.hl7_aecg", path).HL7aECGParser()
    try:
        if (size := path.stat().st_size) > _MAX_BYTES:
            raise _unreadable(path, f"{size:,} bytes", f"at most {_MAX_BYTES:,} bytes")
        with path.open("rb") as file:
            if not parser.can_parse(path, file.read(4096)):
                raise _unreadable(path, "another kind of XML")
        record = parser.parse(path)
        rate = float(record.raw_metadata["rhythm_time"]["sampling_rate_exact"])  # the leads have it rounded
        leads = [lead for lead in record.leads if is_standard_lead(lead.label)] or record.leads
    except InputError:
        raise
    except Exception as error:  # the library's errors, and what damaged values raise in it
        raise _unreadable(path, error) from error
    if len(lengths := {len(lead.samples) for lead in leads}) != 1:
        raise _unreadable(path, f"{min(lengths):,} to {max(lengths):,} digits", "leads of one length")
    for lead in leads:
        if not (lead.adc_resolution and lead.adc_resolution_unit):
            raise InputError(
                "no gain",
                where=f"{path}, {lead.label}",
                expected="a scale other than 0, and its unit",
                found=f"{lead.adc_resolution:g} {lead.adc_resolution_unit}".strip(),
                hint=_HINT,
            )
    signal = np.stack([lead.samples * lead.resolution + lead.offset for lead in leads], axis=1).astype(np.float32)
    return RawRecording(signal, [lead.label for lead in leads], rate, [lead.adc_resolution_unit for lead in leads])


def _unreadable(
    path: Path, found: object, expected: str = "an HL7 aECG file, whose root is AnnotatedECG"
) -> InputError:
    return unreadable("XML file", path, expected=expected, found=found, hint=_HINT)
