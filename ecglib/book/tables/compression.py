"""Tables of compressed models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from ecglib.compression.gate import GateResult


def gate(checked: dict[str, GateResult]) -> pd.DataFrame:
    """Compressed models against float32 on fold 9, one row per check, a failed one marked ✗."""

    def column(result: GateResult) -> list[str]:
        verdicts = {
            "integer convolutions": result.integer_convolutions,
            "AUC": f"{result.auc_change:+}",
            "bytes": f"×{result.size_ratio:.3f}",
            "speed": f"×{result.speedup:.2f}",
        }
        marked = [f"{text} {'✓' if result.passed[check] else '✗'}" for check, text in verdicts.items()]
        return [*marked, f"{result.score_change:.4f}", f"{result.saturated:.2%}"]

    rows = ["integer convolutions", "change of AUC", "bytes", "speed", "score change", "saturated"]
    return pd.DataFrame({"check": rows, **{name: column(result) for name, result in checked.items()}})
