"""Targets: limits in both directions."""

from ecglib.study.analyses.targets import Target


def test_a_least_value_is_met_at_its_limit():
    target = Target(0.93, at_least=True, text="0.930")
    assert target.verdict(0.93) == "at least 0.930, met"
    assert target.verdict(0.9299) == "at least 0.930, missed"


def test_a_largest_value_is_met_at_its_limit():
    target = Target(0.27, at_least=False, text="0.27")
    assert target.verdict(0.27) == "at most 0.27, met"
    assert target.verdict(0.28) == "at most 0.27, missed"
