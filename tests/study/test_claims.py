"""Claims: verdicts on intervals, and what the committed chapters claim."""

import re

import pytest

from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import claims
from ecgpredict.errors import InputError


@pytest.mark.parametrize(
    ("bounds", "holds"),
    [
        ({"above": 0.0}, True),
        ({"above": 0.001}, False),  # the interval begins there
        ({"below": 0.005}, True),
        ({"below": 0.004}, False),
        ({"within": 0.005}, True),
        ({"within": 0.003}, False),
        ({"above": 0.0, "below": 0.003}, False),
    ],
)
def test_the_whole_interval_has_to_keep_a_bound(bounds, holds):
    claim = {"low": 0.001, "high": 0.004, **bounds}
    assert claims.holds(claim) is holds


def test_a_claim_that_does_not_hold_names_its_interval_and_bound():
    with pytest.raises(InputError) as error:
        claims.check("04.gain", Estimate(0.002, -0.001, 0.005), {"above": 0.0})
    assert (error.value.where, error.value.expected) == ("chapter 04, 04.gain", "above 0")
    assert error.value.found == "0.0020 (-0.0010 to 0.0050)"


def test_a_chapter_executed_again_replaces_its_claims_and_no_others(tmp_path):
    source = tmp_path / "04_pruning.py"
    source.write_text('study.claim("04.new", 1.0, above=0)')
    for key in ("04.old", "04.new", "05.other"):
        claims.write(tmp_path, claims.check(key, 1.0, {"above": 0}), tmp_path / "04_pruning.py")
    claims.write(tmp_path, claims.check("04.new", 2.0, {"above": 0}), source)
    assert [(claim["key"], claim["value"]) for claim in claims.read(tmp_path)] == [("04.new", 2.0), ("05.other", 1.0)]


def test_every_committed_claim_holds_and_stands_once_in_its_chapter(project):
    stored = claims.read(project / "results" / "full")
    named = [
        (source.name[:2], key)
        for source in sorted((project / "notebooks").glob("[0-9]*.py"))
        for key in re.findall(r'study\.claim\(\s*"([^"]+)"', source.read_text(encoding="utf-8"))
    ]
    assert sorted(named) == [(claim["chapter"], claim["key"]) for claim in stored]
    assert [claim["key"] for claim in stored if not claims.holds(claim)] == []
