"""What chapter 7 concludes from the results of all models; no scores are computed.

In comes {model: what :func:`ecglib.study.results.read` gives}; out come sentences whose numbers are all computed.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ecglib.compression.gate import Tolerances
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study.analyses.comparison import plural


def effect_of_distillation(kept: Mapping[str, dict]) -> str:
    """What made the student small, and what distillation changed."""
    base, student, int8 = (kept[name]["row"] for name in ("base_cnn", "student", "student_int8"))
    taught = kept["student_distilled"]
    same = taught["row"]["params"] == student["params"]
    gain = Estimate(**{key: taught["details"]["auc_change"][key] for key in ("value", "low", "high")})
    verdict = "more than noise" if gain.low > 0 or gain.high < 0 else "no more than noise"
    return (
        f"The student has {'the same number of' if same else 'another number of'} parameters with a teacher as without "
        f"one. It is small by design, and as int8 its file is {base['file_bytes'] / int8['file_bytes']:.0f} times "
        f"smaller than the base CNN's. What distillation can change is the AUC: by {gain:+}, {verdict}."
    )


def sources_of_uncertainty(kept: Mapping[str, dict]) -> str:
    """What the intervals and the spread over seeds mean, and of how many models the spread is not known."""
    single = sum(len(result["seeds"]) == 1 for result in kept.values())
    return (
        "The interval shows how much a metric would change on other test records of the same kind, and the SD over "
        "seeds how much it would change with another training of the same network. "
        f"{single} of {plural(len(kept), 'model')} {'has' if single == 1 else 'have'} one seed only, so that the "
        "second is not known."
    )


def timed_on(summary: pd.DataFrame) -> str:
    """On which processor each chapter's models were timed, as a sentence.

    Parameters
    ----------
    summary : chapter and hardware of every model
    """
    chapters = {
        processor: sorted(int(name[:2]) for name in names.unique())
        for processor, names in summary.groupby("hardware", sort=False)["chapter"]
    }
    if len(chapters) == 1:
        return f"All models were timed on {next(iter(chapters))}."
    listed = [
        f"chapter{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))} on {processor}"
        for processor, numbers in chapters.items()
    ]
    return f"Models were timed in {'; in '.join(listed)}. Compare speeds of one processor only."


def speeds_by_processor(speeds: pd.DataFrame) -> str:
    """On how many of the files each processor reaches the speed that the gate asks for.

    Parameters
    ----------
    speeds : of :func:`ecglib.study.speeds.of_integer_files`
    """
    limit, reached = Tolerances().speedup, []
    for processor, ratios in speeds.items():
        timed = ratios.dropna()
        reached.append(f"{(timed >= limit).sum()} of {plural(len(timed), 'file')} on {processor}")
    scope = "Each verdict holds for its processor." if len(reached) > 1 else "On another processor that may differ."
    return (
        f"The gate of [chapter 5](05_quantization) asks for {limit:g} times the speed of float32. It is reached "
        f"by {'; by '.join(reached)}. {scope}"
    )


def provenance(environment: Mapping) -> str:
    """Which data the results were computed from."""
    return (
        f"Computed from data with fingerprint `{environment['fingerprint']}` ({environment['labelled']:,} records "
        "used)."
    )
