"""Distillation in chapter 6: the replay, the trials on fold 9, and the verdict about teachers."""

import dataclasses

import pytest

from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import results
from ecglib.study.analyses import distillation, distillation_trials, reporting
from ecglib.study.analyses.comparison import Selection
from ecglib.study.analyses.training_length import TrainingLength


@pytest.fixture(scope="module")
def students(study):
    return distillation.compare_students(study)


@pytest.mark.parametrize(
    "gain, words",
    [
        (Estimate(0.002, 0.001, 0.003, 5), "the teachers help"),
        (Estimate(-0.002, -0.003, -0.001, 5), "the teachers harm"),
        (Estimate(0.002, -0.001, 0.005, 5), "indistinguishable from noise"),
    ],
)
def test_the_verdict_follows_from_the_interval(students, gain, words):
    assert words in dataclasses.replace(students, gain=gain).verdict()


@pytest.mark.parametrize(
    "gain, words",
    [
        (Estimate(0.002, -0.001, 0.005), "we find no effect of an untrained teacher"),
        (Estimate(0.004, 0.001, 0.007), "1 seed cannot tell"),
        (Estimate(-0.004, -0.007, -0.001), "worse with it"),
    ],
)
def test_the_replays_conclusion_follows_from_the_interval(study, gain, words):
    replay = dataclasses.replace(distillation.replay_distillation(study), gain=gain)
    assert words in replay.conclusion()
    assert "early stopping did not end it" in replay.conclusion()  # the sample's two epochs


def test_the_replays_conclusion_withholds_a_verdict_if_a_training_was_cut(study):
    replay = distillation.replay_distillation(study)
    replay = dataclasses.replace(replay, gain=Estimate(-0.004, -0.007, -0.001))
    longer = TrainingLength(epochs=26, max_epochs=26, patience=5, best_epoch=25)
    cut = TrainingLength(epochs=10, max_epochs=10, patience=5, best_epoch=10)
    assert "says nothing about the teacher. After 2 epochs, as many" in replay._verdict([cut, longer])
    assert "worse with it; whether the teacher or chance" in replay._verdict([cut, cut])
    assert "1 seed cannot tell. Longer trainings" in replay._verdict([cut, cut])


def test_replays_that_early_stopping_ended_at_different_epochs_are_compared_at_the_same_one_too(study):
    replay = distillation.replay_distillation(study)
    ended = [TrainingLength(epochs=n, max_epochs=50, patience=5, best_epoch=n - 5) for n in (16, 33)]
    assert replay._verdict(ended).count("After 2 epochs, as many as both ran") == 1
    assert "After" not in replay._verdict([ended[0], ended[0]])


def test_every_seed_of_both_students_is_shown(study, students):
    assert len(students.per_seed) == 2 * len(study.model("student").seeds)
    assert list(students.spread()["model"]) == [study.model(name).label for name in ("student", "student_distilled")]


def test_an_ensemble_of_every_teacher_stands_last(study):
    table = distillation.teacher_aucs(study)
    assert table["teachers"].iloc[-1] == "all, one ensemble"


def test_trials_that_cannot_be_told_apart_are_called_so(study):
    names = ["student_distilled_trial", "student_distilled_trial_two_teachers"]
    differences = {names[0]: Estimate(-0.0002, -0.001, 0.0006), names[1]: Estimate(0, 0, 0)}
    selection = Selection(names[1], names[0], dict.fromkeys(names, 0.93), differences)
    text = distillation_trials.Trials(study, {"with teachers": selection}).conclusion()
    assert "All 2 settings trained with teachers are indistinguishable on fold 9, 1 seed" in text
    assert "take the simplest" in text


def test_trials_with_fewer_kinds_of_teachers_come_first(study):
    names = list(distillation_trials.compare_trials(study).selections["with teachers"].aucs)
    kinds = [len(study.settings.training[name].teachers) for name in names]
    assert kinds == sorted(kinds)


def test_the_targets_sentence_gives_the_int8_files_change_with_its_interval(study, quantized):
    text = distillation.target_conclusion(study, distillation.teacher_aucs(study), quantized)
    assert f"{quantized.gates['student_distilled_int8'].auc_change:+}" in text


def test_results_of_chapter_6_are_written(study, students, quantized):
    from ecglib.networks import convnet

    distillation.replay_distillation(study).write(quantized)
    students.write(convnet.size_table(convnet.build("student")), quantized)
    quantized.write("student_distilled_int8")
    for model in ("distillation_replay", "student_replay", "student", "student_distilled", "student_distilled_int8"):
        assert results.read(study.paths.results, model)["row"]["chapter"] == "06_distillation"
    table = reporting.by_finding(study, {"Student without teacher": "without teacher"})
    assert table["as reported"].tolist() == ["0.928"]
