"""The original's split: a random fifth for testing, random folds, and labels shifted relative to their signals."""

import numpy as np
import pytest

from ecglib.data.original_split import original_split


@pytest.fixture
def records(sample):
    """The sample with its third and its last record unlabeled."""
    table = sample.table.copy()
    table.iloc[[2, -1], [table.columns.get_loc(name) for name in ("NORM", "MI", "STTC", "CD", "HYP")]] = False
    return type(sample)(table, sample.signals, np.arange(len(table)), sample.fingerprint)


def test_a_fifth_is_for_testing_and_a_fifth_of_the_rest_for_validation(records):
    split = original_split(records, shifted_labels=False)
    counts = split.table["fold"].value_counts()
    assert len(split) == len(records) - 2
    assert counts[10] == pytest.approx(len(split) / 5, abs=1)
    assert counts[9] == pytest.approx(len(split) * 4 / 25, abs=1)


def test_without_the_shift_every_signal_keeps_its_labels(records):
    split = original_split(records, shifted_labels=False)
    np.testing.assert_array_equal(split.rows, [row for row in range(len(records)) if row not in (2, len(records) - 1)])


def test_with_the_shift_the_record_after_an_unlabeled_one_carries_the_wrong_signal(records):
    plain, shifted = (original_split(records, shifted_labels=shift) for shift in (False, True))
    np.testing.assert_array_equal(shifted.ecg_id, plain.ecg_id)
    assert np.flatnonzero(shifted.rows != plain.rows).tolist() == [2]
    assert shifted.rows[2] == 2  # the unlabeled record's signal, with the labels of the record after it


def test_it_counts_as_other_data(records):
    names = {original_split(records, shifted_labels=shift).fingerprint for shift in (False, True)}
    assert len(names | {records.fingerprint}) == 3
