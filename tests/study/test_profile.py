"""The registry and the profiles: every model is declared once, and unknown keys and names are errors."""

import copy
from functools import reduce

import pytest
import yaml
from filelock import FileLock

from ecglib.study import workflow
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecglib.study.study import Study
from ecgpredict.errors import InputError

MODELS = yaml.safe_load("""
chapters: {02_base_cnn: {}, 06_distillation: {loads: [base_cnn]}}
models:
  base_cnn:
    {label: Base CNN, chapter: 02_base_cnn, role: final, seeds: [0, 1], training: {epochs: 20, bn_records: 2048}}
  student:
    {label: Student, chapter: 06_distillation, role: final, seeds: [0], training: {epochs: 12, teachers: [base_cnn]}}
  student_int8: {label: "Student, int8", chapter: 06_distillation, role: final, made_from: [student]}
""")
PROFILE = {"n_bootstrap": 100, "n_timing_runs": 5}


@pytest.fixture
def write(tmp_path):
    """Writes both files and returns the path of the profile."""

    def write(models=MODELS, profile=PROFILE):
        (tmp_path / "models.yml").write_text(yaml.safe_dump(models, sort_keys=False))
        (tmp_path / "sample.yml").write_text(yaml.safe_dump(profile, sort_keys=False))
        return tmp_path / "sample.yml"

    return write


def changed(content, keys, value):
    """A copy of nested dictionaries with one entry changed, or removed where the value is None."""
    copied = copy.deepcopy(content)
    *folders, last = keys
    inner = reduce(dict.__getitem__, folders, copied)
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copied


def test_a_profile_without_changes_has_every_model_as_declared(write):
    profile = load_profile(write())
    assert profile.seeds == {"base_cnn": (0, 1), "student": (0,)}
    assert profile.training["base_cnn"].network == "base_cnn"
    assert profile.training["student"].teachers == ("base_cnn",)


def test_a_profile_has_the_declared_int8_options(write):
    models = MODELS | {"int8": {"calibration_method": "entropy"}}
    assert load_profile(write(models)).registry.int8.calibration_method == "entropy"


def test_a_profile_reduces_epochs_and_seeds_and_changes_settings(write):
    changes = {"max_epochs": 2, "max_seeds": 1, "training": {"*": {"batch_size": 32, "bn_records": 64}}}
    profile = load_profile(write(profile=PROFILE | changes))
    base = profile.training["base_cnn"]
    assert (base.epochs, base.batch_size, base.bn_records, profile.seeds["base_cnn"]) == (2, 32, 64, (0,))
    assert profile.training["student"].bn_records == 0


def test_a_crop_for_every_model_leaves_out_the_network_of_fixed_length(project):
    training = [one for one in load_profile(project / "config" / "sample.yml").training.values() if one.padding]
    assert {(one.network == "inception_cnn", one.crop) for one in training} == {(True, None), (False, 250)}


def test_a_number_of_seeds_applies_to_every_model(write):
    assert load_profile(write(), seeds=5).seeds == {"base_cnn": (0, 1, 2, 3, 4), "student": (0, 1, 2, 3, 4)}


def test_a_profile_with_some_chapters_keeps_the_models_that_they_need(write):
    profile = load_profile(write(profile=PROFILE | {"chapters": ["06_distillation"]}))
    assert list(profile.registry.chapters) == ["06_distillation"]
    assert set(profile.models) == {"base_cnn", "student", "student_int8"}


def test_fold_10_trains_no_model_but_those_that_are_compared_over_all_folds(project):
    training = load_profile(project / "config" / "full.yml").training
    names = {name for name, settings in training.items() if 10 in (*settings.folds.train, settings.folds.validation)}
    assert names == {f"fold_{number}" for number in range(1, 10)}
    assert {training[name].model_copy(update={"test_fold": 10}) for name in names} == {training["compact_64_clean"]}


def test_networks_made_from_one_another_share_an_ancestor(project):
    full = load_profile(project / "config" / "full.yml")
    assert full.ancestors("base_cnn_pruned_int8") & full.ancestors("base_cnn")
    assert full.ancestors("base_cnn_pruned_channels_60") & full.ancestors("base_cnn_pruned_magnitude_50")
    assert not full.ancestors("student") & full.ancestors("student_distilled")  # the teacher's weights are not in it


def test_the_sample_runs_every_chapter_and_every_model_with_results(project):
    full, sample = (load_profile(project / "config" / f"{name}.yml") for name in ("full", "sample"))
    assert list(sample.registry.chapters) == list(full.registry.chapters)
    missing = set(full.models) - set(sample.models)
    compact = {name for name in full.models if name.startswith("compact_")}
    assert {full.models[name].role for name in missing - compact} <= {"trial", "candidate"}
    assert len({name for name in compact - missing if sample.models[name].has_results}) >= 5


@pytest.mark.parametrize(
    ("keys", "value", "problem", "where"),
    [
        (["models", "student", "lable"], "x", "unknown key", "models.student.lable"),
        (["models", "student", "label"], None, "invalid setting", "models.student.label"),
        (["models", "student", "seeds"], [0, 0], "invalid setting", "models.student"),
        (["models", "student", "keep_weights"], [1], "invalid setting", "models.student"),
        (["models", "base_cnn", "teacher_seeds"], [2], "invalid setting", "models.base_cnn"),
        (["models", "base_cnn", "training", "init_from"], "student", "invalid setting", "models.yml"),
        (["models", "student", "training", "epochs"], 0, "invalid setting", "models.student.training.epochs"),
        (["models", "student", "training", "teachers"], ["teacher"], "invalid setting", "models.yml"),
        (["models", "base_cnn", "training", "test_fold"], 1, "invalid setting", "models.yml"),  # it teaches
        (["models", "student_int8", "made_from"], None, "invalid setting", "models.student_int8"),
        (["models", "student", "chapter"], "09_more", "invalid setting", "models.student.chapter"),
        (["models", "student", "column"], "replayed", "invalid setting", "models.student"),
        (["chapters", "06_distillation", "reads"], ["05"], "invalid setting", "models.yml"),
    ],
)
def test_an_invalid_entry_of_the_registry_is_named(write, keys, value, problem, where):
    with pytest.raises(InputError) as caught:
        load_profile(write(models=changed(MODELS, keys, value)))
    assert caught.value.problem == problem
    assert where in str(caught.value.where)


@pytest.mark.parametrize(
    ("changes", "problem", "where"),
    [
        ({"n_bootstrap": 0}, "invalid setting", "n_bootstrap"),
        ({"n_bootstraps": 10}, "unknown key", "n_bootstraps"),
        ({"skip": ["pupil"]}, "invalid setting", "skip"),
        ({"chapters": ["11_more"]}, "invalid setting", "chapters"),
        ({"training": {"pupil": {"epochs": 1}}}, "invalid setting", "training"),
        ({"training": {"student": {"epochs": -1}}}, "invalid setting", "training.student, epochs"),
    ],
)
def test_an_invalid_profile_is_named(write, changes, problem, where):
    with pytest.raises(InputError) as caught:
        load_profile(write(profile=PROFILE | changes))
    assert caught.value.problem == problem
    assert where in str(caught.value.where)


def test_a_chapter_loads_what_its_models_are_made_from_and_their_teachers(write):
    assert workflow.trained_models(load_profile(write()), "06_distillation") == ["student", "base_cnn"]


def test_a_training_needs_its_teachers_with_all_their_seeds(write):
    assert workflow.needed_runs(load_profile(write()), "student", 0) == [("base_cnn", 0), ("base_cnn", 1)]


def test_of_some_models_only_some_seeds_teach(write):
    models = changed(MODELS, ["models", "base_cnn", "teacher_seeds"], [1])
    assert workflow.needed_runs(load_profile(write(models)), "student", 0) == [("base_cnn", 1)]


def test_with_fewer_seeds_weights_are_kept_of_those_that_are_left(write):
    models = changed(MODELS, ["models", "base_cnn", "keep_weights"], [0, 1])
    assert load_profile(write(models, PROFILE | {"max_seeds": 1})).models["base_cnn"].keep_weights == (0,)


def test_batches_have_one_framework_and_each_model_after_those_that_it_needs(project):
    profile = load_profile(project / "config" / "sample.yml")
    batches = workflow.batches(profile)
    order = [name for batch in batches for name in batch]
    assert sorted(order) == sorted(profile.training)
    for batch in batches:
        assert len({profile.training[name].network == "inception_cnn" for name in batch}) == 1
        outside = {name: workflow.needed_by(profile, [name]) for name in batch}
        assert all(
            batch.index(other) < batch.index(name) for name in batch for other in outside[name] if other in batch
        )


def test_two_batches_of_torch_networks_and_one_of_keras_need_nothing_of_each_other(project):
    profile = load_profile(project / "config" / "sample.yml")
    *first, last = workflow.batches(profile)
    assert [workflow.needed_by(profile, batch) for batch in first] == [[], [], []]
    assert workflow.needed_by(profile, last)


def test_a_second_run_of_a_profile_is_refused(project, tmp_path):
    study = Study(load_profile(project / "config" / "sample.yml"), Paths("sample", tmp_path))
    study.paths.build.mkdir(parents=True)
    with FileLock(study.paths.build / "reproduce.lock"), pytest.raises(InputError, match="in progress"):
        workflow.run(study)
