"""Writing files atomically."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecgpredict.errors import InputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, which replaces `path` when the block ends.

    After an error the temporary file is removed and `path` is unchanged. A device or pipe is not replaced but yielded.

    Raises
    ------
    InputError : the path is a folder, or cannot be written
    """
    path = Path(path)
    # on a cluster, processes of two nodes may have the same number
    temporary = path.with_name(f"{path.stem}.{socket.gethostname()}.{os.getpid()}.part{path.suffix}")
    folders = set(map(str, path.parents))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder")
        if path.exists() and not path.is_file():
            yield path
            return
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (None, errno.EPIPE) or error.filename not in (None, str(path), str(temporary), *folders):
            raise  # not of this file
        where = error.filename if error.filename in folders else path
        expected, hint = "a folder that you may write to, with room for the file", "give another path, or make room"
        raise InputError("cannot write", where=where, expected=expected, found=error.strerror, hint=hint) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
