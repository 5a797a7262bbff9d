"""The tiny study on a real Slurm whose node dies, whose job is cancelled and whose controller is restarted."""

import json
import os
import signal
import subprocess
import sys

import pytest
from conftest import copy_checkout, run_ecglib

from ecglib.study.paths import Paths

pytestmark = pytest.mark.slow
SUMMARY = "_build/tiny/results/summary.csv"
# what a second local run does not repeat either: durations, latencies, and the processor's name
MEASURED = {"seconds", "wall_seconds", "hardware", "latency_ms"}


def checkout(folder):
    """A copy of the checkout with one chapter, whose trainings have two epochs: one can be cut between checkpoints."""
    root = copy_checkout(folder / "checkout")
    profile = root / "config" / "tiny.yml"
    text = profile.read_text().replace("max_epochs: 1", "max_epochs: 2").replace("01_dataset, ", "")
    profile.write_text(text)
    return root


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The study as this machine runs it."""
    root = checkout(tmp_path_factory.mktemp("local"))
    # four cores give a training two threads, as on Slurm; with another number sums have another order
    done = run_ecglib("reproduce", "--profile", "tiny", "--cores", "4", "--", SUMMARY, cwd=root)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return Paths("tiny", root)


class Run:
    """`ecglib reproduce` on Slurm in the background."""

    def __init__(self, root, log):
        options = "--seconds-between-status-checks 2 --slurm-init-seconds-before-status-checks 1 --latency-wait 10"
        arguments = f"reproduce --profile tiny --workflow-profile profiles/slurm -- {SUMMARY} {options}"
        command = [sys.executable, "-m", "ecglib", *arguments.split()]
        environment = {k: v for k, v in os.environ.items() if k not in ("PTBXL_ROOT", "ECGLIB_CACHE")}
        self.log = log
        with open(log, "w") as out:
            self.process = subprocess.Popen(
                command, cwd=root, env=environment, stdout=out, stderr=out, start_new_session=True
            )

    def ended(self):
        return self.process.poll() is not None

    def stop(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def result(self):
        return self.process.wait(), self.log.read_text()[-6000:]


@pytest.fixture(scope="module")
def disturbed(slurm, tmp_path_factory):
    """The study on Slurm after what happens to clusters, and the rules that were jobs."""
    root = checkout(tmp_path_factory.mktemp("slurm"))

    def running(rule):
        return [job for job, name in slurm.rules(state="RUNNING") if rule in name]

    def until(condition):
        slurm.wait_until(lambda: run.ended() or condition(), 300)
        assert not run.ended(), run.result()

    run = Run(root, tmp_path_factory.mktemp("log") / "1.log")
    try:
        until(lambda: running("train") and [*root.glob("artifacts/tiny/*/seed0/**/checkpoints/1.*")])
        before = running("train")
        node = slurm.node_of(before[0])
        slurm.kill_node(node)
        slurm.stop_controller()
        slurm.start_controller()
        slurm.start_node(node)
        until(lambda: [job for job in running("train") if job not in before])
        until(lambda: running("02_base_cnn"))
        slurm.ask("scancel", str(running("02_base_cnn")[0]))
        status, log = run.result()
    finally:
        if not run.ended():
            run.stop()
    assert status == 0, log
    return Paths("tiny", root), {rule for _, rule in slurm.rules()}


def test_a_cluster_is_not_asked_for_the_work_of_seconds(disturbed):
    assert {rule.split("_wildcards")[0] for rule in disturbed[1]} == {
        "rule_read_records",
        "rule_train_batch_0",
        "rule_train_batch_1",
        "rule_chapter",
    }


def test_the_trainings_end_in_the_weights_of_an_undisturbed_local_run(disturbed, local):
    ours, theirs = (
        {path.parent.parent.name: json.loads(path.read_text())["weights_sha256"] for path in sorted(runs)}
        for runs in (paths.artifacts.rglob("run.json") for paths in (disturbed[0], local))
    )
    assert ours and ours == theirs


def test_the_results_are_those_of_the_local_run(disturbed, local):
    ours, theirs = (paths.results for paths in (disturbed[0], local))
    names = sorted(path.name for path in theirs.glob("*.json") if path.name != "environment.json")
    assert names == sorted(path.name for path in ours.glob("*.json") if path.name != "environment.json")
    for name in names:
        assert reproducible(json.loads((ours / name).read_text())) == reproducible(
            json.loads((theirs / name).read_text())
        ), name


def reproducible(value):
    """A results file without what was measured with a clock or names the processor."""
    if isinstance(value, dict):
        return {key: reproducible(one) for key, one in value.items() if key not in MEASURED and "latency" not in key}
    return [reproducible(one) for one in value] if isinstance(value, list) else value
