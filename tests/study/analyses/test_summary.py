"""Chapter 7's sentences: computed from the results alone."""

import pandas as pd
import pytest

from ecglib.study.analyses import summary


def result(params: int = 534_005, file_bytes: int = 100, seeds: int = 1, **details) -> dict:
    row = {"params": params, "file_bytes": file_bytes}
    return {"row": row, "seeds": [{}] * seeds, "details": details}


@pytest.mark.parametrize(("low", "verdict"), [(0.001, "more than noise"), (-0.001, "no more than noise")])
def test_the_effect_of_distillation_is_judged_by_its_interval(low, verdict):
    change = {"value": 0.002, "low": low, "high": 0.003}
    kept = {
        "base_cnn": result(file_bytes=4600),
        "student": result(),
        "student_int8": result(),
        "student_distilled": result(auc_change=change),
    }
    text = summary.effect_of_distillation(kept)
    assert "46 times smaller" in text
    assert text.endswith(f", {verdict}.")


def test_chapters_are_listed_by_the_processor_that_timed_them():
    table = pd.DataFrame({"chapter": ["02_a", "05_b", "05_b", "10_c"], "hardware": ["one"] * 3 + ["other"]})
    assert summary.timed_on(table) == (
        "Models were timed in chapters 2, 5 on one; in chapter 10 on other. Compare speeds of one processor only."
    )
    assert summary.timed_on(table.head(3)) == "All models were timed on one."


def test_models_with_one_seed_are_counted():
    kept = {"a": result(), "b": result(seeds=3), "c": result()}
    assert "2 of 3 models have one seed only" in summary.sources_of_uncertainty(kept)
