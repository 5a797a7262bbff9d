"""One set of pins: requirements.txt, which conda reads too, and pyproject.toml's direct dependencies."""

import re
import tomllib
from importlib.metadata import version

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_every_direct_dependency_has_its_reason(project):
    text = (project / "pyproject.toml").read_text()
    listed = [line for line in text.splitlines() if re.match(r'    "[a-z-]+(==[^"]+)?",', line)]
    unexplained = [line for line in listed if "#" not in line]
    assert listed and not unexplained


def test_the_packages_the_study_was_asked_for_are_there(pins):
    assert set(NAMED_BY_THE_STUDY) <= set(pins)


def test_this_environment_is_the_pinned_one(pins):
    different = {name: (pin, version(name)) for name, pin in pins.items() if pin[2:] != version(name).split("+")[0]}
    assert not different


def test_conda_parses_its_file(conda):
    conda_specs = [entry for entry in conda["dependencies"] if isinstance(entry, str)]
    specs = {rattler.MatchSpec(text).name.normalized for text in conda_specs}
    assert specs == {"python", "pip"}
    assert [rattler.Channel(name).name for name in conda["channels"]] == ["conda-forge"]


def test_condas_python_is_one_that_the_package_takes(conda, metadata):
    from packaging.specifiers import SpecifierSet

    python = next(entry for entry in conda["dependencies"] if str(entry).startswith("python="))
    newest = python.removeprefix("python=") + ".99"  # which is what conda takes
    assert SpecifierSet(metadata["requires-python"]).contains(newest)


def test_conda_takes_the_same_pins_from_the_same_file(conda):
    (pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    assert pip == ["--requirement requirements.txt", "--editable ."]


def test_the_distribution_is_not_called_ecglib(metadata):
    assert metadata["name"] == "ecg-under-a-megabyte"


def test_every_subpackage_is_in_the_wheel(project):
    listed = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {".".join(path.parent.relative_to(project).parts) for path in project.glob("ecglib/**/__init__.py")}
    assert set(listed) == found | {"ecglib.models"}
