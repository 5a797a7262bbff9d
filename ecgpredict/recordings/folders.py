"""Which files are recordings: in folders, with their subfolders and links, and in zip archives."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ecgpredict.recordings import dicom, zips
from ecgpredict.recordings.reading import FILE_SUFFIXES

_NO_SUFFIX = re.compile(r"[^.]*|.*\.\d+")  # IM000001, or a UID: only their content tells


def walk(folder: Path) -> Iterator[str]:
    """A file itself, or every file below a folder that may be a recording; one folder's names are in memory at a time.

    Linked folders are followed, once each. Of a zip archive each recording is named, as "a.zip/record.hea".
    """
    if not folder.is_dir():
        yield from _archived(folder) if folder.suffix.lower() == zips.SUFFIX and folder.is_file() else [str(folder)]
        return
    seen = set()
    for inside, inner, names in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(inside))
        inner[:] = sorted(one for one in inner if os.path.realpath(os.path.join(inside, one)) not in seen)  # noqa: PTH118
        for name in sorted(names):
            path = os.path.join(inside, name)  # noqa: PTH118
            if name.lower().endswith(zips.SUFFIX):
                yield from _archived(Path(path))
            elif _may_be_recording(name) and (_suffix(name) in FILE_SUFFIXES or dicom.recognizes(Path(path), ecg=True)):
                yield path


def _archived(path: Path) -> list[str]:
    """Every file of a zip archive that may be a recording; the archive itself where it has none or is damaged."""
    try:
        found = [
            str(one)
            for one in zips.members(path)
            if _may_be_recording(one.name) and (_suffix(one.name) in FILE_SUFFIXES or dicom.recognizes(one, ecg=True))
        ]
    except Exception:  # reading it gives the error, among the other recordings' results
        found = []
    return found or [str(path)]


def _may_be_recording(name: str) -> bool:
    """Not what macOS adds to archives, nor a DICOM medium's directory."""
    if name.startswith("._") or name.upper() == "DICOMDIR":
        return False
    return _suffix(name) in FILE_SUFFIXES or bool(_NO_SUFFIX.fullmatch(name))


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122, a million times
