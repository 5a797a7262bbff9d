"""speeds.csv: each model's latest speed on each processor that the study was executed on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ecglib.study import results
from ecgpredict import files

NAME = "speeds.csv"
COLUMNS = ["model", "hardware", "latency_ms", "latency_vs_float32"]


def update(folder: Path, earlier: Path | None = None) -> Path:
    """Path of speeds.csv beside a run's summary: its models, and their speeds in an earlier run on other processors."""
    measured = results.summary(folder)[COLUMNS].dropna()
    known = read(earlier) if earlier else measured.head(0)
    rows = pd.concat([known[known["model"].isin(measured["model"])], measured])
    rows = rows.drop_duplicates(["model", "hardware"], keep="last")
    order = {model: place for place, model in enumerate(measured["model"])}
    rows = rows.sort_values("model", key=lambda column: column.map(order), kind="stable")
    files.write_text(folder / NAME, rows.to_csv(index=False, float_format="%.6g"))
    return folder / NAME


def read(folder: Path) -> pd.DataFrame:
    """The speeds of a folder of results, without rows if there are none."""
    path = Path(folder) / NAME
    return pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=COLUMNS)
