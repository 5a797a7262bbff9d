"""Files are replaced atomically, and a lock ends with its process."""

import subprocess
import sys

import pytest

from ecgpredict import files
from ecgpredict.errors import InputError


def test_a_file_is_replaced_when_the_block_ends(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with files.atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_after_an_error_the_file_is_unchanged_and_nothing_is_left_behind(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), files.atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


HOLD = "import sys; from pathlib import Path; from ecgpredict.files import exclusive\n"
HOLD += "with exclusive(Path(sys.argv[1]), 'a run'): print('held', flush=True); sys.stdin.read()"


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path):
    lock = tmp_path / "run.lock"
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="a run is in progress"), files.exclusive(lock, "a run"):
            pass
        first.kill()
        first.wait()
        with files.exclusive(lock, "a run"):
            pass
