"""Which pins of requirements.txt conda-forge has as conda packages; writes environment.yml from them.

`python tools/conda_packages.py [CHANNEL]` asks conda-forge, or another channel by name or address. In come
requirements.txt and the channel's records; out comes environment.yml, in which conda installs what the channel has in
the very version of the pin, and pip, from requirements.txt, all the rest. Nothing is written if the channel does not
answer or if its packages do not fit together on this machine.
"""

import asyncio
import sys
from pathlib import Path

import rattler
from packaging.requirements import Requirement
from rattler.exceptions import GatewayError, SolverError

PROJECT = Path(__file__).parent.parent
CHANNEL = "conda-forge"
PYTHON = "3.11"
PLATFORMS = "linux-64", "osx-arm64"  # a package has to be there for both, or for every platform
# packages that conda-forge calls otherwise than PyPI does; most others differ by - and _ at most
OTHER_NAMES = {
    "flatbuffers": "python-flatbuffers",
    "matplotlib": "matplotlib-base",  # matplotlib adds Qt
    "snakemake": "snakemake-minimal",  # snakemake adds clients of clusters and clouds
    "soundfile": "pysoundfile",
    "torch": "pytorch",
}
HEAD = """\
# conda env create --file environment.yml
# `python tools/conda_packages.py` lists here what conda-forge has in the very version that requirements.txt pins; pip
# installs all the rest from there, and leaves what conda has installed.
name: ecg-under-a-megabyte
channels:
  - conda-forge
dependencies:
"""
TAIL = """\
  - pip
  - pip:
      - --requirement requirements.txt
      - --editable .
"""


def pins(text: str) -> dict[str, str]:
    """{name on PyPI: version} of a requirements file."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {line.name: str(line.specifier).removeprefix("==") for line in map(Requirement, lines)}


def conda_names(name: str) -> list[str]:
    """What a package may be called on conda-forge, the likeliest name first."""
    return [OTHER_NAMES[name]] if name in OTHER_NAMES else list(dict.fromkeys([name, name.replace("-", "_")]))


def runs(record: rattler.RepoDataRecord) -> bool:
    """Whether a record is a Python package for the environment's Python; conda has C libraries of the same names."""
    needed = [rattler.MatchSpec(text) for text in record.depends]
    python = [spec for spec in needed if spec.name.normalized == "python"]
    versions = [rattler.VersionSpec(spec.version) for spec in python if spec.version]
    return bool(python) and all(version.matches(rattler.Version(f"{PYTHON}.99")) for version in versions)


async def available(channel: str, wanted: dict[str, str]) -> list[str]:
    """Specs, as "numpy==2.4.6", of the pins that a channel has for all platforms."""
    candidates = [name for pin in wanted for name in conda_names(pin)]
    found = {name: set() for name in candidates}
    for records in await rattler.Gateway().query([channel], [*PLATFORMS, "noarch"], candidates, recursive=False):
        for record in filter(runs, records):
            found[record.name.normalized].add((str(record.version), record.subdir))
    specs = []
    for pin, version in wanted.items():
        for name in conda_names(pin):
            places = {place for held, place in found[name] if rattler.Version(held) == rattler.Version(version)}
            if "noarch" in places or places >= set(PLATFORMS):
                specs.append(f"{name}=={version}")
                break
    return specs


async def main(channel: str = CHANNEL) -> None:
    wanted = pins((PROJECT / "requirements.txt").read_text(encoding="utf-8"))
    specs = [f"python={PYTHON}", *await available(channel, wanted)]
    await rattler.solve([channel], [*specs, "pip"], virtual_packages=rattler.VirtualPackage.detect())
    lines = "".join(f"  - {spec}\n" for spec in specs)
    (PROJECT / "environment.yml").write_text(HEAD + lines + TAIL, encoding="utf-8")
    print(f"{len(specs) - 1} of {len(wanted)} packages from {channel}, the others from PyPI")


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except (GatewayError, SolverError) as error:
        sys.exit(f"error: environment.yml stays as it is: {error}")
