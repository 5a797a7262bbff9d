"""Quantization in chapter 5: the options, int8 files of every seed and the gate."""

import pytest

from ecglib.study.analyses import quantization, quantization_options
from ecglib.study.analyses.quantization_options import OPTIONS, SELECTABLE


@pytest.fixture(scope="module")
def replay(study):
    return quantization.replay_quantization(study)


def test_the_file_is_as_large_after_training_as_before(replay):
    assert len(set(replay.sizes.values())) == 1


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
