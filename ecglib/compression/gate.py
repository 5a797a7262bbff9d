"""The checks that a compressed model passes or fails against its float32 file, decided on fold 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ecglib.compression.quantization import INTEGER_CONVOLUTIONS, count_convolutions
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.scores import Scores

# what a compressed model may lose against its float32 file; speed, which depends on the processor, is no check
MAX_AUC_LOSS = 0.001  # of macro AUC on fold 9
MAX_SIZE_RATIO = 0.28  # of its bytes to the float32 file's


@dataclass(frozen=True)
class GateResult:
    """A compressed model against its float32 file, and which checks it passes.

    Checks use point estimates; the intervals show their uncertainty.

    Attributes
    ----------
    integer_convolutions : e.g. "4 of 4"
    auc_change : macro AUC minus that of float32 on fold 9, used for the check
    test_auc_change : the same on fold 10, for reporting only
    size_ratio : file bytes divided by those of float32
    speedup : float32's latency divided by the compressed file's
    passed : {check: bool}
    """

    integer_convolutions: str
    auc_change: Estimate
    test_auc_change: Estimate
    size_ratio: float
    speedup: Estimate
    passed: Mapping[str, bool]

    def to_dict(self) -> dict:
        """The attributes as a dictionary, for JSON."""
        plain = {name: one.to_dict() if isinstance(one, Estimate) else one for name, one in vars(self).items()}
        return plain | {"passed": dict(self.passed)}


def gate(
    path: Path,
    reference: Path,
    scores: Scores,
    reference_scores: Scores,
    *,
    validation: EvaluationSet,
    test: EvaluationSet,
    speedup: Estimate,
) -> GateResult:
    """Check a compressed file against its float32 file, by the scores of both on folds 9 and 10 for their common seeds.

    `speedup` is float32's latency divided by the compressed file's, measured in one session.
    """
    kinds = count_convolutions(path)
    integer = sum(kinds[kind] for kind in INTEGER_CONVOLUTIONS)
    auc_change = validation.difference(scores, reference_scores)
    size_ratio = path.stat().st_size / reference.stat().st_size
    return GateResult(
        integer_convolutions=f"{integer} of {kinds.total()}",
        auc_change=auc_change,
        test_auc_change=test.difference(scores, reference_scores),
        size_ratio=size_ratio,
        speedup=speedup,
        passed={
            "integer convolutions": integer == kinds.total() > 0,
            "AUC": -auc_change.value <= MAX_AUC_LOSS,
            "bytes": size_ratio <= MAX_SIZE_RATIO,
        },
    )
