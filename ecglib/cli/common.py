"""What all commands share: the application, options, and errors shown without a traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ecgpredict.errors import InputError, StudyError

if TYPE_CHECKING:
    from ecglib.study.study import Study

_HELP = 'Reproduce the study "ECG Under a Megabyte", build its book, and classify recordings with its models.'
app = typer.Typer(add_completion=False, no_args_is_help=True, help=_HELP, rich_markup_mode=None)
console = Console(stderr=True, highlight=False)
Seeds = Annotated[int | None, typer.Option(min=1, help="seeds of every model, instead of those in config/models.yml")]
Cores = Annotated[int, typer.Option(help="processes at the same time")]
Profile = Annotated[str, typer.Option(help="sample: synthetic records; full: PTB-XL from PTBXL_ROOT or data/ptb-xl")]


@contextmanager
def report_user_errors(status: int = 1):
    """End the command with the message of an error that the user can fix, instead of a traceback."""
    try:
        yield
    except StudyError as error:
        print_error(error)
        raise typer.Exit(status) from None


def missing_package(error: ModuleNotFoundError) -> InputError:
    """The error for a package that is not installed: it names the extra that has it."""
    extra = "archive" if (error.name or "").startswith("pyarrow") else "study"
    return InputError(
        "package missing",
        where="this command",
        expected=f"the module {error.name}, of the extra `{extra}`",
        found="not installed",
        hint=f"pip install '.[{extra}]', or `make env` for everything",
    )


def print_error(error: object) -> None:
    console.print(f"error: {error}", style="red", markup=False, emoji=False, soft_wrap=True)


def open_profile(name: str, seeds: int | None = None) -> Study:
    """The study of a profile; imported here, so that classifying a recording does not wait for it."""
    from ecglib.study.study import open_study

    return open_study(name, seeds=seeds)
