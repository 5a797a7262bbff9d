"""Chapter 8's released students: files in a manifest, and a default that fold 9 selects."""

import dataclasses

import numpy as np
import pytest

from ecglib.compression import quantization
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.study import results
from ecglib.study.analyses import frontier, frontier_release
from ecglib.study.registry import Model
from ecgpredict import c_header, released
from ecgpredict.spec import CLASSES

ONNX = "compact_16_onnx"


@pytest.fixture(scope="module")
def declaring(study, students):
    """The students of a profile that declares an ONNX model beside the smallest one."""
    model = Model(
        name=ONNX, label="Compact, 16 KB, as ONNX", chapter="08_frontier", role="final", made_from=("compact_16_plain",)
    )
    registry = study.settings.registry.model_copy(update={"models": study.settings.models | {ONNX: model}})
    wider = dataclasses.replace(study, settings=study.settings.model_copy(update={"registry": registry}))
    vars(wider).update(given=study.given, finished=study.finished)
    return dataclasses.replace(students, study=wider)


@pytest.fixture(scope="module")
def release(declaring):
    return frontier_release.open_release(declaring, budgets=[16])


@pytest.fixture(scope="module")
def written(release):
    """The folder of the released models; the published student, which may be selected as well, is there already."""
    published = release.models[ONNX]
    thresholds = published.calibrated.calibration.thresholds
    released.write(
        release.study.paths.released,
        frontier_release.RELEASED,
        published.onnx,
        published.run.normalization,
        1.0,
        thresholds,
    )
    release.write()
    return release.study.paths.released


def test_the_onnx_file_computes_in_integers_and_predicts_like_the_network(release):
    one = release.models[ONNX]
    assert set(quantization.count_convolutions(one.onnx)) == {"QLinearConv"}
    assert np.abs(one.scores.score - one.run.scores.score).max() < 0.1


def test_both_files_are_released_with_thresholds_of_their_own(release, written):
    found = released.entries(written)
    assert {ONNX, "compact_16_int8"} <= set(found)
    one = release.models[ONNX]
    assert found[ONNX]["thresholds"] == one.calibrated.calibration.thresholds.tolist()
    assert found["compact_16_int8"]["thresholds"] == one.calibrated_micro.calibration.thresholds.tolist()
    assert set(results.read_cards(release.study.paths.results)) >= {ONNX, "compact_16_int8"}


def test_the_onnx_file_classifies_and_the_other_one_becomes_a_header(release, written):
    model = released.load(ONNX, written)
    records = release.study.data.in_folds(VALIDATION_FOLD).millivolts(slice(0, 2))
    assert model.probabilities(records).shape == (2, len(CLASSES))
    path, entry = released.load_verified("compact_16_int8", written)
    assert "#define ECG_THRESHOLDS" in c_header.c_header(path, entry, "ecg")


def test_the_default_is_the_one_that_is_selected(release, written):
    assert released.default(written) == release.selection.selected


def relabelled(scores: Scores, study, *folds: int) -> Scores:
    """Scores that are right on these folds."""
    chosen = np.isin(scores.fold, folds)
    right = study.data.in_folds(VALIDATION_FOLD, TEST_FOLD).labels
    return dataclasses.replace(scores, score=np.where(chosen[:, None], right, scores.score[0])[None])


@pytest.mark.parametrize(("folds", "default"), [([VALIDATION_FOLD], frontier.RELEASED), ([TEST_FOLD], None)])
def test_fold_9_selects_the_default_and_fold_10_does_not(declaring, release, folds, default):
    better = dataclasses.replace(declaring)
    scores = relabelled(declaring.released_scores.for_seeds([0]), declaring.study, *folds)
    vars(better)["released_scores"] = scores
    selected = frontier_release.open_release(better, budgets=[16]).selection.selected
    assert selected == (default or release.selection.selected)
