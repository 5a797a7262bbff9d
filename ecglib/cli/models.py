"""Commands that use the released models: classify recordings and archives, write C code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ecglib.cli.common import app, console, print_error, report_user_errors


@app.command()
def predict(
    recordings: Annotated[
        list[Path],
        typer.Argument(
            help="WFDB records; MUSE, Philips, aECG, SCP-ECG, DICOM, EDF, BDF, CSV or NumPy files; folders or .zip"
        ),
    ],
    model: Annotated[str | None, typer.Option(help="a released model; the manifest's default if none is named")] = None,
    statements: Annotated[
        bool, typer.Option("--statements", help="PTB-XL's 71 statements, too, such as atrial fibrillation")
    ] = False,
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
        int, typer.Option(min=1, help="worker processes; 1 uses the main process, which is faster for a few recordings")
    ] = 2,
    calibration: Annotated[Path | None, typer.Option(help="a file of `ecglib calibrate` for your site")] = None,
    progress: Annotated[
        bool | None, typer.Option(help="show a bar; by default in a terminal, for 20 recordings or more")
    ] = None,
) -> None:
    """Classify ECG recordings with a released model. Not a medical device.

    A recording with fewer leads takes the variant with the most leads that it has, unless a model is named; a warning
    names it, and what that costs.

    Exit status: 0 if every recording was read, 1 if one or more were not, 2 if nothing could be classified: invalid
    options, no model, no recordings, or no room for the output. --json, --csv and --out have a row, with the error, for
    each recording that was not read. Text in --csv that a spreadsheet would take for a formula follows an apostrophe.
    Standard error has the errors and, at the end, how many recordings were read, had warnings and were refused.
    """
    from tqdm import tqdm

    from ecgpredict import prediction, released, reports

    options, tally = {"rate": rate, "units": units, "jobs": jobs}, reports.Tally()
    with report_user_errors(2):
        models = released.choose(model, statements=statements)
        if calibration:  # it is of one model's outputs
            from ecgpredict import site_calibration

            models = [site_calibration.apply(calibration, models[0])]
        if out:
            from ecgpredict import archive

            total = sum(1 for _ in archive.walk(recordings))
        else:
            paths = prediction.find_recordings(recordings)
            total, targets = len(paths), [None] * len(paths)
            if report:
                from ecgpredict import html_report

                targets = html_report.targets(report, paths)
        hidden = not (total >= 20 and sys.stderr.isatty() if progress is None else progress)
        with tqdm(total=total, unit="record", disable=hidden, file=sys.stderr) as bar:

            def count(classified: prediction.Prediction) -> None:
                bar.update()
                tally.add(classified)

            if out:
                archive.write(archive.walk(recordings), out, models, **options, after_each=count)
            else:
                printed = reports.make_report(as_json=as_json, as_csv=as_csv, models=models)
                for classified, target in zip(prediction.classify(paths, models, **options), targets):
                    count(classified)
                    printed.add(classified)
                    if classified.error:
                        print_error(classified.error)
                    elif target:
                        used = next(each for each in models if each.name == classified.model)
                        html_report.write(target, classified, used, rate=rate, units=units)
                printed.close()
    console.print(str(tally), soft_wrap=True)
    raise typer.Exit(1 if tally.refused else 0)


@app.command()
def calibrate(
    labels: Annotated[
        Path, typer.Argument(help="CSV file: path, NORM, MI, STTC, CD, HYP; 1, 0, or empty if not known")
    ],
    recordings: Annotated[list[Path], typer.Argument(help="the recordings, as for predict")],
    out: Annotated[Path, typer.Option(help="the file to write")] = Path("calibration.json"),
    model: Annotated[str | None, typer.Option(help="a released model; the manifest's default if none is named")] = None,
    rate: Annotated[float | None, typer.Option(help="Hz, for files that do not state it")] = None,
    units: Annotated[str | None, typer.Option(help="mV, µV or V, for files that do not state it")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="worker processes; 1 uses the main process")] = 2,
) -> None:
    """Fit one offset per superclass to labelled recordings of a site, for predict --calibration. Not a medical device.

    Paths in the labels are those that predict prints. A superclass with fewer than ten recordings that have it, or that
    do not, keeps its probabilities. Exit status as of predict.
    """
    from ecgpredict import prediction, released, reports, site_calibration

    tally = reports.Tally()
    with report_user_errors(2):
        opened, known = released.load(model), site_calibration.read_labels(labels)
        classified = []
        for one in prediction.classify(
            prediction.find_recordings(recordings), opened, rate=rate, units=units, jobs=jobs
        ):
            tally.add(one)
            classified.append(one)
            if one.error:
                print_error(one.error)
        content = site_calibration.fit(known, classified, opened)
        site_calibration.write(out, content)
        for name, offset in content["offsets"].items():
            positive, negative = content["recordings"][name]
            print(f"{name}: {offset:+.2f} from {positive:,} recordings with it and {negative:,} without")
        print(f"Calibration of {opened.name}: {out}")
    console.print(str(tally), soft_wrap=True)
    raise typer.Exit(1 if tally.refused else 0)


@app.command("classify-shard", hidden=True)
def classify_shard(
    names: Annotated[Path, typer.Argument(help="text file with a recording in each line")],
    out: Annotated[Path, typer.Argument(help="the Parquet file to write")],
    root: Annotated[Path, typer.Option(help="folder that the names are relative to")],
    model: Annotated[str, typer.Option(help="a released model")],
    jobs: Annotated[int, typer.Option(min=1, help="worker processes; 1 uses the main process")] = 1,
) -> None:
    """Classify a shard of an archive; a job of workflows/archive/Snakefile."""
    from ecgpredict import archive, released, shards

    archive.write(shards.read_list(names), out, [released.load(model)], root=root, jobs=jobs)


@app.command()
def header(
    model: Annotated[str, typer.Argument(help="name of a released model")],
    target: Annotated[Path, typer.Argument(help="the header file to write")],
    name: Annotated[str, typer.Option(help="name of the C array")] = "ecg_model",
) -> None:
    """Write the integers of a released model as a C header: its bytes, scales and thresholds."""
    from ecgpredict import c_header, released

    c_header.write(*released.load_verified(model, kind=released.TFLITE), target, name)


@app.command("firmware")
def write_firmware(
    model: Annotated[str, typer.Argument(help="a released model, or a .tflite file")],
    out: Annotated[Path, typer.Option(help="the folder to write")],
    prefix: Annotated[str, typer.Option(help="of symbols and file names, for several models in one program")] = "ecg",
    leads: Annotated[str, typer.Option(help="of a file with others than twelve or eight leads: I,II,…")] = "",
    classes: Annotated[str, typer.Option(help="of a file with other outputs than the superclasses: A,B,…")] = "",
) -> None:
    """Write an int8 model as a folder of C code that compiles without changes."""
    from ecgpredict import firmware

    names = {"leads": leads.split(",") if leads else (), "classes": classes.split(",") if classes else ()}
    folder = firmware.write(model, out, prefix=prefix, **names)
    print(f"Firmware: {folder}\nBuild and check it here: cmake -S {folder} -B {folder}/build")
    print(f"                         cmake --build {folder}/build --target check")
