"""Tables of compressed models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from ecglib.compression.gate import GateResult
    from ecglib.evaluation.bootstrap import Estimate


def gate(checked: dict[str, GateResult]) -> pd.DataFrame:
    """Compressed models against float32 on fold 9, one row per check, a failed one marked ✗."""

    def column(result: GateResult) -> list[str]:
        verdicts = {
            "integer convolutions": result.integer_convolutions,
            "AUC": _range(result.auc_change, "+.4f"),
            "bytes": f"×{result.size_ratio:.3f}",
            "speed": f"×{_range(result.speedup, '.2f')}",
        }
        marked = [f"{text} {'✓' if result.passed[check] else '✗'}" for check, text in verdicts.items()]
        return [*marked, f"{result.score_change:.4f}", f"{result.saturated:.2%}"]

    rows = ["integer convolutions", "change of AUC", "bytes", "speed", "score change", "saturated"]
    return pd.DataFrame({"check": rows, **{name: column(result) for name, result in checked.items()}})


def _range(estimate: Estimate, digits: str) -> str:
    """An estimate with its interval, never broken over two lines."""
    value, low, high = (format(one, digits) for one in (estimate.value, estimate.low, estimate.high))
    return f"{value}\u00a0({low}\u00a0to\u00a0{high})"
