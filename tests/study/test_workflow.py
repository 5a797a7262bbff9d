"""One run of a profile at a time."""

import subprocess
import sys

import pytest

from ecglib.study import workflow
from ecgpredict.errors import InputError

HOLD = "import sys; from pathlib import Path; from ecglib.study.workflow import exclusive\n"
HOLD += "with exclusive(Path(sys.argv[1]), 'a run'): print('held', flush=True); sys.stdin.read()"


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path):
    lock = tmp_path / "run.lock"
    command = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="a run is in progress"), workflow.exclusive(lock, "a run"):
            pass
        first.kill()
        first.wait()
        with workflow.exclusive(lock, "a run"):
            pass
