"""An archive of recordings in shards, so that it can be classified as many jobs and grow later.

A recording stays in its shard. New recordings fill the last shard and then new ones, so that they cost no more than
their number and one shard. Hashed names would need no lists, but every hundred new recordings would change a hundred
shards. A list is written only if it changes, and its shard is classified again if it is newer. A recording whose
content changes under the same name is not noticed: delete its shard's Parquet file.
"""

import os
from pathlib import Path

import pyarrow.parquet as pq

from ecgpredict import archive, files
from ecgpredict.errors import InputError, StudyError, printable

SIZE = 5_000  # recordings of a shard: about a minute's work, against seconds to start Python
LISTS, SCORES, DATA_SET = "lists", "shards", "scores.parquet"


def root_of(source: Path) -> Path:
    """The folder that names in the lists are relative to: the archive's, or that of the file that lists it."""
    source = Path(source).absolute()
    return source if source.is_dir() else source.parent


def plan(source: Path, out: Path, size: int = SIZE) -> list[str]:
    """Names of the shards, after assigning every recording to one and writing the lists that changed.

    Parameters
    ----------
    source : a folder, or a text file with the path of a recording in each line, relative to the file's folder
    out : folder of the results; lists of an earlier call are kept
    size : recordings of a full shard

    Raises
    ------
    InputError : no recordings, or a name with a line break
    """
    found = _names(Path(source))
    lists = {path: read_list(path) for path in sorted((out / LISTS).glob("*.txt"))}
    present, known = set(found), {name for names in lists.values() for name in names}
    shards = [[name for name in names if name in present] for names in lists.values()] or [[]]
    new = [name for name in found if name not in known]
    room = max(0, size - len(shards[-1]))
    shards[-1] += new[:room]
    shards += [new[start : start + size] for start in range(room, len(new), size)]
    for number, names in enumerate(shards):
        path = out / LISTS / f"{number:05d}.txt"
        if names != lists.get(path):
            with files.atomic_path(path) as temporary:
                temporary.write_bytes(os.fsencode("".join(f"{name}\n" for name in names)))
    return planned(out)


def planned(out: Path) -> list[str]:
    """Names of the shards that hold recordings."""
    return sorted(path.stem for path in (out / LISTS).glob("*.txt") if path.stat().st_size)


def read_list(path: Path) -> list[str]:
    """Names of a shard's recordings, in its order."""
    return os.fsdecode(path.read_bytes()).splitlines()


def join(out: Path) -> Path:
    """Join all shards to one Parquet file, in constant memory; a StudyError if a shard is not that of its list."""
    target = out / DATA_SET
    shards = {name: pq.ParquetFile(out / SCORES / f"{name}.parquet") for name in planned(out)}
    schema = next(iter(shards.values())).schema_arrow
    with files.atomic_path(target) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for name, shard in shards.items():
            expected = [printable(one) for one in read_list(out / LISTS / f"{name}.txt")]
            if shard.read(["path"]).column("path").to_pylist() != expected:
                raise StudyError(f"shard {name} does not hold the recordings of its list: delete {name}.parquet")
            for group in range(shard.num_row_groups):
                writer.write_table(shard.read_row_group(group))
    return target


def _names(source: Path) -> list[str]:
    if source.is_dir():
        names = [os.path.relpath(name, source) for name in archive.walk([source])]
    else:
        names = list(dict.fromkeys(line for line in read_list(source) if line))
    if not names:
        expected, hint = "a folder of recordings, or a file that lists them", "choose another folder"
        raise InputError("no recordings", where=source, expected=expected, found="none", hint=hint)
    if broken := [name for name in names if len(name.splitlines()) != 1]:
        expected, found, hint = "one name in one line", repr(broken[0]), "rename the recording"
        raise InputError("a name with a line break", where=source, expected=expected, found=found, hint=hint)
    return names
