"""The rule that turns LUDB's statements into superclasses: what is certain, what is doubtful, what is left out."""

import numpy as np
import pytest

from ecglib.data.ludb_rules import MEANINGS, RULES, meaning, superclasses
from ecgpredict.spec import CLASSES

AXIS = "Electric axis of the heart: normal"
NAN = np.nan


@pytest.mark.parametrize(
    ("statement", "strict", "wide", "clear"),
    [
        ("Complete left bundle branch block", (0, 0, 0, 1, 0), (0, 0, 0, 1, 0), (0, 0, 0, 1, 0)),
        ("Left atrial hypertrophy", (0, 0, 0, 0, 0), (0, 0, 0, 0, 1), (0, 0, 0, 0, NAN)),
        ("Stemi: anterior wall", (0, 1, 0, 0, 0), (0, 1, 1, 0, 0), (0, 1, NAN, 0, 0)),
        ("Undefined ischemia/scar/supp.nstemi: apical", *[(0, NAN, NAN, 0, 0)] * 3),
        ("Sinus bradycardia", (0, 0, 0, 0, 0), (1, 0, 0, 0, 0), (NAN, 0, 0, 0, 0)),
        ("Atrial fibrillation", *[(0, 0, 0, 0, 0)] * 3),
    ],
)
def test_the_rules_differ_only_in_the_doubtful_cases(statement, strict, wide, clear):
    for rule, expected in zip(RULES, (strict, wide, clear), strict=True):
        np.testing.assert_array_equal(superclasses([statement, AXIS], rule), expected)


@pytest.mark.parametrize("rule", RULES)
def test_a_certain_statement_outweighs_a_doubtful_one_and_one_that_is_left_out(rule):
    doubtful, left_out = "Left atrial overload", "Undefined ischemia/scar/supp.nstemi: septal"
    found = superclasses([doubtful, "Left ventricular hypertrophy", "Scar formation: septal", left_out], rule)
    assert found[CLASSES.index("HYP")] == found[CLASSES.index("MI")] == 1


@pytest.mark.parametrize("rule", RULES)
def test_an_ecg_in_sinus_rhythm_without_another_statement_is_normal(rule):
    np.testing.assert_array_equal(superclasses(["Sinus rhythm", AXIS], rule), [1, 0, 0, 0, 0])


def test_a_place_or_a_type_may_follow_a_statement():
    assert meaning("Atrial flutter, typical").statement == "atrial flutter"
    assert meaning("ISCHEMIA: inferior  wall\n").statement == "ischemia"


def test_an_unknown_statement_is_refused():
    with pytest.raises(LookupError, match="Brugada"):
        superclasses(["Brugada syndrome"], "wide")


def test_every_statement_has_one_meaning():
    names = [one.statement for one in MEANINGS]
    assert [meaning(name).statement for name in names] == names


def test_the_rule_has_44_statements():
    """How many of them, alone, have a superclass for certain, perhaps, or leave it out."""
    strict, wide = (np.array([superclasses([one.statement], rule) for one in MEANINGS]) for rule in ("strict", "wide"))
    left_out = np.isnan(strict)
    assert len(MEANINGS) == 44
    assert (strict == 1).sum(axis=0).tolist() == [4, 2, 2, 8, 2]  # in the order of CLASSES
    assert (wide > strict).sum(axis=0).tolist() == [9, 0, 2, 5, 5]
    assert left_out.sum(axis=0).tolist() == [0, 1, 1, 3, 0]
