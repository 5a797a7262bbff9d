"""Predictions on standard output: as a table for people, or as JSON lines or CSV for programs."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ecgpredict.prediction import Prediction
from ecgpredict.released import ReleasedModel
from ecgpredict.spec import CLASSES


class Report(Protocol):
    """Takes predictions one by one."""

    def add(self, prediction: Prediction) -> None: ...
    def close(self) -> None: ...


def make_report(*, as_json: bool, as_csv: bool, model: ReleasedModel) -> Report:
    """The report for these options of the command line."""
    return JsonReport() if as_json else CsvReport() if as_csv else ConsoleReport(model)


class JsonReport:
    """One JSON object per line and recording, written immediately; "error" is null where it was classified."""

    def add(self, prediction: Prediction) -> None:
        row = {
            "path": printable(prediction.path),
            "probabilities": {name: round(value, 4) for name, value in prediction.probabilities.items()},
            "findings": list(prediction.findings),
            "windows": prediction.windows,
            "quality_warnings": list(prediction.quality_warnings),
            "error": one_line(prediction.error) or None,
        }
        print(json.dumps(row, ensure_ascii=False))

    def close(self) -> None:
        pass


class CsvReport:
    """One row per recording, written immediately; a recording that failed has an error and no probabilities."""

    def __init__(self):
        self.writer = csv.writer(sys.stdout, lineterminator="\n")
        self.writer.writerow(["path", *CLASSES, "findings", "windows", "quality_warnings", "error"])

    def add(self, prediction: Prediction) -> None:
        values = [f"{prediction.probabilities[name]:.4f}" if prediction.probabilities else "" for name in CLASSES]
        self.writer.writerow(
            [
                printable(prediction.path),
                *values,
                " ".join(prediction.findings),
                prediction.windows,
                "; ".join(prediction.quality_warnings),
                one_line(prediction.error),
            ]
        )

    def close(self) -> None:
        pass


class ConsoleReport:
    """A table of the recordings that were classified; findings at or above their thresholds are bold."""

    def __init__(self, model: ReleasedModel):
        self.model = model
        self.predictions: list[Prediction] = []

    def add(self, prediction: Prediction) -> None:
        if not prediction.error:
            self.predictions.append(prediction)

    def close(self) -> None:
        console = Console(highlight=False)
        names = display_names([prediction.path for prediction in self.predictions])
        table = Table(
            "recording",
            *CLASSES,
            "findings",
            caption=(f"Probabilities of {self.model.name}; bold: at or above its threshold. Not a medical device."),
        )
        for name, prediction in zip(names, self.predictions):
            cells = [
                Text(f"{prediction.probabilities[one]:.2f}", style="bold" if one in prediction.findings else "")
                for one in CLASSES
            ]
            mark = " (!)" if prediction.quality_warnings else ""
            table.add_row(Text(name + mark), *cells, " ".join(prediction.findings) or "none")
        if self.predictions:
            console.print(table)
        for name, prediction in zip(names, self.predictions):
            for warning in prediction.quality_warnings:
                console.print(Text(f"(!) {name}: {warning}", style="yellow"))
        if self.model.cautions:
            console.print(Text("When to trust the model, as measured: see the end of its --report.", style="dim"))


def display_names(paths: list[Path]) -> list[str]:
    """A short name for each path: its stem, or if another recording has the same stem, its path relative to the folder
    that these have in common.
    """
    absolute = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100, resolve() would follow links
    stems = Counter(path.stem for path in set(absolute))
    folders = [path.parent for path in absolute if stems[path.stem] > 1]
    shared = Path(os.path.commonpath(folders)) if folders and len({one.anchor for one in folders}) == 1 else Path()
    return [
        printable(path.stem if stems[path.stem] == 1 else path.relative_to(shared) if shared.parts else path)
        for path in absolute
    ]


def printable(text: object) -> str:
    """Text that any terminal can show: control characters and bytes that are not UTF-8 are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def one_line(error: str) -> str:
    """An error without line breaks."""
    return printable("; ".join(line.strip() for line in error.splitlines()))
