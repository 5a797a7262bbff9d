"""Tables of results: as reported, replayed and done right; every model of the study.

The results that they take are {model: what :func:`ecglib.study.results.read` gives}.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ecglib.book.tables.display import (
    COLUMN_NAMES,
    auc,
    interval,
    megabytes,
    model_labels,
    registry,
    short_count,
    with_display_names,
)
from ecglib.study import original
from ecglib.study.findings import Finding, network_name
from ecglib.study.findings import findings as all_findings
from ecglib.study.registry import Model, length_note
from ecgpredict.spec import CLASSES

_ROUNDED = ("nonzero_params", "val_auc", "test_auc", "seed_sd", "latency_vs_float32")


def findings(kept: Mapping[str, dict]) -> pd.DataFrame:
    """The original's findings: as reported, replayed and done right, with each cell's network and its parameters.

    Findings whose model done right has no results yet are left out, and so is a replay without results.
    """
    rows = [
        (one.name, _reported_cell(one), _replay_cell(one.replayed, kept), _cell(kept[right], one.done_right.label))
        for one, right in ((one, one.done_right.name) for one in all_findings(registry()))
        if right in kept
    ]
    return pd.DataFrame(rows, columns=["finding", "as reported", "replayed", "done right"])


def evidence(kept: Mapping[str, dict]) -> pd.DataFrame:
    """What the figures behind each finding were measured on, as reported and done right."""
    rows = [
        (one.name, original.EVIDENCE[one.name], f"fold 10, {_seeds(kept[one.done_right.name])}; selected on fold 9")
        for one in all_findings(registry())
        if one.name in original.EVIDENCE and one.done_right.name in kept
    ]
    return pd.DataFrame(rows, columns=["finding", "as reported rests on", "done right rests on"])


def summary_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """The summary as readers meet it: six columns of text."""
    return pd.DataFrame(
        {
            "Model": with_display_names(summary)["model"],
            "AUC as reported": summary["reported_auc"].map(auc),
            "AUC, fold 10 (95 % interval)": [
                interval({"value": row.test_auc, "low": row.test_auc_low, "high": row.test_auc_high})
                for row in summary.itertuples()
            ],
            "Seeds": summary["seeds"].astype(str),
            "Parameters": summary["params"].map("{:,}".format),
            "File": summary["file_bytes"].map(megabytes),
        }
    )


def metrics(summary: pd.DataFrame) -> pd.DataFrame:
    """Non-zero parameters, AUC on both folds, spread over seeds and speed of each model."""
    return with_display_names(summary)[["model", *_ROUNDED]].rename(columns=COLUMN_NAMES)


def speeds(ratios: pd.DataFrame) -> pd.DataFrame:
    """How many times as fast as in float32 each file of 8-bit integers is, with a column for each processor.

    Parameters
    ----------
    ratios : of :func:`ecglib.study.speeds.of_integer_files`
    """
    return with_display_names(ratios.reset_index())


def class_aucs(kept: Mapping[str, dict]) -> pd.DataFrame:
    """Each model's AUC on fold 10, by superclass."""
    labels = model_labels()
    rows = [(labels[name], *(result["classes"][one]["value"] for one in CLASSES)) for name, result in kept.items()]
    return pd.DataFrame(rows, columns=["model", *CLASSES])


def uncertainty(kept: Mapping[str, dict]) -> pd.DataFrame:
    """Width of each model's interval and SD of its seeds' AUCs on fold 10."""
    labels = model_labels()
    rows = [
        (
            labels[name],
            int(result["row"]["chapter"][:2]),
            len(result["seeds"]),
            result["classes"]["macro"]["high"] - result["classes"]["macro"]["low"],
            result["row"]["seed_sd"],
        )
        for name, result in kept.items()
    ]
    table = pd.DataFrame(rows, columns=["model", "chapter", "seeds", "width of interval", "SD over seeds"])
    return table.astype({"SD over seeds": float})


def seed_aucs(kept: Mapping[str, dict]) -> pd.DataFrame:
    """Macro AUCs of each seed of the models that have several: model, seed, val_auc and test_auc."""
    labels = model_labels()
    several = {labels[name]: result["seeds"] for name, result in kept.items() if len(result["seeds"]) > 1}
    return pd.DataFrame([{"model": label} | seed for label, seeds in several.items() for seed in seeds])


def published_aucs(aucs: Mapping[str, float]) -> pd.DataFrame:
    """Macro AUCs that others published for the same task."""
    return pd.DataFrame(aucs.items(), columns=["published model", "macro AUC"])


def size_reduction(kept: Mapping[str, dict]) -> pd.DataFrame:
    """The student's size against the base CNN's in five ways, with the changes that the original reported."""
    large, small = (kept[name]["details"]["sizes_mb"] for name in ("base_cnn", "student"))
    counts = {name: original.REPORTED[name].params for name in ("base_cnn", "student")}
    rows = [("parameters", large["params"], small["params"], "{:,.0f}", counts["student"] / counts["base_cnn"])]
    for what, key in (("weights in memory", "params_mb"), ("with activations, in training", "total_mb")):
        reported = original.SIZES_MB["student"][key] / original.SIZES_MB["base_cnn"][key]
        rows.append((what, large[key], small[key], "{:.2f}\u00a0MB", reported))
    for what, name in (("file to ship, float32", "student"), ("file to ship, student as int8", "student_int8")):
        files = (kept[one]["row"]["file_bytes"] / 1e6 for one in ("base_cnn", name))
        rows.append((what, *files, "{:.2f}\u00a0MB", np.nan))
    return pd.DataFrame(
        [
            (what, form.format(a), form.format(b), _percent(b / a), _percent(reported))
            for what, a, b, form, reported in rows
        ],
        columns=["size", "base CNN", "student", "change", "as reported"],
    )


def _reported_cell(one: Finding) -> str:
    if one.reported.auc is None:
        return "–"
    return _two_lines(auc(one.reported.auc), one.reported_network, one.reported.params)


def _replay_cell(model: Model | None, kept: Mapping[str, dict]) -> str:
    if model is None or model.name not in kept:
        return "–"
    return _cell(kept[model.name], network_name(model, registry()), length_note(model, registry()))


def _cell(result: Mapping, network: str, note: str = "") -> str:
    return _two_lines(interval(result["classes"]["macro"]), network, result["row"]["params"], note)


def _two_lines(value: str, network: str, params: int, note: str = "") -> str:
    return f"{value}<br><small>{', '.join([network, short_count(params), *([note] if note else [])])}</small>"


def _seeds(result: Mapping) -> str:
    count = len(result["seeds"])
    return f"{count} seed{'' if count == 1 else 's'}"


def _percent(ratio: float) -> str:
    return "–" if np.isnan(ratio) else f"{100 * (ratio - 1):+.1f}\u00a0%"
