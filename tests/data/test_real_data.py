"""Contract with PTB-XL 1.0.3 and LUDB 1.0.1: the counts and units on which the whole study is based."""

import numpy as np
import pytest

from ecglib.data import ludb
from ecglib.data.folds import TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecgpredict.spec import CLASSES

pytestmark = pytest.mark.slow


def test_records_patients_superclasses_and_folds(ptbxl):
    assert (len(ptbxl), ptbxl.table["patient_id"].nunique()) == (21_799, 18_869)
    assert ptbxl.table.groupby("patient_id")["fold"].nunique().max() == 1
    counts = ptbxl.table[list(CLASSES)].sum().to_dict()
    assert counts == {"NORM": 9514, "MI": 5469, "STTC": 5235, "CD": 4898, "HYP": 2649}
    used = ptbxl.labeled()
    parts = [used.in_folds(*TRAIN_FOLDS), used.in_folds(VALIDATION_FOLD), used.in_folds(TEST_FOLD)]
    assert [len(part) for part in parts] == [17_084, 2_146, 2_158]
    assert len(used) == 21_799 - 411


def test_the_fingerprint_is_that_of_the_published_results(ptbxl, project):
    from ecglib.study import results

    assert results.read(project / "results" / "full", results.ENVIRONMENT)["fingerprint"] == ptbxl.fingerprint


def test_the_first_record_is_as_physionet_has_it(ptbxl):
    # the header of 00001_lr gives these first values, in microvolts
    assert ptbxl.signals[0, 0].tolist() == [-119, -55, 64, 86, -91, 4, -69, -31, 0, -26, -39, -79]
    assert ptbxl.signals.shape == (21_799, 1000, 12)
    assert np.abs(ptbxl.signals[:100]).max() < 10_000


def test_ludb_is_what_its_authors_describe(ludb_root):
    read = ludb.read(ludb_root)
    assert len(read) == 200
    assert read.table["sex"].sum() == 85  # women, by LUDB's README
    rhythms = [one[0] for one in read.table["statements"]]
    assert rhythms.count("Sinus rhythm") == 143


def test_ludbs_samples_obey_einthovens_law_and_its_headers_gains_do_not(ludb_root):
    read = ludb.read(ludb_root)
    for signals, exact in ((read.signals, True), (read.as_in_headers(), False)):
        off = np.abs(signals[..., 0] + signals[..., 2] - signals[..., 1]).max(axis=1)
        assert (np.median(off) < 1e-5) == exact  # mV; the samples are whole microvolts
    np.testing.assert_allclose(np.ptp(read.as_in_headers(), axis=1), 1, atol=1e-4)
