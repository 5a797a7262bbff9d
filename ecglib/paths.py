"""Where everything lies in a checkout of the study."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ecglib.errors import InputError


def project() -> Path:
    """The checkout: the nearest folder, from the working directory upwards, that holds _toc.yml.

    Raises
    ------
    InputError : called from outside a checkout
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "_toc.yml").is_file() and (folder / "notebooks").is_dir():
            return folder
    raise InputError(
        "not inside a checkout of the study", where=here, expected="a folder with _toc.yml and notebooks/",
        found="none here or above", mend="change into the checkout and try again",
    )  # fmt: skip


@dataclass(frozen=True)
class Paths:
    """The folders of one profile ("sample" or "full")."""

    profile: str
    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config" / f"{self.profile}.yml"

    @property
    def data(self) -> Path:
        """Records in PTB-XL's layout: PTBXL_ROOT or data/ptb-xl, and data/sample for the sample."""
        if self.profile == "full":
            return Path(os.environ.get("PTBXL_ROOT") or self.root / "data" / "ptb-xl")
        return self.root / "data" / self.profile

    @property
    def cache(self) -> Path:
        """The memory-mapped signals: ECGLIB_CACHE or data/cache, one folder a profile."""
        return Path(os.environ.get("ECGLIB_CACHE") or self.root / "data" / "cache") / self.profile

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts" / self.profile

    @property
    def released(self) -> Path:
        """The models that this profile's deployment chapter releases; `ecglib publish` copies the full profile's."""
        return self.artifacts / "released"

    @property
    def models(self) -> Path:
        """Released models; runs found here count as finished in the full profile."""
        return self.root / "models"

    @property
    def results(self) -> Path:
        """Committed for the full profile, among what is built for the others."""
        return self.root / "results" / "full" if self.profile == "full" else self.build / "results"

    @property
    def build(self) -> Path:
        return self.root / "_build" / self.profile

    @property
    def executed(self) -> Path:
        """Chapters as the last run executed them."""
        return self.build / "chapters"

    @property
    def chapters(self) -> Path:
        """Executed chapters that the book is built from: the published, committed ones for the full profile."""
        return self.root / "book" / "chapters" if self.profile == "full" else self.executed


def of(profile: str) -> Paths:
    """The paths of a profile in the checkout around the working directory."""
    return Paths(profile, project())
