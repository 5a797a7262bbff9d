"""Zip archives of recordings, read without unpacking anything to disk: "a.zip/folder/record.hea" names a member."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

from ecgpredict.errors import InputError
from ecgpredict.recordings.raw import parsing

SUFFIX = ".zip"
MAX_MEMBER_BYTES = 200_000_000  # expanded; zipfile reads no more than a member announces
MAX_MEMBERS = 200_000


class Member(zipfile.Path):
    """A file in an archive, with what readers use of :class:`pathlib.Path`."""

    def with_name(self, name: str) -> Member:
        return self.parent / name

    def stat(self) -> SimpleNamespace:
        return SimpleNamespace(st_size=self.root.getinfo(self.at).file_size)

    def open(self, mode: str = "r", **keywords):
        if (size := self.stat().st_size) > MAX_MEMBER_BYTES:
            expected, found = f"at most {MAX_MEMBER_BYTES:,} bytes, expanded", f"{size:,} bytes"
            raise InputError("archive too large", where=self, expected=expected, found=found, hint="unpack it first")
        return super().open(mode, **keywords)


def member(path: Path) -> Path | Member:
    """What a path names: a file of an archive where a part of the path before the last is a zip file, else itself."""
    for parent in path.parents:
        if parent.suffix.lower() == SUFFIX and parent.is_file():
            return Member(_archive(parent, parent.stat().st_mtime_ns), path.relative_to(parent).as_posix())
    return path


def members(path: Path) -> list[Member]:
    """Every file of an archive, sorted by name; an InputError if it is no zip file or has more than MAX_MEMBERS."""
    archive = _archive(path, path.stat().st_mtime_ns)
    return [Member(archive, name) for name in sorted(archive.namelist()) if not name.endswith("/")]


@lru_cache(maxsize=2)
def _archive(path: Path, changed: int) -> zipfile.CompleteDirs:
    with parsing("archive", path, expected="a zip file", hint="download it again, or unpack it"):
        archive = zipfile.CompleteDirs.make(zipfile.ZipFile(path))
        if len(archive.filelist) > MAX_MEMBERS:
            raise ValueError(f"{len(archive.filelist):,} files, at most {MAX_MEMBERS:,} expected")
    return archive
