"""Tables: labels, folds, and the errors of invalid ones."""

import pandas as pd
import pytest

from ecglib.data import ptbxl
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES


def edit(root, name=ptbxl.TABLE, **columns):
    """Rewrite a table with the first row's values replaced; a column set to None is removed."""
    table = pd.read_csv(root / name)
    for column, value in columns.items():
        if value is None:
            table = table.drop(columns=column)
        else:
            table[column] = table[column].astype(object)
            table.loc[0, column] = value
    table.to_csv(root / name, index=False)


def test_every_statement_counts_whatever_its_likelihood(damaged):
    edit(damaged, scp_codes="{'NORM': 0.0, 'LVH': 15.0, 'SR': 0.0}")
    row = ptbxl.read_table(damaged).iloc[0]
    assert row[list(CLASSES)].tolist() == [True, False, False, False, True]


def test_a_minimum_likelihood_drops_the_less_likely(damaged):
    edit(damaged, scp_codes="{'NORM': 80.0, 'LVH': 15.0}")
    row = ptbxl.read_table(damaged, minimum_likelihood=50).iloc[0]
    assert row[list(CLASSES)].tolist() == [True, False, False, False, False]


def test_a_statement_without_superclass_gives_no_label(damaged):
    edit(damaged, scp_codes="{'SR': 0.0}")
    assert not ptbxl.read_table(damaged).iloc[0][list(CLASSES)].any()


def test_all_statements_of_a_record_are_read(damaged):
    edit(damaged, scp_codes="{'NORM': 0.0, 'LVH': 15.0, 'SR': 0.0}")
    found = ptbxl.read_statement_labels(damaged)
    assert set(found.columns[found.iloc[0]]) == {"NORM", "LVH", "SR"}
    assert found.index[0] == 1


@pytest.mark.parametrize(
    ("columns", "problem", "found"),
    [
        ({"scp_codes": "{'NORM': 100.0"}, "scp_codes unreadable", "{'NORM': 100.0"),
        ({"scp_codes": "{'XYZ': 100.0}"}, "unknown statement", "XYZ in ecg_id 1"),
        ({"strat_fold": None}, "column missing", "no strat_fold"),
    ],
)
def test_an_invalid_table_is_named(damaged, columns, problem, found):
    edit(damaged, **columns)
    with pytest.raises(InputError, match=problem) as caught:
        ptbxl.read_table(damaged)
    assert found in str(caught.value)
    assert str(damaged) in str(caught.value.where)


@pytest.mark.parametrize("name", [ptbxl.TABLE, ptbxl.STATEMENTS])
def test_a_missing_table_is_named(damaged, name):
    (damaged / name).unlink()
    with pytest.raises(InputError, match="table missing") as caught:
        ptbxl.read_table(damaged)
    assert caught.value.where == damaged / name


def test_circumstances_are_those_that_the_table_has(damaged):
    assert ptbxl.read_circumstances(damaged).empty
    path = damaged / ptbxl.TABLE
    table = pd.read_csv(path).assign(device="CS-12   E", site=2.0)
    table.to_csv(path, index=False)
    found = ptbxl.read_circumstances(damaged)
    assert found.columns.tolist() == ["device", "site"]
    assert set(found["device"]) == {"CS-12 E"}  # PTB-XL pads the names with spaces
