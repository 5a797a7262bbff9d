"""Chapter 1's sentences: every number is counted in the records."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from ecglib.data import ptbxl
from ecglib.data.dataset import open_dataset
from ecglib.study import original
from ecglib.study.analyses.dataset import DatasetOverview
from ecgpredict.spec import CLASSES


def overview_of(root, cache) -> DatasetOverview:
    records = open_dataset(root, cache, jobs=1, progress=False)
    paths = SimpleNamespace(data=root)
    return DatasetOverview(SimpleNamespace(records=records, data=records.labeled(), paths=paths))


@pytest.fixture(scope="module")
def overview(sample_root, tmp_path_factory):
    return overview_of(sample_root, tmp_path_factory.mktemp("cache"))


def test_records_patients_and_unused_records_are_counted(overview):
    numbers = [int(text.replace(",", "")) for text in re.findall(r"\b[\d,]*\d\b(?! records` )", overview.size())[:4]]
    unused = (~overview.records[list(CLASSES)].any(axis=1)).sum()
    assert numbers == [200, overview.records["patient_id"].nunique(), unused, 200 - unused]


def test_a_patient_in_two_folds_is_counted(overview):
    assert overview.fold_properties().startswith("**No** patient has")
    moved = overview.records.copy()
    twice = moved.index[moved["patient_id"].duplicated(keep=False)][0]
    moved.loc[twice, "fold"] = moved.loc[twice, "fold"] % 10 + 1
    study = SimpleNamespace(**vars(overview.study) | {"records": SimpleNamespace(table=moved)})
    assert DatasetOverview(study).fold_properties().startswith("**1** patient has")


def test_the_strictest_rule_changes_the_labels_that_it_drops(overview):
    ours, strict = overview.counts_by_rule().set_index("superclass")[["any (used here)", "100 %"]].to_numpy().T
    assert (strict[:-1] <= ours[:-1]).all()
    assert strict[-1] >= ours[-1]
    assert re.search(r"\b[1-9]\d? % of the records", overview.strictest_rule())


def test_agreement_with_the_original_is_counted(overview, monkeypatch):
    counts = dict(zip(CLASSES, overview.superclasses()["records"]))
    monkeypatch.setattr(original, "CLASS_COUNTS", counts)
    assert "all five superclasses have" in overview.agreement()
    monkeypatch.setattr(original, "CLASS_COUNTS", counts | {"MI": 1})
    assert "4 of 5 superclasses have" in overview.agreement()


def test_fold_shares_are_of_the_records_used(overview):
    folds = overview.folds()
    assert folds["records"].sum() == len(overview.used)
    assert np.average(folds["NORM"], weights=folds["records"]) == pytest.approx(overview.used["NORM"].mean())


@pytest.mark.slow
def test_a_human_validated_all_of_folds_9_and_10(ptbxl_root, tmp_path):
    validated = ptbxl.read_human_validation(ptbxl_root)
    fold = ptbxl.read_table(ptbxl_root)["fold"]
    assert validated[fold >= 9].all()
    assert not validated[fold < 9].all()


def test_a_table_without_validation_says_nothing_of_it(sample_root, overview):
    assert ptbxl.read_human_validation(sample_root) is None
    assert "validated" not in overview.fold_properties()
