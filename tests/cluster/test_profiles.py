"""The cluster profiles, whose options have to be those of Snakemake and its executor plugins."""

import subprocess
import sys

import pytest
import yaml
from conftest import copy_checkout, run_ecglib
from snakemake import cli

from ecglib.study import resources

PROFILES = ("slurm", "kubernetes")
IGNORED = {"--quiet", "--no-cache-dir"}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_option_exists(project, profile):
    content = yaml.safe_load((project / "profiles" / profile / "config.yaml").read_text())
    parser, *_ = made if isinstance(made := cli.get_argument_parser(), tuple) else (made,)
    known = {option for action in parser._actions for option in action.option_strings}
    assert {f"--{name}" for name in content} <= known
    assert content["executor"] == profile


def test_a_folder_without_a_profile_is_an_error(project, tmp_path):
    done = run_ecglib("reproduce", "--workflow-profile", str(tmp_path), cwd=project)
    assert done.returncode == 1 and "no Snakemake profile" in done.stderr


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """What Snakemake would submit for the tiny study, as it prints it."""
    root = copy_checkout(tmp_path_factory.mktemp("profile") / "checkout")
    options = "--dry-run --cores 2 --workflow-profile profiles/slurm --config profile=tiny cluster=1"
    command = [sys.executable, "-m", "snakemake", *options.split()]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_job_asks_for_what_was_measured(jobs, project):
    needs = resources.load(project / "config" / "resources.yml").rules["train"]
    training = jobs.partition("rule train_batch_0:")[2].partition("\n\n")[0]
    assert f"threads: {needs['threads']}" in training
    assert f"mem_mb={needs['mem_mb']}" in training


def test_the_container_is_installed_as_the_environment_is(project):
    """`make env` is executed by continuous integration; no builder of containers is."""

    def arguments(text, program):
        lines = [line for line in text.splitlines() if program in line]
        return [sorted({word for word in line.split() if word.startswith("--")} - IGNORED) for line in lines]

    image = arguments((project / "Dockerfile").read_text(), "python -m pip install")
    assert len(image) == 2
    assert image == arguments((project / "Makefile").read_text(), "$(BIN)/python -m pip install")
