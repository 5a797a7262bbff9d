"""The Slurm of the tests; one at a time on a machine, because its configuration is in /etc/slurm."""

import tempfile
from pathlib import Path

import pytest
from cluster import slurm as slurms
from conftest import lacking
from filelock import FileLock


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A controller and two nodes that are idle."""
    if reason := slurms.missing():
        lacking("slurm", reason)
    with FileLock("/tmp/ecglib-tests-slurm.lock"), tempfile.TemporaryDirectory() as folder:
        ready = slurms.Slurm(Path(folder) / "slurm")  # a short path: sockets have 108 characters
        try:
            ready.start()
            yield ready
        finally:
            ready.stop()
