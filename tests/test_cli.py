"""The command line: its error messages, without a traceback."""

import shutil

import pytest
from conftest import run_ecglib

from ecglib.data import ptbxl


@pytest.fixture
def checkout(project, tmp_path):
    """The part of a checkout that the commands read before they start."""
    for name in ("config", "notebooks", "book"):
        shutil.copytree(project / name, tmp_path / name, ignore=shutil.ignore_patterns("chapters"))
    for name in ("_toc.yml", "_config.yml", "README.md"):
        shutil.copy(project / name, tmp_path)
    return tmp_path


def ecglib(*arguments, cwd):
    return run_ecglib(*arguments, cwd=cwd, COLUMNS="200")


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["reproduce", "--profile", "full"], ["PTB-XL folder missing", "ecglib download"]),
        (["reproduce", "--profile", "large"], ["file missing", "one of full, models, resources, sample, tiny"]),
        (["read", "--profile", "full"], ["PTB-XL folder missing"]),
        (["train", "resnet", "--profile", "sample"], ["unknown model", "base_cnn"]),
        (["book"], ["chapter not executed", "ecglib reproduce --profile full"]),
    ],
)
def test_an_error_gives_a_hint_and_no_traceback(checkout, arguments, messages):
    done = ecglib(*arguments, cwd=checkout)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for text in messages:
        assert text in done.stderr


def test_outside_a_checkout_the_error_is_reported(tmp_path):
    done = ecglib("book", cwd=tmp_path)
    assert done.returncode == 1
    assert "not inside a checkout of the study" in done.stderr


def test_sample_writes_records_that_can_be_read(checkout):
    done = ecglib("sample", "--records", "100", cwd=checkout)
    assert done.returncode == 0, done.stderr
    assert len(ptbxl.read_table(checkout / "data" / "sample")) == 100


def test_help_lists_the_commands(checkout):
    text = ecglib("--help", cwd=checkout).stdout
    assert all(command in text for command in ("reproduce", "book", "download", "sample"))
