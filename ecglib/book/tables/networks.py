"""Tables of networks: a published layer table beside our own."""

from __future__ import annotations

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
