"""Classifying archives: `ecglib predict --out`, and the jobs of workflows/archive/Snakefile."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecglib.cli.common import app, report_user_errors

if TYPE_CHECKING:
    from ecgpredict.released import ReleasedModel


def write_archive(
    recordings: list[Path], out: Path, model: ReleasedModel, *, rate: float | None, units: str | None, jobs: int
) -> int:
    """Classify recordings into a Parquet file with a progress bar; returns the exit status of `ecglib predict`."""
    from tqdm import tqdm

    from ecgpredict import archive

    total = sum(1 for _ in archive.walk(recordings))
    with tqdm(total=total, unit="record", disable=total < 20, file=sys.stderr) as bar:
        total, failed = archive.write(
            archive.walk(recordings), out, model, rate=rate, units=units, jobs=jobs, after_each=lambda one: bar.update()
        )
    print(f"{total:,} recordings, {failed:,} of them unreadable: {out}")
    return 0 if not failed else 2 if failed == total else 1


@app.command("classify-shard", hidden=True)
def classify_shard(
    names: Annotated[Path, typer.Argument(help="text file with a recording in each line")],
    out: Annotated[Path, typer.Argument(help="the Parquet file to write")],
    root: Annotated[Path, typer.Option(help="folder that the names are relative to")],
    model: Annotated[str, typer.Option(help="a released model")],
    jobs: Annotated[int, typer.Option(help="worker processes; 1 uses the main process")] = 1,
) -> None:
    """Classify a shard of an archive; a job of workflows/archive/Snakefile."""
    from ecgpredict import archive, released, shards

    with report_user_errors():
        archive.write(shards.read_list(names), out, released.load(model), root=root, jobs=jobs)
