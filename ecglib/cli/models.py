"""Commands that use the released models: classify recordings and archives, write C code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecglib.cli.common import app, print_error, report_user_errors

if TYPE_CHECKING:
    from ecgpredict.released import ReleasedModel


@app.command()
def predict(
    recordings: Annotated[
        list[Path],
        typer.Argument(help="WFDB records; DICOM, EDF, BDF, HL7 aECG, CSV or NumPy files; or folders of them"),
    ],
    model: Annotated[str | None, typer.Option(help="a released model; the manifest's default if none is named")] = None,
    rate: Annotated[float | None, typer.Option(help="Hz, for files that do not state it")] = None,
    units: Annotated[str | None, typer.Option(help="mV, µV or V, for files that do not state it")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one object per line")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print CSV")] = False,
    out: Annotated[
        Path | None, typer.Option(help="write a Parquet file, in constant memory however many recordings there are")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="write an HTML report: a file ending in .html, or a folder for several recordings"),
    ] = None,
    jobs: Annotated[
        int, typer.Option(help="worker processes; 1 uses the main process, which is faster for a few recordings")
    ] = 2,
) -> None:
    """Classify ECG recordings with a released model. Not a medical device.

    Exit status: 0 if every recording was classified, 1 if some could not be read, 2 if none could or if the model could
    not be opened. --json and --csv also have a row, with the error, for each recording that could not be read.
    """
    from tqdm import tqdm

    from ecgpredict import prediction, released, reports

    with report_user_errors(2):
        opened = released.load(model)
        if out:
            raise typer.Exit(_write_archive(recordings, out, opened, rate=rate, units=units, jobs=jobs))
        paths = prediction.find_recordings(recordings)
        targets: list[Path | None] = [None] * len(paths)
        if report:
            from ecgpredict import html_report

            targets = html_report.targets(report, paths)
    failed = 0
    printed = reports.make_report(as_json=as_json, as_csv=as_csv, model=opened)
    with tqdm(total=len(paths), unit="record", disable=len(paths) < 20, file=sys.stderr) as bar:
        classified = prediction.classify(paths, opened, rate=rate, units=units, jobs=jobs)
        for prediction_, target in zip(classified, targets):
            bar.update()
            printed.add(prediction_)
            if prediction_.error:
                failed += 1
                print_error("\n".join(map(reports.printable, prediction_.error.splitlines())))
            elif target:
                with report_user_errors(2):
                    html_report.write(target, prediction_, opened, rate=rate, units=units)
    printed.close()
    raise typer.Exit(0 if failed == 0 else 2 if failed == len(paths) else 1)


def _write_archive(
    recordings: list[Path], out: Path, model: ReleasedModel, *, rate: float | None, units: str | None, jobs: int
) -> int:
    """Classify recordings into a Parquet file with a progress bar; returns the exit status of `ecglib predict`."""
    from tqdm import tqdm

    from ecgpredict import archive

    total = sum(1 for _ in archive.walk(recordings))
    with tqdm(total=total, unit="record", disable=total < 20, file=sys.stderr) as bar:
        total, failed = archive.write(
            archive.walk(recordings), out, model, rate=rate, units=units, jobs=jobs, after_each=lambda _: bar.update()
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


@app.command()
def header(
    model: Annotated[str, typer.Argument(help="name of a released microcontroller model")],
    target: Annotated[Path, typer.Argument(help="the header file to write")],
    name: Annotated[str, typer.Option(help="name of the C array")] = "ecg_student",
) -> None:
    """Write a released microcontroller model as a C header: its bytes, scales and thresholds."""
    from ecgpredict import c_header, released

    with report_user_errors():
        c_header.write(*released.load_verified(model), target, name)


@app.command("firmware")
def write_firmware(
    model: Annotated[str, typer.Argument(help="name of a released microcontroller model")],
    out: Annotated[Path, typer.Option(help="the folder to write")],
) -> None:
    """Write a released microcontroller model as a folder of C code that compiles without changes."""
    from ecgpredict import firmware

    with report_user_errors():
        folder = firmware.write(model, out)
        print(f"Firmware: {folder}\nBuild and check it here: cmake -S {folder} -B {folder}/build")
        print(f"                         cmake --build {folder}/build --target check")
