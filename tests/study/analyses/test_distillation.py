"""Distillation in chapter 6: the students, their teachers, the trials on fold 9."""

import pytest

from ecglib.study import reporting, results
from ecglib.study.analyses import distillation, distillation_trials


@pytest.fixture(scope="module")
def students(study):
    return distillation.compare_students(study)


def test_every_seed_of_both_students_is_shown(study, students):
    assert len(students.per_seed) == 2 * len(study.model("student").seeds)
    assert list(students.spread()["model"]) == [study.model(name).label for name in ("student", "student_distilled")]


def test_an_ensemble_of_every_teacher_stands_last(study):
    table = distillation.teacher_aucs(study)
    assert table["teachers"].iloc[-1] == "all, one ensemble"


def test_trials_with_fewer_kinds_of_teachers_come_first(study):
    names = list(distillation_trials.compare_trials(study).selections["with teachers"].aucs)
    kinds = [len(study.settings.training[name].teachers) for name in names]
    assert kinds == sorted(kinds)


def test_results_of_chapter_6_are_written(study, students, quantized):
    from ecglib.networks import convnet

    distillation.replay_distillation(study).write(quantized)
    students.write(convnet.size_table(convnet.build("student")), quantized)
    quantized.write("student_distilled_int8")
    for model in ("distillation_replay", "student_replay", "student", "student_distilled", "student_distilled_int8"):
        assert results.read(study.paths.results, model)["row"]["chapter"] == "06_distillation"
    table = reporting.by_finding(study, {"Student without teacher": "without teacher"})
    assert table["as reported"].tolist() == ["0.928"]
