"""Tables of networks: layers, training settings, and the checks that a compressed one passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd


def side_by_side(reported: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """A published layer table beside our own model's, row for row, and whether they agree."""
    both = pd.DataFrame(
        {
            "layer": measured["layer"],
            "output shape": measured["output_shape"].map(_shape),
            "reported shape": reported["output_shape"].map(_shape),
            "parameters": measured["params"],
            "reported": reported["params"],
        }
    )
    same = (reported == measured).all(axis=1)
    return both.assign(same=same.map({True: "✓", False: "✗"}))


def _shape(shape: tuple) -> str:
    return "×".join(map(str, shape[1:]))


if TYPE_CHECKING:
    from ecglib.compression.gate import GateResult


def gate(checked: dict[str, GateResult]) -> pd.DataFrame:
    """Compressed models against float32 on fold 9, one row per check, a failed one marked ✗."""

    def column(result: GateResult) -> list[str]:
        verdicts = {
            "integer convolutions": result.integer_convolutions,
            "AUC": f"{result.auc_change:+}",
            "bytes": f"×{result.size_ratio:.3f}",
        }
        marked = [f"{text} {'✓' if result.passed[check] else '✗'}" for check, text in verdicts.items()]
        return [*marked, f"×{result.speedup:.2f}", f"{result.score_change:.4f}", f"{result.saturated:.2%}"]

    rows = ["integer convolutions", "change of AUC", "bytes", "speed", "score change", "saturated"]
    return pd.DataFrame({"check": rows, **{name: column(result) for name, result in checked.items()}})
