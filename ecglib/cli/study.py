"""Commands that reproduce the study: records, trainings, chapters, the book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from ecglib.cli.common import Cores, Profile, Seeds, app, console, open_profile
from ecgpredict.errors import StudyError


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def reproduce(
    context: typer.Context,
    profile: Profile = "sample",
    cores: Cores = 2,
    seeds: Seeds = None,
    workflow_profile: Annotated[
        Path | None, typer.Option(help="folder of a Snakemake profile for a cluster, such as profiles/slurm")
    ] = None,
) -> None:
    """Execute the whole study and build its book; resumes where it was stopped. Options after -- go to Snakemake."""
    from ecglib.book import chapters
    from ecglib.study import workflow

    study = open_profile(profile, seeds)
    where = study.paths
    options = {"workflow_profile": workflow_profile, "options": context.args}
    if done := workflow.run(study, cores=cores, seeds=seeds, **options):
        raise typer.Exit(done)
    table = Table("Chapter", "Seconds", title=f"The {profile} study")
    for name in study.settings.registry.chapters:
        if (path := where.chapters / f"{name}.ipynb").is_file():  # a dry run makes none
            table.add_row(name, f"{chapters.seconds(path):.0f}")
    console.print(table)
    print(f"The book: {where.build / 'html' / 'index.html'}")


@app.command("book")
def build_book(profile: Profile = "full") -> None:
    """Build the book from executed chapters, without training."""
    from ecglib.book import book
    from ecglib.study.paths import Paths

    print(f"The book: {book.build(Paths.for_profile(profile))}")


@app.command()
def pdf(profile: Profile = "full") -> None:
    """Build the book as one PDF, without training; needs Chromium or Chrome."""
    from ecglib.book import pdf as printing
    from ecglib.study.paths import Paths

    print(f"The PDF: {printing.build(Paths.for_profile(profile))}")


Hospital = Literal["georgia", "chapman", "ningbo", "cpsc2018", "sph"]  # ecglib.data.external.SOURCES


@app.command()
def download(
    dataset: Annotated[
        Literal["ptb-xl", "ludb", Hospital], typer.Argument(help="ptb-xl, or another for chapter 11")
    ] = "ptb-xl",
    root: Annotated[
        Path | None, typer.Argument(help="folder to download to; by default data/ and its name, PTBXL_ROOT, LUDB_ROOT")
    ] = None,
    url: Annotated[str | None, typer.Option(help="address of a mirror")] = None,
    jobs: Annotated[int, typer.Option(help="files downloaded at the same time")] = 16,
) -> None:
    """Download PTB-XL 1.0.3 at 100 Hz (620 MB), LUDB (25 MB) or another data set; resumes where it was stopped.

    The others are Georgia, Chapman, Ningbo and CPSC2018 from PhysioNet's challenge of 2021, and SPH from figshare.
    """
    from ecglib.data.download import SOURCES, download_sph
    from ecglib.data.download import download as fetch
    from ecglib.study.paths import Paths

    if root is None:
        paths = Paths.for_profile("full")
        own = {"ptb-xl": paths.data, "ludb": paths.ludb}
        root = own.get(dataset, paths.root / "data" / dataset)
    if dataset == "sph":
        download_sph(root)
    else:
        fetch(root, SOURCES[dataset], url=url, jobs=jobs)
    print(f"{dataset}: {root}")


@app.command("evaluate-external")
def evaluate_external(
    source: Annotated[Hospital, typer.Argument(help="the data set")],
    folder: Annotated[Path, typer.Argument(help="the folder of `ecglib download`")],
) -> None:
    """Write the released models' AUCs on another hospital's recordings to results/full/external.json."""
    from ecglib.evaluation.bootstrap import Estimate
    from ecglib.study import external
    from ecglib.study.paths import Paths
    from ecgpredict import released

    results = Paths.for_profile("full").published_results
    evaluated = external.evaluate(folder, source, [released.default(), released.microcontroller()])
    external.write(results, source, evaluated)
    by_model = evaluated["auc"]
    table = Table("superclass", *by_model, title=evaluated["title"])
    for superclass in by_model[released.default()]:
        table.add_row(superclass, *(str(Estimate(**aucs[superclass])) for aucs in by_model.values()))
    Console().print(table)


@app.command()
def sample(profile: Profile = "sample") -> None:
    """Write the synthetic sample records in PTB-XL's layout."""
    import shutil

    from ecglib.data import synthetic

    study = open_profile(profile)
    shutil.rmtree(study.paths.cache, ignore_errors=True)  # it was made from the records that are replaced
    print(f"Records: {synthetic.write_sample(study.paths.data, records=study.settings.n_records)}")


@app.command()
def read(profile: Profile = "full", seeds: Seeds = None) -> None:
    """Read and check every record once, and cache the signals for later runs."""
    data = open_profile(profile, seeds).records
    print(f"{len(data):,} records, fingerprint {data.fingerprint}")


@app.command()
def train(
    models: list[str],
    profile: Profile = "full",
    seed: Annotated[int | None, typer.Option(help="one seed; all seeds of the profile by default")] = None,
    seeds: Seeds = None,
) -> None:
    """Train models, or print where their finished runs are."""
    study = open_profile(profile, seeds)
    for model in models:
        for number in study.model(model).seeds if seed is None else [seed]:
            run = study.train(model, number)
            print(f"{model}, seed {number}: {run.folder}")


@app.command()
def execute(
    chapter: Annotated[
        str, typer.Argument(help="number, name or source file: 05, 05_quantization, notebooks/05_quantization.py")
    ],
    profile: Profile = "sample",
    cores: Cores = 2,
    seeds: Seeds = None,
    alone: Annotated[bool, typer.Option("--alone", help="do not make what it needs; used by the Snakefile")] = False,
) -> None:
    """Execute one chapter, after making what it needs: records, trainings, other chapters."""
    from ecglib.book import chapters
    from ecglib.study import workflow

    study = open_profile(profile, seeds)
    where, name = study.paths, workflow.find_chapter(study, chapter)
    source, target = where.root / "notebooks" / f"{name}.py", workflow.executed_chapter(study, name)
    if alone:
        chapters.execute(source, target, {"profile": profile}, work=where.build / "notebooks", cwd=where.root)
    elif done := workflow.run(study, [target], cores=cores, seeds=seeds):
        raise typer.Exit(done)
    print(f"The executed notebook: {target}")


@app.command()
def summary(profile: Profile = "full", seeds: Seeds = None) -> None:
    """Write summary.csv, seeds.csv and speeds.csv from the models' results, and environment.json with versions."""
    from ecglib.study import reporting, results, speeds

    study = open_profile(profile, seeds)
    reporting.write_summary(study)
    speeds.update(study.paths.results, study.paths.published_results if study.settings.name == "full" else None)
    results.write_environment(study.paths.results, study.records)


@app.command()
def evaluate(
    models: Annotated[list[str] | None, typer.Argument(help="names in results/; all by default")] = None,
    profile: Profile = "full",
) -> None:
    """Recompute every AUC from the saved scores and the data's labels, and compare with results/."""
    from ecglib.study import results

    study = open_profile(profile)
    folder = study.paths.published_results
    table = Table("model", "seeds", "AUC, fold 9", "AUC, fold 10 (95 % interval)", "results/")
    wrong: list[str] = []
    for model in models or results.summary(folder)["model"]:
        derived, different = results.evaluate(folder, model, study.data)
        macro, seeds = derived["classes"]["macro"], derived["seeds"]
        validation = sum(seed["val_auc"] for seed in seeds) / len(seeds)
        interval = f"{macro['value']:.4f} ({macro['low']:.4f} to {macro['high']:.4f})"
        verdict = "differs" if different else "identical"
        table.add_row(model, str(len(seeds)), f"{validation:.4f}", interval, verdict)
        wrong += [f"{model}, {line}" for line in different]
    Console().print(table)
    if wrong:
        raise StudyError("values that differ from results/:\n" + "\n".join(wrong))


@app.command()
def publish() -> None:
    """Copy the full profile's executed chapters, runs, results and released models to their committed folders."""
    from ecglib.book import publishing

    publishing.publish(open_profile("full"))
