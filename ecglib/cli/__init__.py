"""The command line: what the shell passes in, text and exit status out. Imports from every subpackage, when it runs."""

from ecglib.cli import models, readers, study  # noqa: F401  each registers its commands
from ecglib.cli.common import app, missing_package, print_error

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a package that `pip install .` leaves out ends it with exit status 2."""
    try:
        app(prog_name="ecglib")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("", "ecglib", "ecgpredict"):
            raise
        print_error(missing_package(error))
        raise SystemExit(2) from None
