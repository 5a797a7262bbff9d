"""Chapter 1: rules for labels, and shares of the folds."""

from types import SimpleNamespace

import numpy as np
import pytest

from ecglib.data import ptbxl
from ecglib.data.dataset import open_dataset
from ecglib.study.analyses.dataset import DatasetOverview


def overview_of(root, cache) -> DatasetOverview:
    records = open_dataset(root, cache, jobs=1, progress=False)
    paths = SimpleNamespace(data=root)
    return DatasetOverview(SimpleNamespace(records=records, data=records.labeled(), paths=paths))


@pytest.fixture(scope="module")
def overview(sample_root, tmp_path_factory):
    return overview_of(sample_root, tmp_path_factory.mktemp("cache"))


def test_the_strictest_rule_changes_the_labels_that_it_drops(overview):
    ours, strict = overview.counts_by_rule().set_index("superclass")[["any (used here)", "100 %"]].to_numpy().T
    assert (strict[:-1] <= ours[:-1]).all()
    assert strict[-1] >= ours[-1]


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
