"""Chapter 10: the compact students' files, the law of AUC against bytes, and what is concluded from them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ecglib.compression import tflite_micro
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import results
from ecglib.study.analyses import (
    frontier,
    frontier_conclusions,
    frontier_generations,
    frontier_law,
    frontier_recipes,
    frontier_teachers,
)
from ecglib.study.analyses.targets import Target
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecglib.study.study import Study

SIZES = np.array([16, 32, 64, 128, 512]) * 1024.0


def law_at(sizes, ceiling=0.94, gap=0.01, exponent=0.6):
    return ceiling - gap * (sizes / frontier_law.UNIT) ** -exponent


def test_a_law_is_found_again():
    aucs = law_at(SIZES)
    noise = np.random.default_rng(0).normal(0, 1e-4, (50, 1))
    law = frontier_law.fit_law(SIZES, aucs, aucs + noise)
    assert (law.ceiling.value, law.gap.value, law.exponent.value) == pytest.approx((0.94, 0.01, 0.6), abs=1e-4)
    assert law.ceiling.low < 0.94 < law.ceiling.high
    assert law(64 * 1024) == pytest.approx(0.93, abs=1e-4)


def test_three_sizes_give_no_law():
    assert frontier_law.fit_law(SIZES[:3], law_at(SIZES[:3]), law_at(SIZES[:3])[None]) is None


def test_every_seed_has_an_int8_file(study, students):
    for name, one in students.models.items():
        assert len(one.files) == len(study.model(one.source).seeds) == len(one.scores.seed)
        assert one.footprint.file_bytes <= int(name.split("_")[1]) * 1024


def test_rounding_moves_probabilities_little(students):
    for one in students.models.values():
        assert np.abs(one.scores.score - one.float_scores.score).max() < 0.1


def test_models_are_ordered_by_bytes(students):
    assert students.costs()["file bytes"].is_monotonic_increasing


def test_a_budgets_model_is_the_best_on_fold_9_among_those_that_fit(students):
    table = students.targets().set_index("budget")
    assert table.loc["16 KB", "best on fold 9"] == students.label("compact_16_int8")
    assert table.loc["512 KB", "best on fold 9"] in [students.label(name) for name in students.models]


def test_budgets_that_no_model_fits_are_left_out(students):
    larger = {"compact_32_int8": students.models["compact_32_int8"]}
    assert "16 KB" not in set(dataclasses.replace(students, models=larger).targets()["budget"])


def test_a_model_equal_to_the_released_one_does_not_beat_it(students):
    released = students.released_scores
    same = {name: dataclasses.replace(one, scores=released) for name, one in students.models.items()}
    assert frontier_conclusions.conclusion(dataclasses.replace(students, models=same)).startswith(
        "No compact student is better"
    )


@pytest.mark.parametrize("method", ["trained_or_pruned", "distilled_or_not", "decisions", "rounding"])
def test_sentences_are_complete(students, method):
    text = getattr(frontier_conclusions, method)(students)
    assert text.endswith(".")
    assert "nan" not in text


@pytest.mark.parametrize(("limits", "met"), [((0.0, 0.0), 2), ((0.0, 2.0), 1), ((2.0, 2.0), 0)])
def test_the_lessons_count_the_targets_of_students_and_teachers(study, students, monkeypatch, limits, met):
    for name, limit in zip(("BEST_TEACHER_AUC", "PANEL_AUC"), limits):
        monkeypatch.setattr(frontier_teachers, name, Target(limit, at_least=True, text=str(limit)))
    panel = frontier_teachers.open_panel(study, "compact_16_plain")
    text = frontier_conclusions.lessons(students, panel)
    assert text.endswith(".")
    assert "nan" not in text
    assert text.splitlines()[0].endswith(f" and {met} of their teachers' 2 are met.")


def test_files_over_their_budget_are_named(students):
    assert frontier_conclusions.over_budget(students) == "Every file is within the budget of its name."
    one = students.models["compact_16_int8"]
    large = dataclasses.replace(one, footprint=dataclasses.replace(one.footprint, file_bytes=16 * 1024 + 1))
    only = dataclasses.replace(students, models={"compact_16_int8": large})
    assert frontier_conclusions.over_budget(only).startswith("1 file of 1 is")


def test_the_best_student_is_compared_with_its_teachers(study, students):
    panel = frontier_teachers.open_panel(study, "compact_16_plain")
    assert "from all of them together" in frontier_conclusions.against_others(students, panel)


def test_results_are_written(study, students):
    students.write()
    kept = results.read(study.paths.results, "compact_16_int8")
    assert kept["row"]["file_bytes"] == students.models["compact_16_int8"].footprint.file_bytes
    assert kept["details"]["macs"] > 0
    assert len(kept["seeds"]) == len(study.model("compact_16_plain").seeds)


def test_rounding_in_training_is_for_models_that_lose_by_rounding(students):
    same = {name: dataclasses.replace(one, float_scores=one.scores) for name, one in students.models.items()}
    found = frontier_conclusions.rounding(dataclasses.replace(students, models=same))
    assert found.startswith("No model loses more than 0.001")
    name, one = next(iter(students.models.items()))
    labels = students.study.data.labels[np.isin(students.study.data.ecg_id, one.scores.ecg_id)]
    perfect = dataclasses.replace(one.scores, score=np.repeat(labels[None], len(one.scores.seed), axis=0))
    lossy = dataclasses.replace(one, float_scores=perfect)  # int8 scores of an untrained network are worse
    text = frontier_conclusions.rounding(dataclasses.replace(students, models={name: lossy}))
    assert f"costs more than 0.001 on fold 9: {students.label(name)}." in text


def test_the_figure_has_a_published_network_with_the_bytes_of_its_float32_weights(study, students):
    size, auc = students.others()["resnet1d_wang, float32, as published"]
    assert size == 4 * study.run("resnet1d_wang").metadata["params"]
    assert auc == 0.930  # strodthoff2020, table of superclasses


def test_recipes_are_compared_with_the_seeds_that_all_have(study):
    assert len(study.model("resnet1d_wang").seeds) > len(study.model("resnet1d_wang_wide_mixup").seeds) == 1
    (one,) = frontier_recipes.compare_recipes(study).differences.values()
    assert one.n_seeds == 1


def test_a_recipe_is_named_by_what_it_changes(study):
    table = frontier_recipes.compare_recipes(study).table()
    assert table["recipe"].tolist() == ["windows of 250 samples, mixup 0.2", "mixup 0.5"]
    assert table["minus the kept one"].iloc[0] == "kept"


WORSE, BETTER, EQUAL = Estimate(-0.002, -0.003, -0.001), Estimate(0.1, 0.05, 0.2), Estimate(0.001, -0.001, 0.003)


@pytest.fixture
def declared(project) -> Study:
    """The full profile, as far as the names and settings of its models go."""
    return Study(load_profile(project / "config" / "full.yml"), Paths("full", project))


def recipes(declared, **differences) -> frontier_recipes.Recipes:
    found = {f"compact_trial_{name}": one for name, one in differences.items()}
    return frontier_recipes.Recipes(declared, "compact_trial", dict.fromkeys(found, 0.9), found)


def test_changes_that_can_be_told_apart_are_named_with_their_direction(declared):
    text = recipes(declared, mixup=WORSE, **{"24_epochs": BETTER}, w0=EQUAL).conclusion()
    assert text.startswith("Of 3 recipes tried, 2 can be told")
    assert "1 for the better (24 epochs), 1 for the worse (mixup 0.2)." in text
    assert "(95 % intervals over patients, one seed)" in text
    assert "1 interval holds zero" in text


def test_a_students_recipe_is_named_by_what_it_changes(declared):
    names = recipes(declared, **{"24_epochs": EQUAL, "w0": EQUAL, "mixup": EQUAL}).table()["recipe"].tolist()
    assert names == ["24 epochs", "label weight 0", "mixup 0.2"]
    names = recipes(declared, two_teachers=EQUAL, same_crop=EQUAL).table()["recipe"].tolist()
    assert names == [
        "taught by Compact, 128 KB, plain and by Compact, 512 KB, plain",
        "teachers score the student's crop",
    ]


def test_a_profile_without_trials_says_so(study):
    found = frontier_recipes.compare_recipes(study, frontier_recipes.STUDENT)
    assert found.table().empty
    assert found.conclusion() == "In this profile none of these recipes was trained."
    assert frontier_recipes.compare_shapes(study).conclusion() == "In this profile none of these shapes was trained."


def test_a_shape_is_named_and_has_a_cost(declared):
    cost = tflite_micro.Footprint(15_000, 28_000, 4_000, ())
    names = ("compact_trial", "compact_shape_kernel_5", "compact_shape_stem_stride_4")
    shapes = frontier_recipes.Shapes(
        declared,
        names[0],
        dict.fromkeys(names, 0.9),
        dict.fromkeys(names[1:], EQUAL),
        dict.fromkeys(names, cost),
        dict.fromkeys(names, 800_000),
    )
    table = shapes.table()
    assert table["shape"].tolist() == [
        "plain 8-12-16-24, kernel 7",
        "plain 10-14-20-28, kernel 5",
        "plain 8-12-16-24, kernel 7, stem stride 4",
    ]
    assert (table["bytes"] == 15_000).all() and table["minus the kept one"].iloc[0] == "kept"
    assert shapes.conclusion().startswith("Of 2 shapes tried, 0 can be told")


def test_shapes_are_trained_with_the_recipe_of_the_kept_one(declared):
    training = declared.settings.training
    names = [name for name in training if name.startswith(f"{frontier_recipes.SHAPES}_")]
    assert len(names) > 1
    for name in names:
        changed = {k for k, v in training[name].model_dump().items() if v != training["compact_trial"].model_dump()[k]}
        assert changed == {"shape"}


@pytest.fixture
def generations(study, students) -> frontier_generations.Generations:
    panel = frontier_teachers.open_panel(study, "compact_16_plain", further=())
    return frontier_generations.open_generations(students, panel)


def test_a_student_taught_by_students_is_of_the_second_generation(students, generations):
    assert {name for name in students.models if students.is_second_generation(name)} == {generations.second.name}
    assert (generations.first.name, generations.second.name) == ("compact_32_int8", "compact_128_second_int8")
    assert list(generations.second_panel.scores) == ["compact_16_plain"]
    kinds = students.points().set_index("label")["kind"]
    assert kinds[students.label(generations.second.name)] == "plain blocks, second generation"


def test_the_law_is_that_of_the_first_generation(students, monkeypatch):
    fitted = []
    monkeypatch.setattr(frontier, "fit_law", lambda sizes, *_: fitted.extend(sizes))
    _ = dataclasses.replace(students).law
    assert fitted == [students.models[name].footprint.file_bytes for name in ("compact_16_int8", "compact_32_int8")]


def test_generations_of_equal_scores_do_not_differ(generations):
    same = dataclasses.replace(generations.second, scores=generations.first.scores)
    text = dataclasses.replace(generations, second=same, second_panel=generations.first_panel)
    assert "on fold 9, no difference was found." in text.conclusion()
    assert "+0.0000\u00a0(+0.0000\u00a0to\u00a0+0.0000) on fold 9, no more than the noise" in text.teachers_conclusion()


@pytest.mark.parametrize(("share", "verdict"), [(0.0, "the first is better"), (1.0, "the second is better")])
def test_the_better_generation_is_named(students, generations, share, verdict):
    labels = students.study.data.labels[np.isin(students.study.data.ecg_id, generations.second.scores.ecg_id)]
    scores = generations.second.scores
    known = dataclasses.replace(scores, score=np.repeat(np.abs(1 - share - labels)[None], len(scores.seed), axis=0))
    other = dataclasses.replace(generations.second, scores=known)
    assert f"on fold 9, {verdict}." in dataclasses.replace(generations, second=other).conclusion()


def test_it_is_said_how_many_teachers_have_weights_in_the_repository(study, generations):
    kept = len(study.model("resnet1d_wang").keep_weights), len(study.model("compact_16_plain").keep_weights)
    assert generations.motivation().endswith(
        f"the repository keeps the weights of {kept[0]}; of the {generations.second_panel.n_teachers} networks below, "
        f"it keeps those of {kept[1]}."
    )


def test_the_panel_is_scored_together(study):
    panel = frontier_teachers.open_panel(study, "compact_16_plain")
    assert isinstance(panel.table(), pd.DataFrame)
    assert panel.table()["seeds"].tolist()[0] == len(study.model("resnet1d_wang").seeds)
    assert "target" in panel.conclusion()


def test_networks_of_other_architectures_join_the_widest_ensemble(study):
    panel = frontier_teachers.open_panel(study, "compact_16_plain")
    (teacher,) = panel.scores.values()
    opposite = dataclasses.replace(teacher, score=1 - teacher.score)
    np.testing.assert_allclose(dataclasses.replace(panel, further={"opposite": opposite}).widest.score, 0.5, atol=1e-6)
    assert "architectures" not in dataclasses.replace(panel, further={}).conclusion()
    assert set(panel.further) == {"inception_cnn"}  # this profile trains no other
    assert panel.table()["network"].iloc[-1] == "2 architectures, one ensemble"
