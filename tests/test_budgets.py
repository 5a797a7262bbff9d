"""Caps on the size of the packages: they hold what chapters share, and a module is read in one sitting."""

import pytest

LINES = {"ecglib": 10_000, "ecgpredict": 4_500}
MODULE_LINES = 250
LONGER = {"ecglib/data/dataset.py"}  # to become none


@pytest.fixture(params=LINES)
def modules(request, project):
    """A package's name, and {module: lines}."""
    paths = sorted((project / request.param).rglob("*.py"))
    return request.param, {
        path.relative_to(project).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in paths
    }


def test_a_package_is_small(modules):
    package, lines = modules
    assert sum(lines.values()) <= LINES[package]


def test_a_module_is_read_in_one_sitting(modules):
    _, lines = modules
    assert {name for name, count in lines.items() if count > MODULE_LINES} <= LONGER
