"""The command line: what the shell passes in, text and exit status out. Imports from every subpackage, when it runs."""

from ecglib.cli import models, readers, study  # noqa: F401  each registers its commands
from ecglib.cli.common import app

__all__ = ["app"]
