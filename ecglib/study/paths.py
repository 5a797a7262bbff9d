"""The files and folders of a checkout of the study."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ecgpredict.errors import InputError

PROJECT_VARIABLE = "ECGLIB_PROJECT"


def find_project() -> Path:
    """The checkout around the working directory, or the one that ECGLIB_PROJECT names; an InputError if neither is."""
    here, named = Path.cwd(), os.environ.get(PROJECT_VARIABLE)
    for folder in (here, *here.parents, *([Path(named)] if named else [])):
        if (folder / "_toc.yml").is_file() and (folder / "notebooks").is_dir():
            return folder
    raise InputError(
        "not inside a checkout of the study",
        where=here,
        expected="a folder with _toc.yml and notebooks/",
        found="none here or above",
        hint=f"change into the checkout, or set {PROJECT_VARIABLE} to it",
    )


@dataclass(frozen=True)
class Paths:
    """The folders of one profile ("sample" or "full")."""

    profile: str
    root: Path

    @classmethod
    def for_profile(cls, profile: str) -> Paths:
        """The paths of a profile in the checkout around the working directory."""
        return cls(profile, find_project())

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
    def ludb(self) -> Path:
        """LUDB's folder: LUDB_ROOT or data/ludb, and synthetic records in its layout for the sample."""
        if self.profile == "full":
            return Path(os.environ.get("LUDB_ROOT") or self.root / "data" / "ludb")
        return self.root / "data" / f"{self.profile}_ludb"

    @property
    def cache(self) -> Path:
        """The memory-mapped signals: ECGLIB_CACHE or data/cache, one folder per profile."""
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
        """Committed models; runs found here count as finished in the full profile."""
        return self.root / "models"

    @property
    def results(self) -> Path:
        """What this run's chapters write; `ecglib publish` copies the full profile's when all chapters are done."""
        return self.build / "results"

    @property
    def published_results(self) -> Path:
        """The results that the book is built from: the committed ones for the full profile, else this run's."""
        return self.root / "results" / "full" if self.profile == "full" else self.results

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
