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
    megabytes,
    model_labels,
    registry,
    short_count,
    with_display_names,
)
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study import original
from ecglib.study.findings import Finding, network_name
from ecglib.study.findings import findings as all_findings
from ecglib.study.registry import Model, length_note
from ecgpredict.spec import CLASSES

_ROUNDED = ("nonzero_params", "val_auc", "test_auc", "seed_sd", "latency_vs_float32")


def findings(kept: Mapping[str, dict]) -> pd.DataFrame:
    """The original's findings as reported, replayed and done right, with each network and its parameters.

    Findings whose model done right has no results are left out.
    """
    rows = []
    for finding in all_findings(registry()):
        if result := kept.get(finding.done_right.name):
            ours = _cell(result, finding.done_right.label)
            rows.append((finding.name, _reported_cell(finding), _replay_cell(finding.replayed, kept), ours))
    return pd.DataFrame(rows, columns=["finding", "as reported", "replayed", "done right"])


def evidence(kept: Mapping[str, dict]) -> pd.DataFrame:
    """What the figures behind each finding were measured on, as reported and done right."""
    claims = [claim for claim in all_findings(registry()) if claim.name in original.EVIDENCE]
    claims = [(claim, kept[claim.done_right.name]) for claim in claims if claim.done_right.name in kept]
    right = "fold 10, {}; selected on fold 9"
    rows = [(claim.name, original.EVIDENCE[claim.name], right.format(_seeds(result))) for claim, result in claims]
    return pd.DataFrame(rows, columns=["finding", "as reported rests on", "done right rests on"])


def summary_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """The summary as readers meet it: six columns of text."""
    return pd.DataFrame(
        {
            "Model": with_display_names(summary)["model"],
            "AUC as reported": summary["reported_auc"].map(auc),
            "AUC, fold 10 (95 % interval)": [
                str(Estimate(row.test_auc, row.test_auc_low, row.test_auc_high)) for row in summary.itertuples()
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
    """The ratios of :func:`ecglib.study.speeds.of_integer_files` with the models' names."""
    return with_display_names(ratios.reset_index())


def class_aucs(kept: Mapping[str, dict]) -> pd.DataFrame:
    """Each model's AUC on fold 10, by superclass."""
    labels = model_labels()
    rows = [(labels[name], *(result["classes"][key]["value"] for key in CLASSES)) for name, result in kept.items()]
    return pd.DataFrame(rows, columns=["model", *CLASSES])


def uncertainty(kept: Mapping[str, dict]) -> pd.DataFrame:
    """Width of each model's interval and SD of its seeds' AUCs on fold 10."""
    labels, rows = model_labels(), []
    for name, result in kept.items():
        row, macro = result["row"], result["classes"]["macro"]
        width = macro["high"] - macro["low"]
        rows.append((labels[name], int(row["chapter"][:2]), len(result["seeds"]), width, row["seed_sd"]))
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
        files = (kept[model]["row"]["file_bytes"] / 1e6 for model in ("base_cnn", name))
        rows.append((what, *files, "{:.2f}\u00a0MB", np.nan))
    shown = [(what, f.format(a), f.format(b), _percent(b / a), _percent(reported)) for what, a, b, f, reported in rows]
    return pd.DataFrame(shown, columns=["size", "base CNN", "student", "change", "as reported"])


def _reported_cell(finding: Finding) -> str:
    reported = finding.reported
    return "–" if reported.auc is None else _two_lines(auc(reported.auc), finding.reported_network, reported.params)


def _replay_cell(model: Model | None, kept: Mapping[str, dict]) -> str:
    if model is None or model.name not in kept:
        return "–"
    return _cell(kept[model.name], network_name(model, registry()), length_note(model, registry()))


def _cell(result: Mapping, network: str, note: str = "") -> str:
    return _two_lines(str(Estimate(**result["classes"]["macro"])), network, result["row"]["params"], note)


def _two_lines(value: str, network: str, params: int, note: str = "") -> str:
    return f"{value}<br><small>{', '.join([network, short_count(params), *([note] if note else [])])}</small>"


def _seeds(result: Mapping) -> str:
    count = len(result["seeds"])
    return f"{count} seed{'' if count == 1 else 's'}"


def _percent(ratio: float) -> str:
    return "–" if np.isnan(ratio) else f"{100 * (ratio - 1):+.1f}\u00a0%"
