"""Hypothesis on damaged files: the same examples in every run."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from damaged_formats import Format, write_damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecgpredict.errors import StudyError

RANDOMS = st.randoms(use_true_random=False)
REPRODUCIBLE = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), max_examples=40
)


def check_read_or_refused(
    formats: dict[str, Format],
    name: str,
    refusal: type[StudyError],
    verify: Callable[[StudyError], None],
    max_examples: int = REPRODUCIBLE.max_examples,
) -> None:
    """Damage files of a format: each is read or refused with `refusal`, which `verify` asserts to be clear."""

    @settings(REPRODUCIBLE, max_examples=max_examples)
    @given(st.sampled_from(formats[name].kinds), RANDOMS)
    def check(kind, random):
        with tempfile.TemporaryDirectory() as folder:
            write_damaged(name, kind, random, Path(folder))
            try:
                formats[name].read(Path(folder))
            except refusal as error:
                verify(error)

    check()
