"""5,000 recordings as jobs of a real Slurm, one of whose two nodes is killed on the way."""

import os
import subprocess
import sys
from collections import Counter

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT

from ecgpredict import synthetic_ecg

pytestmark = pytest.mark.slow
RECORDINGS, DISTINCT, UNREADABLE, SHARD = 5_000, 50, 7, 1_000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """5,000 names of 50 recordings, and of one file that is none."""
    root = tmp_path_factory.mktemp("archive")
    (root / "sources").mkdir()
    rng = np.random.default_rng(0)
    for number in range(DISTINCT):
        signal = synthetic_ecg.ecg([("NORM", "IMI")[number % 2]], rng).astype(np.float32)
        np.savez(root / "sources" / f"{number}.npz", signal=signal, rate=100, units="mV")
    (root / "sources" / "unreadable.npz").write_bytes(b"not a recording")
    for number in range(RECORDINGS):
        source = "unreadable" if number % 700 == 350 else number % DISTINCT
        folder = root / "recordings" / f"{number // 500}"
        folder.mkdir(parents=True, exist_ok=True)
        os.link(root / "sources" / f"{source}.npz", folder / f"{number}.npz")
    return root / "recordings"


def run(recordings, out):
    """The archive's workflow in the background."""
    workflow = f"--snakefile {PROJECT}/workflows/archive/Snakefile --workflow-profile {PROJECT}/profiles/slurm"
    config = f"--config recordings={recordings} out={out} shard_size={SHARD}"
    checks = "--seconds-between-status-checks 2 --slurm-init-seconds-before-status-checks 1"
    command = [sys.executable, "-m", "snakemake", *f"{workflow} --cores 2 --nolock {config} {checks}".split()]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    with open(out.with_suffix(".log"), "a") as log:
        return subprocess.Popen(command, cwd=out.parent, env=environment, stdout=log, stderr=log)


@pytest.fixture(scope="module")
def classified(slurm, recordings, tmp_path_factory):
    """The data set's folder, after a run that lost a node, and a second run with a recording more."""
    out = tmp_path_factory.mktemp("out") / "scores"
    process = run(recordings, out)
    try:
        slurm.wait_until(lambda: process.poll() is not None or slurm.jobs(node="ecg2"), 300)
        killed = slurm.jobs(node="ecg2")
        slurm.wait_until(lambda: process.poll() is not None or [*out.glob("shards/*.part.parquet")], 300)
        slurm.kill_node("ecg2")
        status = process.wait()
    finally:
        process.kill()
    assert killed and status == 0, out.with_suffix(".log").read_text()[-6000:]
    return out


def test_every_recording_is_there_once(classified):
    paths = Counter(pd.read_parquet(classified / "scores.parquet")["path"])
    assert paths == Counter(f"{number // 500}/{number}.npz" for number in range(RECORDINGS))


def test_unreadable_recordings_have_their_error(classified):
    found = duckdb.sql(f"select path, error, NORM from '{classified / 'scores.parquet'}' where error is not null").df()
    assert len(found) == UNREADABLE and found["NORM"].isna().all()


def test_copies_of_a_recording_have_the_same_probabilities(classified):
    table = pd.read_parquet(classified / "scores.parquet", columns=["path", "NORM", "error"])
    table = table[table["error"].isna()]
    source = table["path"].str.extract(r"(\d+)\.npz")[0].astype(int) % DISTINCT
    assert (table.groupby(source.to_numpy())["NORM"].nunique() == 1).all()


def test_a_recording_added_later_costs_its_shard_only(slurm, classified, recordings):
    (recordings / "9" / "added.npz").hardlink_to(recordings / "9" / "4999.npz")
    before = {path.name: path.stat().st_mtime_ns for path in (classified / "shards").iterdir()}
    slurm.start_node("ecg2")
    assert run(recordings, classified).wait() == 0, classified.with_suffix(".log").read_text()[-6000:]
    after = {path.name: path.stat().st_mtime_ns for path in (classified / "shards").iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {"00005.parquet"}
    rows = duckdb.sql(f"select count(*) from '{classified / 'scores.parquet'}'").fetchall()
    assert rows == [(RECORDINGS + 1,)]
