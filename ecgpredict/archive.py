"""Classifying archives of any size into Parquet, in constant memory.

One row per recording, written in row groups as predictions arrive; recordings that cannot be read have a row with their
error. :mod:`ecgpredict.shards` divides an archive into such files.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ecgpredict import files, prediction, recordings
from ecgpredict.errors import InputError, printable
from ecgpredict.model import ReleasedModel
from ecgpredict.prediction import Prediction
from ecgpredict.reports import labels_of
from ecgpredict.spec import CLASSES

ROW_GROUP = 2_000  # recordings in memory at a time


def schema(models: Sequence[ReleasedModel]) -> pa.Schema:
    """The columns; the metadata has, as JSON, "models": {name: {"thresholds" and "offsets": {label: value}}}.

    A label without a threshold is not among them, and without a calibration there are no offsets.
    """
    labels = labels_of(models)
    fields = [
        pa.field("path", pa.string(), nullable=False),
        *(pa.field(label, pa.float32()) for label in labels),  # null where it could not be read
        pa.field("findings", pa.list_(pa.string()), nullable=False),
        *[pa.field("statements", pa.list_(pa.string()), nullable=False)] * (len(labels) > len(CLASSES)),
        pa.field("windows", pa.int32(), nullable=False),
        pa.field("model", pa.string()),
        pa.field("quality_warnings", pa.list_(pa.string()), nullable=False),
        pa.field("error", pa.string()),  # null where it was classified
    ]
    numbers = {
        model.name: {
            key: {label: float(value) for label, value in zip(model.classes, values) if value == value}
            for key, values in (("thresholds", model.thresholds), ("offsets", model.offsets or ()))
        }
        for model in models
    }
    return pa.schema(fields, {"models": json.dumps(numbers)})


def walk(paths: Iterable[Path]) -> Iterator[str]:
    """The given files, and every recording below the given folders, as in :func:`ecgpredict.recordings.walk`."""
    for path in paths:
        yield from recordings.walk(Path(path))


def write(
    names: Iterable[str],
    target: Path,
    models: Sequence[ReleasedModel],
    *,
    root: Path = Path(),
    rate: float | None = None,
    units: str | None = None,
    jobs: int = 1,
    after_each: Callable[[Prediction], object] = lambda one: None,
) -> int:
    """Number of recordings that were classified into one Parquet file, written whole or not at all.

    Parameters
    ----------
    names : paths of recordings, relative to `root` or absolute; read lazily
    target : the file
    models, rate, units, jobs : as in :func:`ecgpredict.prediction.classify`
    after_each : called with each prediction

    Raises
    ------
    InputError : no recordings
    """
    names, total, columns = iter(names), 0, schema(models)
    with files.atomic_path(target) as temporary:
        with pq.ParquetWriter(temporary, columns, compression="zstd") as writer:
            while group := list(islice(names, ROW_GROUP)):
                rows = []
                paths = [root / name for name in group]
                predictions = prediction.classify(paths, models, rate=rate, units=units, jobs=jobs)
                for name, one in zip(group, predictions, strict=True):
                    rows.append(one.columns() | {"path": printable(name)})
                    after_each(one)
                writer.write_table(pa.Table.from_pylist(rows, columns))
                total += len(rows)
        if not total:
            expected = f"files ending in {', '.join(recordings.FILE_SUFFIXES)}"
            where, hint = root.absolute(), "choose another folder"
            raise InputError("no recordings", where=where, expected=expected, found="none", hint=hint)
    return total
