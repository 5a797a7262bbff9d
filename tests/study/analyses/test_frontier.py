"""Chapter 8: the compact students' files, the law of AUC against bytes, and what is concluded from them."""

import dataclasses

import numpy as np
import pytest

from ecglib.compression import tflite_micro
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import results
from ecglib.study.analyses import (
    frontier,
    frontier_generations,
    frontier_law,
    frontier_recipes,
    frontier_teachers,
)
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


def test_results_are_written(study, students):
    students.write()
    kept = results.read(study.paths.results, "compact_16_int8")
    assert kept["row"]["file_bytes"] == students.models["compact_16_int8"].footprint.file_bytes
    assert kept["details"]["macs"] > 0
    assert len(kept["seeds"]) == len(study.model("compact_16_plain").seeds)


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


EQUAL = Estimate(0.001, -0.001, 0.003)


@pytest.fixture
def declared(project) -> Study:
    """The full profile, as far as the names and settings of its models go."""
    return Study(load_profile(project / "config" / "full.yml"), Paths("full", project))


def recipes(declared, **differences) -> frontier_recipes.Recipes:
    found = {f"compact_trial_{name}": one for name, one in differences.items()}
    return frontier_recipes.Recipes(declared, "compact_trial", dict.fromkeys(found, 0.9), found)


def test_a_students_recipe_is_named_by_what_it_changes(declared):
    names = recipes(declared, **{"24_epochs": EQUAL, "w0": EQUAL, "mixup": EQUAL}).table()["recipe"].tolist()
    assert names == ["24 epochs", "label weight 0", "mixup 0.2"]
    names = recipes(declared, two_teachers=EQUAL, same_crop=EQUAL).table()["recipe"].tolist()
    assert names == [
        "taught by Compact, 128 KB, plain and by Compact, 512 KB, plain",
        "teachers score the student's crop",
    ]


def test_a_profile_without_trials_has_an_empty_table(study):
    assert frontier_recipes.compare_recipes(study, frontier_recipes.STUDENT).table().empty


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


def test_the_panel_is_scored_together(study):
    panel = frontier_teachers.open_panel(study, "compact_16_plain")
    assert panel.table()["seeds"].tolist()[0] == len(study.model("resnet1d_wang").seeds)


def test_networks_of_other_architectures_join_the_widest_ensemble(study):
    panel = frontier_teachers.open_panel(study, "compact_16_plain")
    (teacher,) = panel.scores.values()
    opposite = dataclasses.replace(teacher, score=1 - teacher.score)
    np.testing.assert_allclose(dataclasses.replace(panel, further={"opposite": opposite}).widest.score, 0.5, atol=1e-6)
    assert set(panel.further) == {"inception_cnn"}  # this profile trains no other
    assert panel.table()["network"].iloc[-1] == "2 architectures, one ensemble"
