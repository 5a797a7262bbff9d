"""The workflows of continuous integration: what may write, what runs before it, and what code of others they run."""

import re

import pytest
import yaml


@pytest.fixture(scope="module")
def workflows(project):
    files = sorted((project / ".github" / "workflows").glob("*.yml"))
    return {path.stem: yaml.safe_load(path.read_text()) for path in files}


def jobs(workflows):
    return {name: job for workflow in workflows.values() for name, job in workflow["jobs"].items()}


def test_every_action_is_pinned_by_its_commit(workflows):
    actions = [step["uses"] for job in jobs(workflows).values() for step in job["steps"] if "uses" in step]
    assert actions
    assert not [action for action in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)]


def test_one_job_may_write_and_it_installs_nothing(workflows):
    assert all(workflow["permissions"] == {"contents": "read"} for workflow in workflows.values())
    writing = {name: job for name, job in jobs(workflows).items() if "permissions" in job}
    assert list(writing) == ["deploy"]
    assert [step["uses"].split("@")[0] for step in writing["deploy"]["steps"]] == ["actions/deploy-pages"]


def test_nothing_is_deployed_before_the_tests_passed(workflows):
    after = workflows["tests"]["jobs"]
    assert after["deploy"]["needs"] == "book"
    assert set(after["book"]["needs"]) == {"test", "predict"}


def test_the_tests_named_in_the_workflow_exist(project, workflows):
    (run,) = [
        step["run"] for step in workflows["tests"]["jobs"]["predict"]["steps"] if "pytest tests" in step.get("run", "")
    ]
    folder, names = re.search(r"(tests/\S*)test_\{(\S+)\}\.py", run).groups()
    assert all((project / folder / f"test_{name}.py").is_file() for name in names.split(","))
