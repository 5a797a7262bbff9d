"""Tables of networks: layers, sizes and training settings."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ecglib.book.tables.display import COLUMN_NAMES, with_display_names


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


def sizes(reported: Mapping[str, float], measured: pd.Series) -> pd.DataFrame:
    """The original's four sizes of a network in MB of 2**20 bytes, as reported and from our model."""
    names = {
        "input_mb": "Input",
        "forward_backward_mb": "Forward/backward pass",
        "params_mb": "Parameters",
        "total_mb": "Estimated total",
    }
    rows = [(text, reported[key], measured[key]) for key, text in names.items()]
    return pd.DataFrame(rows, columns=["size", "as reported, MB", "from our model, MB"])


def candidates(table: pd.DataFrame) -> pd.DataFrame:
    """Candidates for a training, of :meth:`ecglib.study.study.Study.compare_candidates`."""
    return with_display_names(table).rename(columns=COLUMN_NAMES)


def _shape(shape: tuple) -> str:
    return "×".join(map(str, shape[1:]))
