"""The command line: what it says when something is wrong, without a traceback."""

import os
import shutil
import subprocess
import sys

import pytest

from ecglib import ptbxl


@pytest.fixture
def checkout(project, tmp_path):
    """As much of a checkout as the commands look at before they start."""
    for name in ("config", "notebooks", "book"):
        shutil.copytree(project / name, tmp_path / name, ignore=shutil.ignore_patterns("chapters"))
    for name in ("_toc.yml", "_config.yml", "README.md"):
        shutil.copy(project / name, tmp_path)
    return tmp_path


def ecglib(*arguments, cwd):
    environment = {k: v for k, v in os.environ.items() if k not in ("PTBXL_ROOT", "ECGLIB_CACHE")} | {"COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-m", "ecglib", *arguments], cwd=cwd, capture_output=True, text=True, env=environment
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["reproduce", "--profile", "full"], ["PTB-XL folder missing", "ecglib download"]),
        (["reproduce", "--profile", "tiny"], ["profile missing", "one of full, sample"]),
        (["read", "--profile", "full"], ["PTB-XL folder missing"]),
        (["train", "resnet", "--profile", "sample"], ["unknown model", "base_cnn"]),
        (["book"], ["chapter not executed", "ecglib reproduce --profile full"]),
        (["download", "there", "--url", "http://127.0.0.1:9/"], ["download failed", "check the network"]),
    ],
)
def test_an_error_names_the_mend_and_is_no_traceback(checkout, arguments, said):
    done = ecglib(*arguments, cwd=checkout)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for text in said:
        assert text in done.stderr


def test_outside_a_checkout_it_says_so(tmp_path):
    done = ecglib("book", cwd=tmp_path)
    assert done.returncode == 1
    assert "not inside a checkout of the study" in done.stderr


def test_sample_writes_records_that_the_reader_takes(checkout):
    done = ecglib("sample", "--records", "100", cwd=checkout)
    assert done.returncode == 0, done.stderr
    assert len(ptbxl.read_table(checkout / "data" / "sample")) == 100


def test_help_lists_the_verbs(checkout):
    text = ecglib("--help", cwd=checkout).stdout
    assert all(verb in text for verb in ("reproduce", "book", "download", "sample"))
