"""The command in awkward shells: nothing kept or sent, any encoding, width, output path, and a full disk.

`ecglib predict`, `header` and `firmware` run in this process, but where a stream of the process itself is concerned.
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import PROJECT, command, require

from ecgpredict import __version__, examples, files, released

MICRO = released.microcontroller()


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "normal.npz"
    np.savez(path, signal=examples.signals()["normal"], rate=100, units="mV")
    return path


def predict(*arguments, **keywords):
    return command("predict", *arguments, "--jobs", 1, **keywords)


def process(*arguments, before=(), **keywords):
    """The command in a process of its own."""
    call = [*before, sys.executable, "-m", "ecglib", *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)} | keywords.pop("environment", {})
    return subprocess.run(call, stderr=subprocess.PIPE, env=environment, **keywords)


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "in", "--units", "mV", "--report", "report"],
        ["predict", "in", "--units", "mV", "--out", "scores.parquet", "--jobs", "2"],
        ["header", MICRO, "model.h"],
        ["firmware", MICRO, "--out", "firmware"],
    ],
    ids=lambda arguments: " ".join(arguments[:1] + arguments[4:5]),
)
def test_nothing_is_kept_in_home_and_no_network_is_asked(arguments, tmp_path):
    """A socket of a network would be of the family AF_INET or AF_INET6; the Internet's names are looked up by it."""
    require("strace", requirement="strace")
    examples.write(tmp_path / "in")
    (tmp_path / "home").mkdir()
    calls = tmp_path / "calls.txt"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_", "MPL"))}
    environment = kept | {"HOME": str(tmp_path / "home"), "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    trace = ["strace", "-f", "-e", "trace=socket,connect,sendto", "-o", str(calls)]
    run = subprocess.run(
        [*trace, sys.executable, "-m", "ecglib", *arguments], cwd=tmp_path, env=environment, capture_output=True
    )
    assert run.returncode in (0, 1), run.stderr
    assert list((tmp_path / "home").rglob("*")) == []
    assert not re.findall(r".*AF_INET.*", calls.read_text())


def test_the_version_is_that_of_the_package():
    assert command("--version").stdout == f"ecglib {__version__}\n"


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_terminal_of_any_width_shows_whole_probabilities(recording, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    values = json.loads(predict(recording, "--json").stdout)["probabilities"].values()
    shown = predict(recording).stdout
    assert "…" not in shown and max(map(len, shown.splitlines())) <= columns
    assert all(f"{value:.2f}" in shown for value in values)


def test_the_end_tells_how_many_were_read_warned_of_and_refused(tmp_path):
    examples.write(tmp_path)
    (tmp_path / "empty.csv").touch()
    done = predict(tmp_path / "normal.hea", tmp_path / "hypertrophy.npz", tmp_path / "empty.csv", "--json")
    assert done.stderr.splitlines()[-1] == "2 read, 1 of them with warnings; 1 refused"
    assert [bool(json.loads(line)["error"]) for line in done.stdout.splitlines()] == [False, False, True]
    assert done.exit_code == 1


@pytest.mark.parametrize(("options", "shown"), [([], False), (["--progress"], True), (["--no-progress"], False)])
def test_a_bar_is_shown_where_it_is_asked_for(recording, options, shown):
    done = predict(recording, *options)
    assert ("1/1" in done.stderr) == shown and "1/1" not in done.stdout


@pytest.mark.parametrize("encoding", ["cp949", "cp932", "cp1252"])
@pytest.mark.parametrize("options", [[], ["--json"], ["--csv"], ["--help"]], ids=str)
def test_any_encoding_of_the_terminal(encoding, options, recording, tmp_path):
    """A path in Korean, Japanese and with a µ: JSON gives the path itself, the others what the encoding has of it."""
    path = tmp_path / "심전도_心電図_µ.npz"
    shutil.copy(recording, path)
    done = predict(path, *options, charset=encoding)
    assert done.exit_code == 0, done.output
    text = done.stdout_bytes.decode(encoding)
    if options == ["--json"]:
        assert json.loads(text)["path"] == str(path)
    if options == ["--csv"]:
        (row,) = csv.DictReader(io.StringIO(text))
        assert row["path"] == str(path).encode(encoding, "backslashreplace").decode(encoding)


@pytest.mark.parametrize("first", "=+-@")
def test_a_file_name_is_no_formula_of_a_spreadsheet(first, recording, monkeypatch):
    monkeypatch.chdir(recording.parent)
    recording.rename(f"{first}1.npz")
    (row,) = csv.DictReader(io.StringIO(command("predict", "--jobs", 1, "--csv", "--", f"{first}1.npz").stdout))
    assert row["path"] == f"'{first}1.npz"


def refused(done, status, where):
    """The command ended with an error that names the path, not with a traceback."""
    assert done.exit_code == status
    assert isinstance(done.exception, SystemExit), done.exception
    assert "error: cannot write" in done.stderr and f"where:    {where}\n" in done.stderr


def test_an_output_that_is_a_folder_or_in_a_file_is_refused(recording, tmp_path):
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.write_text("kept")
    refused(predict(recording, "--out", folder), 2, folder)
    refused(predict(recording, "--report", file), 2, file)
    refused(command("header", MICRO, folder), 1, folder)
    refused(command("firmware", MICRO, "--out", file), 1, file)
    assert file.read_text() == "kept" and not list(folder.iterdir())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is of Linux")  # noqa: PTH110
def test_a_full_disk_is_an_error_without_a_traceback(recording):
    refused(predict(recording, "--out", "/dev/full"), 2, "/dev/full")
    refused(command("header", MICRO, "/dev/full"), 1, "/dev/full")
    with open("/dev/full", "w") as full:
        done = process("predict", recording, "--jobs", "1", "--json", stdout=full)
    assert done.returncode == 2
    assert b"No space left" in done.stderr and b"Traceback" not in done.stderr and b"Exception" not in done.stderr


def test_a_device_or_a_pipe_is_written_into_not_replaced(recording, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(os.devnull)
    assert predict(recording, "--out", link).exit_code == 0
    assert link.is_symlink() and not link.is_file()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        files.write_text(pipe, "text")
        assert reader.stdout.read() == b"text"
    assert pipe.is_fifo()


@pytest.mark.parametrize("jobs", [0, -1])
def test_an_impossible_number_of_processes_is_refused(jobs, recording):
    done = command("predict", recording, "--jobs", jobs)
    assert done.exit_code == 2 and isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("name", ["..npz", "...npz", "a b.npz", "..\\x.npz"])
def test_a_report_stays_in_its_folder_whatever_the_recordings_name(name, recording, tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    recording.rename(inside / name)
    before = {path for path in tmp_path.rglob("*")}
    predict(inside / name, "--report", tmp_path / "out")
    new = {path for path in tmp_path.rglob("*")} - before - {tmp_path / "out"}
    assert [path.parent for path in new] == [tmp_path / "out"]
