"""What several test modules share: synthetic records, and the real PTB-XL where it is there."""

import os
import shutil
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
