"""The simulation of the study on several nodes, and the file of measured durations that it reads."""

import cluster_costs
import pytest
from cluster_costs import Job

from ecglib.study import resources, results
from ecglib.study.profile import load_profile

DIAMOND = {"a": Job(1.0), "b": Job(2.0, ("a",)), "c": Job(3.0, ("a",)), "d": Job(4.0, ("b", "c"))}


@pytest.fixture(scope="module")
def measured(project):
    return resources.load(project / "config" / "resources.yml")


@pytest.mark.parametrize("nodes, seconds", [(1, 10.0), (2, 8.0), (100, 8.0)])
def test_jobs_wait_for_nodes_and_for_each_other(nodes, seconds):
    assert cluster_costs.makespan(DIAMOND, nodes) == seconds


def test_the_job_with_the_longest_path_starts_first():
    jobs = {"short": Job(2.0), "long": Job(1.0), "after": Job(5.0, ("long",))}
    assert cluster_costs.makespan(jobs, 1) == 8.0
    assert cluster_costs.makespan(jobs, 2) == 6.0  # 7 if "short" and "after" had to share a node


def test_the_critical_path_is_in_order():
    assert cluster_costs.critical_path(DIAMOND) == ["a", "c", "d"]


def test_every_seed_is_a_job_and_waits_for_its_teachers(project, measured):
    profile = load_profile(project / "config" / "full.yml", seeds=5)
    jobs = cluster_costs.study_jobs(profile, measured)
    teachers = {f"base_cnn/seed{seed}" for seed in profile.models["base_cnn"].teaching_seeds}
    needed = {name for name in jobs["student_distilled/seed3"].needs if name.startswith("base_cnn/")}
    assert needed == teachers
    assert "base_cnn/seed3" in jobs["base_cnn_pruned_channels_25/seed3"].needs
    assert "base_cnn/seed2" not in jobs["base_cnn_pruned_channels_25/seed3"].needs


def test_the_page_shows_what_the_settings_and_benchmarks_give(project):
    assert results.read(project / "results" / "full", cluster_costs.NAME) == cluster_costs.costs(project), (
        "run `python tools/cluster_costs.py`"
    )
