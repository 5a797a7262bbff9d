"""The command line: its error messages, without a traceback."""

import shutil

import pytest
from conftest import command

from ecglib import cli
from ecglib.data import ptbxl


@pytest.fixture
def checkout(project, tmp_path):
    """The part of a checkout that the commands read before they start."""
    for name in ("config", "notebooks", "book"):
        shutil.copytree(project / name, tmp_path / name, ignore=shutil.ignore_patterns("chapters"))
    for name in ("_toc.yml", "_config.yml", "README.md"):
        shutil.copy(project / name, tmp_path)
    return tmp_path


@pytest.fixture
def ecglib(monkeypatch):
    """The command line, in this process and without this machine's data."""
    for name in ("PTBXL_ROOT", "LUDB_ROOT", "ECGLIB_CACHE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments, cwd):
        monkeypatch.chdir(cwd)
        return command(*arguments, env={"COLUMNS": "200"})

    return run


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
def test_an_error_gives_a_hint_and_no_traceback(ecglib, checkout, arguments, messages):
    done = ecglib(*arguments, cwd=checkout)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    for text in messages:
        assert text in done.stderr


def test_outside_a_checkout_the_error_is_reported(ecglib, tmp_path):
    done = ecglib("book", cwd=tmp_path)
    assert done.exit_code == 1
    assert "not inside a checkout of the study" in done.stderr


def test_sample_writes_records_that_can_be_read(ecglib, checkout):
    done = ecglib("sample", "--profile", "tiny", cwd=checkout)
    assert done.exit_code == 0, done.stderr
    assert len(ptbxl.read_table(checkout / "data" / "tiny")) == 200


@pytest.mark.parametrize(
    ("module", "extra"), [("pyarrow", "archive"), ("pyarrow.parquet", "archive"), ("yaml", "study")]
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch, capsys, module, extra):
    def app(**options):
        raise ModuleNotFoundError(name=module)

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert f"the module {module}" in message
    assert f"pip install '.[{extra}]'" in message
