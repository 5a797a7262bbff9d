"""Quantization in chapter 5: the replay's conclusion, the options, int8 files of every seed and the gate."""

import dataclasses

import pytest

from ecglib.study.analyses import quantization, quantization_options
from ecglib.study.analyses.quantization_options import OPTIONS, SELECTABLE
from ecglib.study.analyses.training_length import TrainingLength

STOPPED_EARLY = TrainingLength(epochs=12, max_epochs=50, patience=5, best_epoch=7)


@pytest.fixture(scope="module")
def replay(study):
    return quantization.replay_quantization(study)


@pytest.fixture
def replay_with(replay, monkeypatch):
    """The replay with an AUC on its folds, one on the random split, and a length."""

    def change(auc, random_auc=None, length=STOPPED_EARLY):
        monkeypatch.setattr(quantization, "mean_auc", lambda *_: auc)
        monkeypatch.setattr(quantization.QuantizationReplay, "random_split_auc", lambda *_: random_auc)
        monkeypatch.setattr(quantization.TrainingLength, "from_run", lambda *_: length)
        return dataclasses.replace(replay, random_split=replay.random_split if random_auc else None)

    return change


def test_the_file_is_as_large_after_training_as_before(replay):
    assert len(set(replay.sizes.values())) == 1


def test_a_drop_that_comes_back_is_said_to(replay_with):
    assert "The drop is reproduced." in replay_with(0.6).conclusion()


def test_a_drop_that_does_not_come_back_rules_out_no_more_than_was_replayed(replay_with):
    text = replay_with(0.91).conclusion()
    assert "The drop is not reproduced" in text
    assert "random split and its shifted labels are not replayed here" in text


def test_a_conclusion_from_a_capped_training_is_narrow(replay_with):
    text = replay_with(0.91, length=TrainingLength(8, 8, 5, 8)).conclusion()
    assert "This holds for one seed and a training of 8 epochs only" in text


@pytest.mark.parametrize(
    "auc, words", [(0.55, "That reproduces the drop."), (0.9, "That does not reproduce the drop either: what")]
)
def test_the_random_split_has_a_conclusion_of_its_own(replay_with, auc, words):
    text = replay_with(0.91, random_auc=auc).conclusion()
    assert words in text and "labels shifted against their records" in text


def test_options_that_can_be_selected_leave_no_convolution_in_float():
    assert "first convolution float" not in SELECTABLE and "dynamic" not in SELECTABLE
    assert SELECTABLE[0] == next(iter(OPTIONS))  # the usual one stands first


def test_options_whose_result_depends_on_the_processor_are_not_selected():
    assert quantization_options.FULL_RANGE in OPTIONS and quantization_options.FULL_RANGE not in SELECTABLE


def test_a_kept_selection_is_used_again(study, monkeypatch):
    first = quantization_options.selected_option(study)
    monkeypatch.setattr(quantization_options, "_files", lambda *_: pytest.fail("quantized again"))
    assert quantization_options.selected_option(study) == first


def test_a_selection_for_other_weights_is_not_used(study, monkeypatch):
    quantization_options.selected_option(study)
    monkeypatch.setattr(type(study.run("student")), "weights_sha256", lambda self: "others")
    monkeypatch.setattr(quantization_options, "_files", lambda *_: (_ for _ in ()).throw(LookupError))
    with pytest.raises(LookupError):
        quantization_options.selected_option(study)


def test_every_seed_becomes_an_int8_file(study, quantized):
    for name, source in (("student_int8", "student"), ("student_distilled_int8", "student_distilled")):
        seeds = list(study.model(source).seeds)
        assert quantized[name].scores.seed.tolist() == seeds
        assert len(quantized[name].int8_files) == len(seeds)


def test_all_models_are_quantized_with_the_selected_option(study, quantized):
    assert quantized.option == quantization_options.selected_option(study)
    assert quantized.details("student_int8")["option"] == quantized.option.name


def test_the_gate_is_the_mean_over_seeds_on_fold_9(study, quantized):
    one = quantized["student_int8"]
    validation = study.evaluation_set(9)
    change = validation.macro_auc(one.scores) - validation.macro_auc(one.float_scores)
    assert quantized.gates["student_int8"].auc_change.value == pytest.approx(change)


def test_the_conclusion_says_where_it_is_decided(quantized):
    assert "decided on fold 9" in quantized.conclusion()
