"""Shared fixtures: synthetic records, the real PTB-XL, the built book, a browser.

Tests marked `slow` run with `make test-slow`, all others with `make test`. A test whose requirement is missing on a
machine is skipped with a reason, unless ECGLIB_TESTS_REQUIRE names the requirement: then the test fails.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from filelock import FileLock

from ecgpredict.spec import CLASSES

if TYPE_CHECKING:  # the tests of prediction run without the study's packages
    from click.testing import Result

    from ecglib.data.dataset import Dataset
    from ecglib.evaluation.scores import Scores

PROJECT = Path(__file__).parent.parent
EXCLUDED = (".git", ".venv", "_build", "artifacts", "data", ".snakemake", "*.egg-info", "__pycache__", ".*_cache")


def lacking(name: str, reason: str) -> None:
    """Skip the test, or fail if ECGLIB_TESTS_REQUIRE names what is missing."""
    if name in os.environ.get("ECGLIB_TESTS_REQUIRE", "").split():
        pytest.fail(f"{name} is required here: {reason}")
    pytest.skip(reason)


def require(*tools: str, requirement: str = "toolchain") -> None:
    """Skip the test where a program is not installed, or fail if it is required."""
    for tool in tools:
        if not shutil.which(tool):
            lacking(requirement, f"{tool} is not installed")


def command(*arguments: object, **terminal: object) -> Result:
    """The command line in this process; `terminal` has settings of Typer's runner."""
    from typer.testing import CliRunner

    from ecglib import cli

    return CliRunner(**terminal).invoke(cli.app, list(map(str, arguments)))


def run_ecglib(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    """The command line in a process of its own, without this machine's data."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("PTBXL_ROOT", "LUDB_ROOT", "ECGLIB_CACHE")}
    return subprocess.run(
        [sys.executable, "-m", "ecglib", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=inherited | environment,
    )


def definitions(name: str) -> dict:
    """What a chapter imports and defines, without executing the rest of its cells."""
    import jupytext

    cells = jupytext.read(PROJECT / "notebooks" / f"{name}.py").cells
    source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef)
    body, names = [node for node in ast.parse(source).body if isinstance(node, kinds)], {}
    exec(compile(ast.Module(body, []), name, "exec"), names)
    return names


def copy_checkout(target: Path) -> Path:
    """A copy of the checkout without generated files; ecglib/data is copied, the data/ folder is not."""

    def ignored(folder, names):
        generated = shutil.ignore_patterns(*EXCLUDED)(folder, names)
        return generated if Path(folder) == PROJECT else generated - {"data"}

    return Path(shutil.copytree(PROJECT, target, ignore=ignored))


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder shared by all worker processes of a test run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def sample_root(shared) -> Path:
    """200 synthetic records in PTB-XL's layout; read only."""
    from ecglib.data import synthetic

    root = shared / "sample" / "records"
    with FileLock(shared / "sample.lock"):
        if not (root / "ptbxl_database.csv").is_file():
            synthetic.write_sample(root, records=200, progress=False)
    return root


@pytest.fixture(scope="session")
def sample(sample_root, shared) -> Dataset:
    from ecglib.data.dataset import open_dataset

    with FileLock(shared / "sample.lock"):
        return open_dataset(sample_root, shared / "sample" / "cache", jobs=1, progress=False).labeled()


@pytest.fixture
def scored(sample) -> Scores:
    """Random scores of the sample's folds 9 and 10, two seeds."""
    from ecglib.evaluation.scores import Scores

    part = sample.in_folds(9, 10)
    score = np.random.default_rng(0).random((2, len(part), 5), np.float32)
    return Scores(part.ecg_id, part.table["fold"].to_numpy(), np.array([0, 1]), score)


def shuffled_fold_10(dataset: Dataset) -> Dataset:
    """The data set with the labels of fold 10 shuffled among its records."""
    table = dataset.table.copy()
    test, names = (table["fold"] == 10).to_numpy(), list(CLASSES)
    table.loc[test, names] = table.loc[test, names].sample(frac=1, random_state=1).to_numpy()
    return replace(dataset, table=table)


@pytest.fixture
def damaged(sample_root, tmp_path) -> Path:
    """A copy of the synthetic records for a test to damage."""
    return Path(shutil.copytree(sample_root, tmp_path / "records"))


def data_set(name: str, folder: str, table: str) -> Path:
    """The folder of a real data set."""
    root = Path(os.environ.get(f"{name.upper()}_ROOT") or PROJECT / "data" / folder)
    if not (root / table).is_file():
        lacking(name, f"it is not here: set {name.upper()}_ROOT, or run `ecglib download`")
    return root


@pytest.fixture(scope="session")
def ptbxl_root() -> Path:
    return data_set("ptbxl", "ptb-xl", "ptbxl_database.csv")


@pytest.fixture(scope="session")
def ludb_root() -> Path:
    return data_set("ludb", "ludb", "ludb.csv")


@pytest.fixture(scope="session")
def ptbxl(ptbxl_root, shared) -> Dataset:
    from ecglib.data.dataset import open_dataset

    with FileLock(shared / "ptbxl.lock"):
        return open_dataset(ptbxl_root, shared / "ptbxl", progress=False)


@pytest.fixture(scope="session")
def published_book(shared) -> Path:
    """The published book, built from the committed chapters in a fresh copy."""
    root = shared / "book" / "checkout"
    html = root / "_build" / "full" / "html"
    with FileLock(shared / "book.lock"):
        if not root.is_dir():
            copy_checkout(root)
            done = run_ecglib("book", cwd=root)
            assert done.returncode == 0, done.stderr[-6000:]
    assert html.is_dir(), "the book could not be built, see the first failure"
    return html


@pytest.fixture(scope="session")
def browser():
    from selenium import webdriver

    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if not binary or not shutil.which("chromedriver"):
        lacking("browser", "Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    switches = ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking")
    for switch in (*switches, "disable-component-update", "disable-dev-shm-usage"):
        options.add_argument(f"--{switch}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()
