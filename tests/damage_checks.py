"""Hypothesis on damaged files: the same examples in every run."""

import tempfile
from pathlib import Path

from damaged_formats import Format, write_damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecgpredict.errors import InputError

RANDOMS = st.randoms(use_true_random=False)
REPRODUCIBLE = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), max_examples=40
)


def check_read_or_refused(formats: dict[str, Format], name: str) -> None:
    """Damage files of a format: each is read, or refused with an error whose every part says something."""

    @REPRODUCIBLE
    @given(st.sampled_from(formats[name].kinds), RANDOMS)
    def check(kind, random):
        with tempfile.TemporaryDirectory() as folder:
            write_damaged(name, kind, random, Path(folder))
            try:
                formats[name].read(Path(folder))
            except InputError as error:
                parts = (error.problem, error.where, error.expected, error.found, error.hint)
                assert all(part is not None and str(part) for part in parts), error

    check()
