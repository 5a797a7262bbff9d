"""One set of pins: requirements.txt, which conda reads too, and pyproject.toml's direct dependencies."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version

import conda_packages
import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ecglib.cli import app

NAMED_BY_THE_STUDY = ("jupyter-book", "jupytext", "papermill", "torch", "tensorflow", "wfdb", "scikit-learn", "seaborn")


@pytest.fixture(scope="module")
def pins(project):
    lines = (project / "requirements.txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(r.name): str(r.specifier) for r in requirements}


@pytest.fixture(scope="module")
def metadata(project):
    return tomllib.loads((project / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def conda(project):
    return yaml.safe_load((project / "environment.yml").read_text())


def test_every_package_is_pinned_to_one_version(pins):
    assert all(re.fullmatch(r"==[0-9][^+*]*", pin) for pin in pins.values()), pins


def test_the_lock_holds_no_gpu_packages(pins):
    assert not [name for name in pins if name.startswith("nvidia") or name == "triton"]


def test_every_direct_dependency_is_pinned_and_fits_its_range(pins, metadata):
    direct = metadata["dependencies"] + sum(metadata["optional-dependencies"].values(), [])
    for requirement in map(Requirement, direct):
        pin = pins[canonicalize_name(requirement.name)].removeprefix("==")
        assert requirement.specifier.contains(pin, prereleases=True), requirement


def imported(project, package):
    """Third-party distributions that a package's files import, anywhere in them."""
    trees = [ast.parse(path.read_text()) for path in (project / package).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    modules = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"ecglib", "ecgpredict"}
    distributions = packages_distributions()
    return {module: {canonicalize_name(name) for name in distributions[module]} for module in modules}


@pytest.mark.parametrize(
    ("package", "extras"), [("ecgpredict", ["archive", "clinic"]), ("ecglib", ["clinic", "archive", "study"])]
)
def test_each_package_imports_what_its_extras_install(project, metadata, package, extras):
    direct = metadata["dependencies"] + sum((metadata["optional-dependencies"][extra] for extra in extras), [])
    installed = {canonicalize_name(Requirement(line).name) for line in direct}
    assert not {module for module, names in imported(project, package).items() if not names & installed}


def test_the_packages_the_study_was_asked_for_are_there(pins):
    assert set(NAMED_BY_THE_STUDY) <= set(pins)


def test_this_environment_is_the_pinned_one(pins):
    different = {name: (pin, version(name)) for name, pin in pins.items() if pin[2:] != version(name).split("+")[0]}
    assert not different


def test_conda_and_pip_hold_the_same_versions(conda, pins):
    others = {conda_name: pypi for pypi, conda_name in conda_packages.OTHER_NAMES.items()}
    specs = [rattler.MatchSpec(entry) for entry in conda["dependencies"] if isinstance(entry, str)]
    for name, version_of_conda in ((spec.name.normalized, spec.version) for spec in specs):
        if name not in ("python", "pip"):
            pin = pins[canonicalize_name(others.get(name, name))]
            assert version_of_conda == str(rattler.MatchSpec(f"{name} {pin}").version), name


def test_condas_python_is_one_that_the_package_takes(conda, metadata):
    python = next(entry for entry in conda["dependencies"] if str(entry).startswith("python="))
    newest = python.removeprefix("python=") + ".99"  # which is what conda takes
    assert SpecifierSet(metadata["requires-python"]).contains(newest)


def test_conda_takes_the_same_pins_from_the_same_file(conda):
    (pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    assert pip == ["--requirement requirements.txt", "--editable ."]


def test_binder_prepares_with_commands_that_exist(project):
    path = project / ".binder" / "postBuild"
    assert os.access(path, os.X_OK), "Binder runs it as a program"
    assert subprocess.run(["bash", "-n", path]).returncode == 0
    text = path.read_text()
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert re.findall(r"^\w.*", text, re.MULTILINE)[1:] == ["ecglib prepare", "ecglib standalone"]
    assert {"prepare", "standalone"} <= verbs


def test_every_subpackage_is_in_the_wheel(project):
    listed = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    modules = [path for package in ("ecglib", "ecgpredict") for path in project.glob(f"{package}/**/__init__.py")]
    folders = {".".join(path.parent.relative_to(project).parts) for path in modules}
    assert set(listed) == folders | {"ecgpredict.models"}
