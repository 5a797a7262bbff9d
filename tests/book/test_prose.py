"""Sentences with computed numbers."""

import pytest

from ecglib.book import prose
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecglib.study.study import Study


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("changes by -0.0012 (-.0031 to +0.0007)", "changes by −0.0012 (−.0031 to +0.0007)"),
        ("int-8, 10-12, $x^-2$, $10^{-3}$", "int-8, 10-12, $x^-2$, $10^{-3}$"),
    ],
)
def test_negative_numbers_have_a_typographic_minus(text, shown):
    assert prose.say(text).data == shown


@pytest.mark.parametrize(("profile", "says"), [("sample", True), ("full", False)])
def test_only_chapters_on_synthetic_records_say_so(project, profile, says):
    study = Study(load_profile(project / "config" / f"{profile}.yml"), Paths(profile, project))
    assert (prose.introduce(study) is not None) is says
