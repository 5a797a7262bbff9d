"""Predictions on standard output: as a table for people, or as JSON lines or CSV for programs."""

import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ecgpredict.errors import printable
from ecgpredict.model import ReleasedModel
from ecgpredict.prediction import Prediction
from ecgpredict.spec import CLASSES
from ecgpredict.statements import by_group

_TABLE_WIDTH = 64  # of a terminal, in characters: where fewer fit, a recording is a line of text
_NO_THRESHOLD = 3  # statements without one that are shown for a recording: the most probable


class Report:
    """Takes predictions one by one by `add`."""

    def close(self) -> None:
        """Show what is shown at the end."""


class JsonReport(Report):
    """One JSON object per line and recording, written immediately; "error" is null where it was classified."""

    def add(self, prediction: Prediction) -> None:
        row = prediction.row()
        row["probabilities"] = {name: round(value, 4) for name, value in prediction.probabilities.items()}
        row["statements"] = [one | {"probability": round(one["probability"], 4)} for one in prediction.statements]
        print(json.dumps(row, ensure_ascii=not (sys.stdout.encoding or "").lower().startswith("utf")))


class CsvReport(Report):
    """One row per recording, written immediately; a recording that failed has an error and no probabilities."""

    def __init__(self, models: Sequence[ReleasedModel]):
        labels = labels_of(models)
        columns = ["path", *labels, "findings", *["statements"] * (len(labels) > len(CLASSES))]
        columns += ["windows", "model", "quality_warnings", "error"]
        self.writer = csv.DictWriter(sys.stdout, columns, extrasaction="ignore", lineterminator="\n")
        self.writer.writeheader()

    def add(self, prediction: Prediction) -> None:
        row = prediction.columns()
        row |= {name: f"{value:.4f}" for name, value in row.items() if isinstance(value, float)}
        row |= {"findings": " ".join(prediction.findings), "statements": "; ".join(row["statements"])}
        row["quality_warnings"] = "; ".join(prediction.quality_warnings)
        self.writer.writerow(
            row | {name: _no_formula(row[name] or "") for name in ("path", "quality_warnings", "error")}
        )


def labels_of(models: Sequence[ReleasedModel]) -> list[str]:
    """What the models are asked for, superclasses first."""
    return list(dict.fromkeys(label for model in models for label in model.classes))


def _no_formula(text: str) -> str:
    """Text that spreadsheets do not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


class ConsoleReport(Report):
    """A table of the recordings that were classified; findings at or above their thresholds are bold."""

    def __init__(self, models: Sequence[ReleasedModel]):
        self.models = models
        self.predictions: list[Prediction] = []

    def add(self, prediction: Prediction) -> None:
        if not prediction.error:
            self.predictions.append(prediction)

    def close(self) -> None:
        console = Console(highlight=False)
        names = display_names([prediction.path for prediction in self.predictions])
        shifted = ", with this site's offsets" if self.models[0].offsets else ""
        used = ", ".join(dict.fromkeys(prediction.model for prediction in self.predictions))
        caption = f"Probabilities of {used}{shifted}; bold: at or above its threshold. Not a medical device."
        table = Table("recording", *CLASSES, "findings", caption=caption)
        lines = []
        for name, prediction in zip(names, self.predictions):
            marked = name + (" (!)" if prediction.quality_warnings else "")
            findings = " ".join(prediction.findings) or "none"
            values = [f"{prediction.probabilities[label]:.2f}" for label in CLASSES]
            styles = ["bold" if label in prediction.findings else "" for label in CLASSES]
            table.add_row(Text(marked), *map(Text, values, styles), findings)
            lines.append(" ".join([f"{marked}: {findings};", *map("{}={}".format, CLASSES, values)]))
        if self.predictions and console.width >= _TABLE_WIDTH:
            console.print(table)
        elif self.predictions:
            console.print(*map(Text, [*lines, caption]), sep="\n")
        for name, prediction in zip(names, self.predictions):
            for line in statement_lines(prediction):
                console.print(Text(f"{name}: {line}"))
            for warning in prediction.quality_warnings:
                console.print(Text(f"(!) {name}: {warning}", style="yellow"))
        if self.models[0].cautions:
            console.print(Text("When to trust the model, as measured: see the end of its --report.", style="dim"))


def make_report(*, as_json: bool, as_csv: bool, models: Sequence[ReleasedModel]) -> Report:
    """The report for these options of the command line."""
    return JsonReport() if as_json else CsvReport(models) if as_csv else ConsoleReport(models)


def statement_lines(prediction: Prediction) -> list[str]:
    """A line for each group of statements that were found, and one of the most probable ones without a threshold."""

    def listed(rows: list[dict]) -> str:
        return "; ".join(f"{row['name']} {row['probability']:.2f}" for row in rows)

    groups = by_group(row for row in prediction.statements if row["found"])
    lines = [f"{group}: {listed(rows)}" for group, rows in groups.items()]
    others = [row for row in prediction.statements if row["threshold"] is None]
    others = sorted(others, key=lambda row: -row["probability"])[:_NO_THRESHOLD]
    return lines + ([f"no threshold, probability only: {listed(others)}"] if others else [])


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


class Tally:
    """Counts of predictions: recordings that were read, those of them with warnings, and those that were not."""

    read = warned = refused = 0

    def add(self, prediction: Prediction) -> None:
        self.read += not prediction.error
        self.warned += bool(prediction.quality_warnings)
        self.refused += bool(prediction.error)

    def __str__(self) -> str:
        return f"{self.read:,} read, {self.warned:,} of them with warnings; {self.refused:,} refused"
