"""What the labels' own doubts say about the AUC that is left to reach."""

import dataclasses

import numpy as np
import pytest

from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.study.analyses import frontier_ceiling, frontier_teachers


@pytest.fixture(scope="module")
def panel(study, sample_root):
    """The teachers of a study that also has the tables of its records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(study.paths), "data", sample_root)
        yield frontier_teachers.open_panel(study, "compact_16_plain")


def test_a_record_is_certain_if_no_superclass_rests_on_a_doubtful_statement(panel):
    ceiling = frontier_ceiling.open_ceiling(panel)
    counts = ceiling.table()["records"].tolist()
    assert counts[0] == counts[1] + counts[2] == len(panel.study.data.in_folds(TEST_FOLD))
    assert 0 < counts[1] < counts[0]  # the synthetic statements have likelihoods from 15 to 100 %


@pytest.fixture
def same_twice(panel):
    """Two teachers with the same scores, which separate every superclass."""
    (scores,) = panel.scores.values()
    labels = panel.study.data.in_folds(VALIDATION_FOLD, TEST_FOLD).labels
    noise = np.random.default_rng(0).random(scores.score.shape, np.float32)
    scores = dataclasses.replace(scores, score=0.6 * labels + 0.4 * noise)
    twice = dataclasses.replace(panel, scores=dict.fromkeys(["resnet1d_wang", "base_cnn"], scores))
    return dataclasses.replace(frontier_ceiling.open_ceiling(panel), panel=twice)


def test_a_teacher_agrees_with_itself(same_twice):
    found = same_twice.agreement()
    assert found["rank correlation"].tolist() == pytest.approx([1, 1])
    assert found["AUC for its decisions"].tolist() == pytest.approx([1, 1])


def test_a_superclass_without_records_leaves_no_auc(panel):
    ceiling = frontier_ceiling.open_ceiling(panel)
    none = dataclasses.replace(ceiling, certain=np.zeros_like(ceiling.certain))
    assert none.table()["AUC of all teachers together"].iloc[1] == "–"
