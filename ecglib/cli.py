"""The command line: the study's verbs, without make."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ecglib.errors import StudyError

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
console = Console(stderr=True, highlight=False)
Profile = Annotated[str, typer.Option(help="sample: synthetic records; full: PTB-XL from PTBXL_ROOT or data/ptb-xl")]


@contextmanager
def plain_errors(status: int = 1):
    """Errors that a user can mend end the command with their message instead of a traceback."""
    try:
        yield
    except StudyError as error:
        _say(error)
        raise typer.Exit(status) from None


def _say(error: object) -> None:
    console.print(f"error: {error}", style="red", markup=False, soft_wrap=True)


@app.command()
def reproduce(
    profile: Profile = "sample", cores: Annotated[int, typer.Option(help="processes at the same time")] = 2
) -> None:
    """Execute the whole study and build its book; goes on where it was stopped."""
    from ecglib import book, chapters, config, paths, ptbxl

    with plain_errors():
        where = paths.of(profile)
        config.load(where.config)
        if profile == "full":
            ptbxl.require(where.data)
        command = [
            sys.executable, "-m", "snakemake", "--snakefile", str(where.root / "Snakefile"),
            "--directory", str(where.root), "--cores", str(cores), "--config", f"profile={profile}",
            "--rerun-incomplete", "--nolock", "--quiet", "rules", "host",
        ]  # fmt: skip
        if done := subprocess.run(command).returncode:
            raise typer.Exit(done)
        table = Table("Chapter", "Seconds", title=f"The {profile} study")
        for name in book.chapter_names(where.root):
            table.add_row(name, f"{chapters.seconds(where.chapters / f'{name}.ipynb'):.0f}")
        console.print(table)
        print(f"The book: {where.build / 'html' / 'index.html'}")


@app.command("book")
def build_book(profile: Profile = "full") -> None:
    """Build the book from executed chapters, without training."""
    from ecglib import book, paths

    with plain_errors():
        print(f"The book: {book.build(paths.of(profile))}")


@app.command()
def download(
    root: Annotated[
        Path | None, typer.Argument(help="folder to fill; PTBXL_ROOT or data/ptb-xl where not given")
    ] = None,
    url: Annotated[str | None, typer.Option(help="another place that serves PTB-XL's files")] = None,
    jobs: Annotated[int, typer.Option(help="files fetched at the same time")] = 16,
) -> None:
    """Fetch the 100 Hz part of PTB-XL 1.0.3 from PhysioNet (620 MB); goes on after a cut."""
    from ecglib import paths
    from ecglib.download import URL
    from ecglib.download import download as fetch

    with plain_errors():
        root = root or paths.of("full").data
        print(f"PTB-XL: {fetch(root, url=url or URL, jobs=jobs)}")


@app.command()
def sample(
    root: Annotated[Path | None, typer.Argument(help="folder to write; data/sample where not given")] = None,
    records: Annotated[int, typer.Option(min=100, help="how many")] = 300,
    seed: Annotated[int, typer.Option(help="of everything random")] = 0,
) -> None:
    """Write the synthetic sample records in PTB-XL's layout."""
    import shutil

    from ecglib import paths, synthetic

    with plain_errors():
        if root is None:
            root = paths.of("sample").data
            shutil.rmtree(paths.of("sample").cache, ignore_errors=True)  # it was made from the records replaced now
        print(f"Records: {synthetic.write_sample(root, records=records, seed=seed)}")


@app.command()
def read(profile: Profile = "full") -> None:
    """Read and check every record once, so that later openings are quick."""
    with plain_errors():
        data = _study(profile).records
        print(f"{len(data):,} records, fingerprint {data.fingerprint}")


@app.command()
def train(model: str, profile: Profile = "full", seed: int = 0) -> None:
    """Train a model with a seed, or say where its finished run lies."""
    with plain_errors():
        run = _study(profile).train(model, seed)
        print(f"{model}, seed {seed}: {run.folder}")


@app.command()
def execute(source: Path, profile: Profile = "full") -> None:
    """Execute one chapter with papermill."""
    from ecglib import chapters

    with plain_errors():
        where = _study(profile).paths
        target = where.executed / f"{source.stem}.ipynb"
        chapters.execute(source, target, {"profile": profile}, work=where.build / "notebooks", cwd=where.root)


@app.command()
def summary(models: list[str], profile: Profile = "full") -> None:
    """Write summary.csv from these models' results, and what they were made with."""
    from ecglib import results

    with plain_errors():
        study = _study(profile)
        results.summarise(study.paths.results, models)
        results.write_environment(study.paths.results, study.records)


@app.command()
def evaluate(
    models: Annotated[list[str] | None, typer.Argument(help="names in results/; all where none is given")] = None,
    profile: Profile = "full",
) -> None:
    """Recompute every AUC from the saved scores and the data's own labels, and hold them to results/."""
    from ecglib import results

    with plain_errors():
        study = _study(profile)
        folder = study.paths.results
        table = Table("model", "seeds", "AUC, fold 9", "AUC, fold 10 (95 % interval)", "results/")
        wrong: list[str] = []
        for model in models or results.summary(folder)["model"]:
            derived, different = results.evaluate(folder, model, study.data)
            macro, seeds = derived["classes"]["macro"], derived["seeds"]
            validation = sum(one["val_auc"] for one in seeds) / len(seeds)
            interval = f"{macro['value']:.4f} ({macro['low']:.4f} to {macro['high']:.4f})"
            table.add_row(model, str(len(seeds)), f"{validation:.4f}", interval, "differs" if different else "the same")
            wrong += [f"{model}, {line}" for line in different]
        Console().print(table)
        if wrong:
            raise StudyError("figures that differ from results/:\n" + "\n".join(wrong))


@app.command()
def predict(
    recordings: Annotated[
        list[Path], typer.Argument(help="WFDB records, .csv, .npy or .npz files, or folders of them")
    ],
    model: Annotated[str | None, typer.Option(help="a released model's name, if not the distilled student's")] = None,
    rate: Annotated[float | None, typer.Option(help="Hz, of files that do not say it")] = None,
    units: Annotated[str | None, typer.Option(help="mV, µV or V, of files that do not say it")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, one object a line")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print CSV")] = False,
    jobs: Annotated[int, typer.Option(help="processes, where there are many recordings")] = 2,
) -> None:
    """Classify ECG recordings with a released model. Not a medical device.

    Ends with 0 where every recording was classified, 1 where some could not be read, 2 where none could or the model
    could not be opened.
    """
    from tqdm import tqdm

    from ecglib import prediction, released, reports

    with plain_errors(2):
        opened = released.load(model or released.DEFAULT)
        paths = prediction.find(recordings)
    found = []
    bar = tqdm(total=len(paths), unit="record", disable=len(paths) < 20, file=sys.stderr)
    report = reports.of(as_json=as_json, as_csv=as_csv, model=opened)
    for one in prediction.classify(paths, opened, rate=rate, units=units, jobs=jobs):
        bar.update()
        found.append(one)
        if one.error:
            _say(one.error)
        else:
            report.add(one)
    bar.close()
    report.close()
    failed = sum(bool(one.error) for one in found)
    raise typer.Exit(0 if failed == 0 else 2 if failed == len(found) else 1)


@app.command()
def header(
    model: Annotated[str, typer.Argument(help="a released micro-controller model's name")],
    target: Annotated[Path, typer.Argument(help="the header file to write")],
    name: Annotated[str, typer.Option(help="of the array")] = "ecg_student",
) -> None:
    """Write a released micro-controller's model as a C header: its bytes, scales and thresholds."""
    from ecglib import firmware, released

    with plain_errors():
        firmware.write(*released.verified(model), target, name)


@app.command()
def publish() -> None:
    """Take over the full profile's executed chapters, its runs and its summary into what is committed."""
    from ecglib import book, files, released, runs

    with plain_errors():
        study = _study("full")
        text = book.readme_table(study.paths)
        executed = [study.paths.executed / f"{name}.ipynb" for name in book.chapter_names(study.paths.root)]
        contents = {notebook.name: notebook.read_bytes() for notebook in executed}
        for name, content in contents.items():
            with files.replacing(study.paths.chapters / name) as temporary:
                temporary.write_bytes(content)
        for model, seeds in study.settings.seeds.items():
            for seed in seeds:
                place, first = f"{model}/seed{seed}", seed == seeds[0] and model in study.settings.released
                if (study.paths.artifacts / place / runs.RECORD).is_file():  # no chapter may ask for it yet
                    runs.release(study.paths.artifacts / place, study.paths.models / place, weights=first)
        released.take_over(study.paths.released, study.paths.models)
        files.write_text(study.paths.root / "README.md", text)


def _study(profile: str):
    from ecglib.study import open_study

    return open_study(profile)
