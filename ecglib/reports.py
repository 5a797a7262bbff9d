"""Predictions as a table for people, or as JSON lines or CSV for programs, on the standard output."""

from __future__ import annotations

import csv
import json
import sys
from typing import Protocol

from rich.console import Console
from rich.table import Table

from ecglib.prediction import Prediction
from ecglib.ptbxl import CLASSES
from ecglib.released import Released


class Report(Protocol):
    """Takes predictions one by one."""

    def add(self, one: Prediction) -> None: ...
    def close(self) -> None: ...


def of(*, as_json: bool, as_csv: bool, model: Released) -> Report:
    """The report that the options ask for."""
    return JsonLines() if as_json else CommaSeparated() if as_csv else ForPeople(model)


class JsonLines:
    """One JSON object a line, written at once."""

    def add(self, one: Prediction) -> None:
        print(
            json.dumps(
                {
                    "path": str(one.path), "probabilities": {k: round(v, 4) for k, v in one.probabilities.items()},
                    "findings": list(one.findings), "windows": one.windows, "remarks": list(one.remarks),
                },
                ensure_ascii=False,
            )
        )  # fmt: skip

    def close(self) -> None:
        pass


class CommaSeparated:
    """One row a recording, written at once."""

    def __init__(self):
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        self.writer.writerow(["path", *CLASSES, "findings", "windows", "remarks"])

    def add(self, one: Prediction) -> None:
        values = [f"{one.probabilities[name]:.4f}" for name in CLASSES]
        self.writer.writerow([one.path, *values, " ".join(one.findings), one.windows, "; ".join(one.remarks)])

    def close(self) -> None:
        pass


class ForPeople:
    """A table; findings at or above their thresholds are marked."""

    def __init__(self, model: Released):
        self.model, self.remarks = model, []
        self.table = Table("recording", *CLASSES, "findings", caption=(
            f"Probabilities of {model.name}; bold: at or above the threshold chosen on fold 9. Not a medical device."
        ))  # fmt: skip

    def add(self, one: Prediction) -> None:
        cells = [
            f"[bold]{one.probabilities[name]:.2f}[/bold]" if name in one.findings else f"{one.probabilities[name]:.2f}"
            for name in CLASSES
        ]
        mark = " (!)" if one.remarks else ""
        self.table.add_row(f"{one.path.stem}{mark}", *cells, " ".join(one.findings) or "none")
        self.remarks += [f"{one.path.stem}: {remark}" for remark in one.remarks]

    def close(self) -> None:
        console = Console(highlight=False)
        if self.table.row_count:
            console.print(self.table)
        for remark in self.remarks:
            console.print(f"(!) {remark}", markup=False, style="yellow")
