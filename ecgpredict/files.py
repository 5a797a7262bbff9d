"""Writing files atomically, and one process at a time."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ecgpredict.errors import InputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, which replaces `path` when the block ends.

    After an error the temporary file is removed and `path` is unchanged.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # on a cluster, processes of two nodes may have the same number
    temporary = path.with_name(f"{path.stem}.{socket.gethostname()}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def exclusive(lock: Path, other: str) -> Iterator[None]:
    """Run a block only if no other process holds `lock`, a lock file, which is not deleted afterwards.

    Raises
    ------
    InputError : another process, described by `other`, holds the lock
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout as error:
        raise InputError(
            f"{other} is in progress",
            where=lock,
            expected="no other process",
            found="one that holds this lock",
            hint="wait until it has ended, or stop it",
        ) from error
