"""Building the static book in _build/<profile>/html from book/ (Jinja templates), executed chapters and results.

It is built in another folder and moved there when every page exists: a failed build leaves the last book as it was.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import jinja2
import nbformat
import pandas as pd
import yaml

from ecglib import __version__
from ecglib.book import alt_text, assets, chapters, plots, standalone, tables
from ecglib.book.assets import BookError
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import claims, results
from ecglib.study.findings import findings
from ecglib.study.paths import Paths
from ecgpredict import browser, files, released, statements
from ecgpredict.errors import InputError

SAMPLE_NOTICE = (
    "This book was built from synthetic sample records: its numbers show that the study runs; they are not results."
)
LAUNCH_BUTTONS = {
    "notebook_interface": "jupyterlab",
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}  # shown only if _config.yml sets the repository's address: without it they would open Jupyter Book's own
README_FIGURE = "systems.svg"  # in results/full


def build(paths: Paths) -> Path:
    """The built index.html of a profile's book.

    Raises
    ------
    InputError : a chapter of the table of contents was not executed
    ChapterError : an executed chapter contains a traceback, or its cells did not run in order
    BookError : jupyter-book reported a warning or an error, or a page of the table of contents is missing
    """
    html = paths.build / "html"
    built = render(paths, "html")
    if missing := [page for page in contents(paths.root) if not (built / f"{page}.html").is_file()]:
        raise BookError(f"pages of _toc.yml that were not built: {', '.join(missing)}")
    for leftover in (".buildinfo", ".doctrees", "objects.inv"):
        path = built / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    shutil.rmtree(html, ignore_errors=True)
    built.rename(html)
    shutil.rmtree(paths.build / "book")
    return html / "index.html"


def render(paths: Paths, builder: str) -> Path:
    """The folder that a builder of Jupyter Book writes, "html" or "singlehtml"; raises as :func:`build`."""
    source, output = paths.build / "source", paths.build / "book"
    shutil.rmtree(source, ignore_errors=True)
    shutil.rmtree(output, ignore_errors=True)
    _stage(paths, source)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", source]
    command += ["--config", _config(paths, source), "--toc", paths.root / "_toc.yml", "--path-output", output]
    command += ["--builder", builder, "--warningiserror", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BookError(f"jupyter-book failed:\n{(done.stdout + done.stderr)[-6000:]}")
    return output / "_build" / builder


def contents(root: Path) -> list[str]:
    """Pages of the table of contents in reading order, without suffix."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def chapter_names(root: Path) -> list[str]:
    """Names of the notebooks in the table of contents, in reading order."""
    return [Path(page).name for page in contents(root) if page.startswith("chapters/")]


def readme(paths: Paths) -> str:
    """The README's text with both of its tables made from the published results and released models."""
    text = (paths.root / "README.md").read_text(encoding="utf-8")
    folder = paths.published_results
    models = results.summary(folder), released.entries(paths.models), results.read(folder, "travel")
    parts = {
        "results": tables.markdown(tables.headline(*models)),
        "findings": tables.markdown(tables.claims(results.read_all(folder)), left=["cause"]),
    }
    for name, table in parts.items():
        begin, end = f"<!-- {name}: begin, written by `ecglib publish` -->", f"<!-- {name}: end -->"
        text = re.sub(f"{re.escape(begin)}.*{re.escape(end)}", f"{begin}\n{table}\n{end}", text, flags=re.DOTALL)
    return text


def readme_figure(paths: Paths) -> Path:
    """The README's picture, drawn beside the results."""
    import matplotlib

    matplotlib.use("agg")
    target = paths.published_results / README_FIGURE
    plots.style()
    figure = plots.systems(tables.systems(results.read_all(paths.published_results)))
    figure.savefig(target, metadata={"Date": None})
    return target


def _stage(paths: Paths, source: Path) -> None:
    """Write everything that jupyter-book builds from into a folder."""
    names = chapter_names(paths.root)
    for name in names:
        notebook = paths.chapters / f"{name}.ipynb"
        if not notebook.is_file():
            raise InputError(
                "chapter not executed",
                where=notebook,
                expected="an executed notebook",
                found="no such file",
                hint=f"run `ecglib reproduce --profile {paths.profile}`",
            )
        chapters.check(nbformat.read(notebook, as_version=4), notebook.stem)
    context = _template_context(paths, names)
    book = paths.root / "book"
    shutil.copytree(book / "_static", source / "_static")
    modules = assets.install(book, paths.root / "_build" / "npm")
    assets.copy_mathjax(modules, source / "assets" / "mathjax")
    assets.copy_tables(modules, source / "assets" / "datatables")
    browser.stage(source / "assets" / "classify", book / "browser", _models(paths), context["shrink"])
    plots.shrinking(context["shrink"]).savefig(source / "_static" / "shrink.svg")
    (source / "assets" / "models").mkdir()
    released.copy_release(_models(paths), source / "assets" / "models")
    for table in paths.published_results.glob("*.csv"):
        shutil.copy(table, source / "_static")
    shutil.copy(book / "references.bib", source)
    repository = standalone.published_repository(paths.root)
    (source / "chapters").mkdir()
    for name in names:
        notebook = nbformat.read(paths.chapters / f"{name}.ipynb", as_version=4)
        nbformat.write(standalone.convert(notebook, name, repository), source / "chapters" / f"{name}.ipynb")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(book), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    for page in contents(paths.root):
        if not page.startswith("chapters/"):
            text = environment.get_template(f"{page}.md").render(context)
            (source / f"{page}.md").write_text(text, encoding="utf-8")
    korean = (source / "ko.md").read_text(encoding="utf-8")
    assets.copy_font(modules, korean, source / "_static" / "fonts")


def _claims(paths: Paths) -> dict[str, Estimate]:
    """{key: what a claim rests on}; on synthetic records, which decide nothing, NaN for every key."""
    if paths.profile != "full":
        return defaultdict(lambda: Estimate(*[float("nan")] * 3))
    return {c["key"]: Estimate(c["value"], c["low"], c["high"]) for c in claims.read(paths.published_results)}


def _template_context(paths: Paths, names: list[str]) -> dict:
    """The names that the pages' templates use."""
    folder, committed = paths.published_results, paths.root / "results" / "full"
    kept, summary = results.read_all(folder), results.summary(folder).set_index("model", drop=False)
    plots.style()
    entries, travel = released.entries(_models(paths)), results.read(folder, "travel")
    drawn = tables.as_released(summary, entries, travel)
    cards = results.read(folder, results.CARDS)
    minutes = {name: chapters.seconds(paths.chapters / f"{name}.ipynb") / 60 for name in names}
    found = tables.claims(kept).drop(columns="corrected")
    return {
        "profile": paths.profile,
        "findings": tables.markdown(found, left=["replayed", "done right", "cause"]),
        "study_findings": [finding for finding in findings(tables.registry()) if finding.done_right.name in kept],
        "figure": lambda models, **options: plots.front_page(drawn.loc[list(models)], **options),
        "claims": _claims(paths),
        "summary": summary,
        "size": tables.file_size,
        "estimate": Estimate,
        "models": {name: result["row"] for name, result in kept.items()},
        "results": kept,
        "environment": results.read(paths.published_results, results.ENVIRONMENT),
        "manifest": entries,
        "default": released.default(_models(paths)),  # of `ecglib predict` and the page that classifies
        "microcontroller": released.microcontroller(_models(paths)),
        "family": tables.family(entries),  # the study's models that the released ones are of
        "rows": drawn,  # the summary, with the released files for the models that they are of
        "cards": cards["models"],
        "variants": cards["variants"],  # that name statements: how well each is found
        "statements": statements.table(),
        "ledger": _fold_10_versions(paths.published_results / "fold_10_ledger.csv", kept),
        "travel": travel,
        "resampling": results.read(committed, "resampling"),  # of benchmarks/resampling.py
        "firmware": results.read(committed, "firmware"),  # of the models released with the code
        "front": results.read(committed, "front"),  # of benchmarks/front.py
        "cluster": results.read(committed, "cluster"),  # of tools/cluster_costs.py
        "shrink": results.read(committed, "shrink"),  # of tools/shrink_grid.py
        "minutes": minutes,
        "names": tables.model_labels(),
        "version": __version__,
    }


def _fold_10_versions(ledger: Path, models: Collection[str]) -> list[dict]:
    """How often each of these models' scores of fold 10 changed, when first and last, and in which commit last."""
    if not ledger.is_file():
        return []
    rows = pd.read_csv(ledger, dtype=str, keep_default_na=False)
    versions = rows[rows["model"].isin(list(models))].groupby("model", sort=False)
    columns = {"times": ("date", "size"), "first": ("date", "first"), "last": ("date", "last")}
    return versions.agg(**columns, commit=("commit", "last")).reset_index().to_dict("records")


def _models(paths: Paths) -> Path:
    """Folder of the released models of a profile's book; the full profile's are committed."""
    return paths.models if paths.profile == "full" else paths.released


def _config(paths: Paths, source: Path) -> Path:
    """The book's configuration with what depends on the profile and on the chapters."""
    config = yaml.safe_load((paths.root / "_config.yml").read_text(encoding="utf-8"))
    options = config["sphinx"]["config"]
    own = ["pages", "glossary", "figures", "lighter"]
    options["extensions"] += own
    config["sphinx"]["local_extensions"] = dict.fromkeys(own, str(paths.root / "book" / "extensions"))  # where they are
    options["npm_modules"] = str(paths.root / "_build" / "npm" / "node_modules")
    options["figure_alt_texts"] = alt_text.of_notebooks(sorted((source / "chapters").glob("*.ipynb")))
    if paths.profile != "full":
        options["html_theme_options"]["announcement"] = SAMPLE_NOTICE
    if standalone.published_repository(paths.root):
        config["launch_buttons"] = LAUNCH_BUTTONS
    target = source / "_config.yml"
    files.write_text(target, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return target
