"""The benchmark's tasks: their labels, and the records that have them."""

import numpy as np
import pytest

from ecglib.data import ptbxl, tasks
from ecgpredict.spec import CLASSES


@pytest.fixture
def root(tmp_path):
    (tmp_path / ptbxl.STATEMENTS).write_text(
        ",diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass\n"
        "NORM,1,,,NORM,NORM\nIMI,1,,,MI,IMI\nILMI,1,,,MI,IMI\nNDT,1,1,,STTC,STTC\nAFIB,,,1,,\nSR,,,1,,\n"
    )
    (tmp_path / ptbxl.TABLE).write_text(
        "ecg_id,patient_id,age,sex,scp_codes,strat_fold,filename_lr\n"
        "1,1,60,0,\"{'NORM': 80.0, 'SR': 0.0}\",1,a\n"
        "2,2,60,1,\"{'ILMI': 15.0, 'AFIB': 0.0}\",2,b\n"
        "3,3,60,1,{'SR': 0.0},3,c\n"
    )
    return tmp_path


def test_each_task_has_its_labels(root):
    labels = tasks.read_tasks(root)
    assert tuple(labels) == tasks.TASKS
    assert labels["subclasses"] == ("subclass IMI", "subclass NORM", "subclass STTC")
    assert labels["form"] == ("SCP NDT",) and labels["rhythm"] == ("SCP AFIB", "SCP SR")
    assert len(labels["all"]) == 6 and len(labels["diagnostic"]) == 4


def test_a_statement_counts_whatever_its_likelihood_and_brings_its_subclass_and_superclass(root):
    labels = tasks.read_labels(root)
    assert labels.columns[:5].tolist() == list(CLASSES)
    present = {ecg_id: set(row.index[row]) for ecg_id, row in labels.iterrows()}
    assert present == {
        1: {"NORM", "SCP NORM", "SCP SR", "subclass NORM"},
        2: {"MI", "SCP ILMI", "SCP AFIB", "subclass IMI"},
        3: {"SCP SR"},
    }


def test_a_network_can_learn_all_labels(sample, sample_root):
    wide = sample.with_labels(tasks.read_labels(sample_root))
    assert wide.labels.shape == (len(sample), len(wide.outputs))
    np.testing.assert_array_equal(wide.labels[:, :5], sample.labels)
