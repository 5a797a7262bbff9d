"""What several test modules share: synthetic records, and the real PTB-XL where it is there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ecglib import signals, synthetic

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def sample_root(tmp_path_factory) -> Path:
    """200 synthetic records in PTB-XL's layout; read only."""
    return synthetic.write_sample(tmp_path_factory.mktemp("sample") / "records", records=200, progress=False)


@pytest.fixture(scope="session")
def sample(sample_root, tmp_path_factory) -> signals.Dataset:
    return signals.open_dataset(sample_root, tmp_path_factory.mktemp("cache"), jobs=1, progress=False).labelled()


@pytest.fixture
def damaged(sample_root, tmp_path) -> Path:
    """A copy of the synthetic records for a test to damage."""
    return Path(shutil.copytree(sample_root, tmp_path / "records"))


@pytest.fixture(scope="session")
def ptbxl_root() -> Path:
    """The real PTB-XL."""
    root = Path(os.environ.get("PTBXL_ROOT") or PROJECT / "data" / "ptb-xl")
    if not (root / "ptbxl_database.csv").is_file():
        pytest.skip("PTB-XL is not here: set PTBXL_ROOT, or run `ecglib download`")
    return root


@pytest.fixture(scope="session")
def ptbxl(ptbxl_root, tmp_path_factory) -> signals.Dataset:
    return signals.open_dataset(ptbxl_root, tmp_path_factory.mktemp("ptbxl"), progress=False)


@pytest.fixture(scope="session")
def left_out() -> tuple[str, ...]:
    """What a copy of the checkout goes without."""
    return (".git", ".venv", "_build", "artifacts", "data", ".snakemake", "*.egg-info", "__pycache__", ".*_cache")


@pytest.fixture(scope="session")
def published_book(project, left_out, tmp_path_factory) -> Path:
    """The published book, built from the committed chapters in a fresh copy."""
    root = tmp_path_factory.mktemp("book") / "checkout"
    shutil.copytree(project, root, ignore=shutil.ignore_patterns(*left_out))
    done = subprocess.run([sys.executable, "-m", "ecglib", "book"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-6000:]
    return root / "_build" / "full" / "html"


@pytest.fixture(scope="session")
def browser():
    from selenium import webdriver

    binary = shutil.which("chromium") or shutil.which("google-chrome")
    if not binary or not shutil.which("chromedriver"):
        pytest.skip("Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "disable-component-update",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()
