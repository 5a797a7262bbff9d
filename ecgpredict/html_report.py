"""A report that a person can read: one self-contained HTML file, which prints on A4 pages.

It has the ECG on ECG paper, probabilities with thresholds and decisions, quality flags, what the model reacted to, and
the model's card in five lines. Everything that comes from the user, file names above all, is escaped.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from ecgpredict import files, occlusion, paper, recordings, released
from ecgpredict.errors import InputError, printable
from ecgpredict.model import ReleasedModel
from ecgpredict.prediction import Prediction
from ecgpredict.recordings import Recording
from ecgpredict.recordings.resampling import WINDOW_S, window_starts
from ecgpredict.reports import display_names
from ecgpredict.spec import CLASS_NAMES, CLASSES, N_SAMPLES, SAMPLING_RATE, positions
from ecgpredict.statements import by_group

SUFFIXES = (".html", ".htm")
FOR, AGAINST = "#d55e00", "#0072b2"  # a piece that speaks for or against a superclass
MIN_LIMIT = 0.05  # a change of probability: below, full color would make much of little


def targets(out: Path, paths: Sequence[Path]) -> list[Path]:
    """The file of each recording's report: `out` itself, if it ends in .html, or a file in the folder `out`.

    InputError for one file and several recordings.
    """
    out = Path(out)
    if out.suffix.lower() in SUFFIXES:
        if len(paths) > 1:
            expected, hint = "a folder, for a file per recording", f"give one, e.g. --report {out.with_suffix('')}"
            problem, found = "one report file for several recordings", f"{len(paths)} recordings"
            raise InputError(problem, where=out, expected=expected, found=found, hint=hint)
        return [out]
    taken: dict[str, Path] = {}  # file systems may ignore case
    found = []
    for path, name in zip(paths, display_names(list(paths))):
        plain = re.sub(r"[^\w.-]+", "_", name)[:100].strip(".") or "recording"
        chosen, number = plain, 1
        while taken.setdefault(chosen.lower(), path) != path:
            number += 1
            chosen = f"{plain}-{number}"
        found.append(out / f"{chosen}.html")
    return found


def write(
    target: Path, prediction: Prediction, model: ReleasedModel, *, rate: float | None = None, units: str | None = None
) -> None:
    """Write the report of a recording that this model classified, which is read again, with its errors.

    `rate` and `units` are as for :func:`ecgpredict.prediction.classify`.
    """
    recording = recordings.read(prediction.path, rate=rate, units=units, taken=[model.leads])
    files.write_text(Path(target), render(recording, prediction, model))


def render(recording: Recording, prediction: Prediction, model: ReleasedModel) -> str:
    """The report as HTML."""
    windows = recordings.windows(recording)
    shown = _most_telling(model.probabilities(windows), prediction)
    maps = occlusion.occlusion_map(model.probabilities, windows[shown])[: len(CLASSES), positions(model.leads)]
    limit = max(float(np.abs(maps).max()), MIN_LIMIT)
    found = [
        {
            "name": name,
            "meaning": CLASS_NAMES[name],
            "probability": prediction.probabilities[name],
            "threshold": threshold,
            "found": name in prediction.findings,
        }
        for name, threshold in zip(CLASSES, model.thresholds)
    ]
    environment = Environment(
        loader=PackageLoader("ecgpredict"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html").render(
        name=printable(prediction.path.name),
        description=_description(recording, prediction),
        shown=_shown(shown, windows, recording),
        paper=paper.sheet(windows[shown]),
        rows=paper.rows(windows[shown], model.leads),
        map_height=len(model.leads) * paper.MAP_ROW_MM,
        classes=found,
        limit=limit,
        against=AGAINST,
        speaks_for=FOR,
        maps=[one | render_map(one["name"], values, limit, model.leads) for one, values in zip(found, maps)],
        statements=by_group(prediction.statements),
        quality_warnings=prediction.quality_warnings,
        card=card(model),
        cautions=model.cautions,
    )


def card(model: ReleasedModel) -> list[str]:
    """The model in five lines, from its manifest."""
    entry = released.entry(model.name, model.path.parent)
    leads = "12 leads" if len(entry["leads"]) == 12 else " ".join(entry["leads"])
    rhythm = "" if len(model.classes) > len(CLASSES) else "rhythm, "
    others = f" and {more} other labels" if (more := len(entry["classes"]) - len(CLASSES)) else ""
    return [
        f"{model.name}: {entry['bytes']:,} bytes, SHA-256 {entry['sha256'][:16]}…",
        f"Input: {leads} in {entry['unit']}, {entry['samples'] / entry['rate']:g} s at "
        f"{entry['rate']} Hz; other sampling rates are resampled.",
        f"Output: a probability for each of {', '.join(CLASSES)}{others}, calibrated with temperature "
        f"{entry['temperature']:.3f}" + (" and this site's offsets." if model.offsets else "."),
        "Trained on folds 1 to 8 of PTB-XL 1.0.3; temperature and thresholds are from fold 9. The superclasses are "
        "readings of ECGs, not confirmed diagnoses.",
        f"Not for children, {rhythm}fewer leads than its own, or any decision about a person.",
    ]


def _most_telling(score: np.ndarray, prediction: Prediction) -> int:
    """The window in which the recording's findings are most probable, by scores (w, 5); without findings, the first."""
    columns = [CLASSES.index(name) for name in prediction.findings]
    return int(score[:, columns].sum(axis=1).argmax())


def _description(recording: Recording, prediction: Prediction) -> str:
    seconds = len(recording.signal) / recording.rate
    findings = ", ".join(prediction.findings) or "none"
    return f"{seconds:.1f} s at {recording.rate:g} Hz. Superclasses found: {findings}."


def _shown(number: int, windows: np.ndarray, recording: Recording) -> str:
    if len(windows) == 1:
        return f"The ECG as the model received it, at {SAMPLING_RATE} Hz."
    length = round(len(recording.signal) * SAMPLING_RATE / recording.rate)
    start = window_starts(max(length, N_SAMPLES), N_SAMPLES)[number] / SAMPLING_RATE
    return (
        f"Shown: {start:g} to {start + WINDOW_S:g} s, where what was found is most probable. Probabilities are means "
        f"over {len(windows)} windows."
    )


def render_map(name: str, values: np.ndarray, limit: float, leads: Sequence[str]) -> dict:
    """A superclass's map (leads, parts) as colored cells, and in words."""
    cells = [
        cell | {"fill": FOR if value > 0 else AGAINST, "opacity": f"{abs(value) / limit:.3f}"}
        for cell, value in zip(paper.cells(*values.shape), values.ravel())
        if value
    ]
    lead, part = np.unravel_index(values.argmax(), values.shape)
    seconds = WINDOW_S / values.shape[1]
    text = f"What speaks for {name}: most in {leads[lead]} from {part * seconds:g} to {(part + 1) * seconds:g} s"
    return {"cells": cells, "text": text if values.max() > 0 else f"Nothing speaks for {name}", "flat": not cells}
