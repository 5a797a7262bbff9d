"""What all commands share: the application, options, and errors shown without a traceback."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from typer.core import TyperGroup

from ecgpredict import __version__
from ecgpredict.errors import InputError, StudyError, printable

if TYPE_CHECKING:
    from ecglib.study.study import Study


class Commands(TyperGroup):
    """Commands that end with exit status 1 and the message of an error that the user can fix."""

    def invoke(self, ctx: typer.Context) -> object:
        with report_user_errors():
            return super().invoke(ctx)


_HELP = 'Reproduce the study "ECG Under a Megabyte", build its book, and classify recordings with its models.'
app = typer.Typer(cls=Commands, no_args_is_help=True, help=_HELP, rich_markup_mode=None)
console = Console(stderr=True, highlight=False)
Seeds = Annotated[int | None, typer.Option(min=1, help="seeds of every model, instead of those in config/models.yml")]
Cores = Annotated[int, typer.Option(help="processes at the same time")]
Profile = Annotated[str, typer.Option(help="sample: synthetic records; full: PTB-XL from PTBXL_ROOT or data/ptb-xl")]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"ecglib {__version__}")
        raise typer.Exit


@app.callback()
def before_each_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print the version and exit")
    ] = False,
) -> None:
    """What the terminal's encoding lacks, such as a µ or a path in Korean, is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def report_user_errors(status: int = 1):
    """End the command with the message of an error that the user can fix, instead of a traceback.

    Such are :class:`StudyError` and what the system says of a path or of a full disk.
    """
    try:
        yield
        sys.stdout.flush()
    except StudyError as error:
        print_error(error)
        raise typer.Exit(status) from None
    except OSError as error:
        if error.errno in (None, errno.EPIPE):  # a closed pipe ends the command in silence
            raise
        where = error.filename or "standard output"
        expected, hint = "a file or folder that you may use, with room", "give another path, or make room"
        print_error(InputError("cannot read or write", where=where, expected=expected, found=error.strerror, hint=hint))
        if not error.filename:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python writes the rest at its end, where it would fail again
        raise typer.Exit(status) from None


def missing_package(error: ModuleNotFoundError) -> InputError:
    """The error for a package that is not installed: it names the extra that has it."""
    extra = "archive" if (error.name or "").startswith("pyarrow") else "study"
    expected = f"the module {error.name}, of the extra `{extra}`"
    hint = f"pip install '.[{extra}]', or `make env` for everything"
    return InputError("package missing", where="this command", expected=expected, found="not installed", hint=hint)


def print_error(error: object) -> None:
    text = "\n".join(map(printable, str(error).splitlines()))
    console.print(f"error: {text}", style="red", markup=False, emoji=False, soft_wrap=True)


def open_profile(name: str, seeds: int | None = None) -> Study:
    """The study of a profile; imported here, so that classifying a recording does not wait for it."""
    from ecglib.study.study import open_study

    return open_study(name, seeds=seeds)
