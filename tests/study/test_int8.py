"""Int8 files of every seed, made as the registry declares, and the gate."""

import pytest


def test_every_seed_becomes_an_int8_file(study, quantized):
    for name, source in (("student_int8", "student"), ("student_distilled_int8", "student_distilled")):
        seeds = list(study.model(source).seeds)
        assert quantized[name].scores.seed.tolist() == seeds
        assert len(quantized[name].int8_files) == len(seeds)


def test_the_gate_is_the_mean_over_seeds_on_fold_9(study, quantized):
    one = quantized["student_int8"]
    validation = study.evaluation_set(9)
    change = validation.macro_auc(one.scores) - validation.macro_auc(one.float_scores)
    assert quantized.gates["student_int8"].auc_change.value == pytest.approx(change)
