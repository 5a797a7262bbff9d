"""`python -m ecglib` is the command `ecglib`."""

from ecglib.cli import app

app(prog_name="ecglib")
