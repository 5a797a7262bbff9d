"""A small study end to end: records, trainings, chapters and summary, through the command line."""

import matplotlib
import nbformat
import pandas as pd
import pytest
from conftest import copy_checkout, run_ecglib

from ecglib.book import chapters
from ecglib.study.paths import Paths

SUMMARY = "_build/tiny/results/summary.csv"


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> Paths:
    """A copy of the checkout in which the tiny study ran up to its summary, without a HOME that can be written."""
    root = copy_checkout(tmp_path_factory.mktemp("tiny") / "checkout")
    fonts = matplotlib.get_cachedir()  # made anew, the list of fonts would take seconds
    done = run_ecglib(
        "reproduce", "--profile", "tiny", "--", SUMMARY, cwd=root, HOME="/dev/null/home", MPLCONFIGDIR=fonts
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return Paths("tiny", root)


def test_its_chapters_were_executed_in_order(paths):
    for name in ("01_dataset", "02_base_cnn"):
        chapters.check(nbformat.read(paths.chapters / f"{name}.ipynb", as_version=4), name)


def test_its_summary_holds_the_models_with_results(paths):
    assert pd.read_csv(paths.root / SUMMARY)["model"].tolist() == ["base_cnn"]


def test_the_published_results_stay_as_they_are(paths, project):
    for path in (project / "results").rglob("*.*"):
        assert (paths.root / path.relative_to(project)).read_bytes() == path.read_bytes()


def test_a_second_run_has_nothing_to_do(paths):
    stamp = (paths.root / SUMMARY).stat().st_mtime_ns
    done = run_ecglib("reproduce", "--profile", "tiny", "--", SUMMARY, cwd=paths.root)
    assert done.returncode == 0
    assert (paths.root / SUMMARY).stat().st_mtime_ns == stamp
