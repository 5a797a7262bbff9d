"""Tables of results: the README's models, and the original's claims with their causes."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ecglib.book.tables.display import auc, file_size, registry, with_display_names
from ecglib.evaluation.bootstrap import Estimate, signed
from ecglib.study.findings import Finding, network_name
from ecglib.study.findings import findings as all_findings
from ecglib.study.registry import Model

HEADLINE = ["base_cnn", "base_cnn_int8", "base_cnn_pruned_int8", "student_distilled_int8"]
SMALL = ["compact_16_three_stages_int8"]  # beside the released models
CLAIMS = {  # finding: what the original claims
    "Base CNN": "The base CNN, the teacher, classifies well",
    "Inception CNN": "An Inception CNN is worse",
    "Pruning": "Pruning costs AUC and saves no bytes",
    "Quantization": "Quantization costs AUC and saves no bytes",
    "Pruned and quantized": "Pruned and quantized, the network guesses",
    "Student with teacher": "A teacher improves a small network",
}
AS_INTEGERS = {  # that the original does not have
    "Inception CNN, int8": "inception_cnn_int8",
    "Student with teacher, int8": "student_distilled_int8",
}
ALONE = "Student without teacher"  # what a teacher's gain is measured from


def family(entries: Mapping[str, dict]) -> dict[str, str]:
    """{released model: the int8 model of the study that it is one seed of}, of the manifest's entries but variants."""
    int8 = {model.made_from: name for name, model in registry().models.items() if name.endswith("_int8")}
    return {
        name: int8[entry["student"],] for name, entry in entries.items() if "student" in entry and "role" not in entry
    }


def as_released(summary: pd.DataFrame, entries: Mapping[str, dict], travel: Mapping[str, dict]) -> pd.DataFrame:
    """The summary by model; of a model that is released, what chapter 11 (`travel`) measured of the .tflite file."""
    rows = summary.set_index("model", drop=False)
    for name, model in family(entries).items():
        if model in rows.index:
            rows.loc[model, "file_bytes"] = entries[name]["files"]["tflite"]["bytes"]
            for key, measured in travel.get("files", {}).get(name, {}).items():
                rows.loc[model, [key, f"{key}_low", f"{key}_high", "seeds"]] = list(measured.values())
    return rows


def headline(summary: pd.DataFrame, entries: Mapping[str, dict], travel: Mapping[str, dict]) -> pd.DataFrame:
    """The README's models: bytes, AUC, and the difference from the base CNN; arguments as of :func:`as_released`."""
    rows, released = as_released(summary, entries, travel), family(entries)
    small = rows[rows.index.isin({*SMALL, *released.values()})].sort_values("file_bytes", ascending=False)
    rows = pd.concat([rows.loc[[name for name in HEADLINE if name in rows.index]], small])
    rows = with_display_names(rows.replace({"model": {model: f"**{name}**" for name, model in released.items()}}))
    intervals = [
        [Estimate(*values) for values in rows[[key, f"{key}_low", f"{key}_high"]].itertuples(index=False)]
        for key in ("test_auc", "auc_change")
    ]
    return pd.DataFrame(
        {
            "Model": rows["model"],
            "File": [f"{size / 1e3:,.0f}\u00a0KB" for size in rows["file_bytes"]],
            "AUC (95 % interval)": [str(estimate) for estimate in intervals[0]],
            "Seeds": rows["seeds"],
            "Against the base CNN": ["–" if pd.isna(change.value) else f"{change:+}" for change in intervals[1]],
        }
    )


def systems(kept: Mapping[str, dict]) -> pd.DataFrame:
    """The study's systems as reported, replayed, with the original's network corrected, and done right: a row each.

    Returns
    -------
    DataFrame with system, column, network, params, file_bytes (of the weights, if reported), auc, low and high
    """
    rows, models = [], registry().models
    for finding in all_findings(registry()):
        reported = finding.reported
        first = (finding.reported_network, reported.params, reported.file_bytes, reported.auc, None, None)
        rows.append((finding.name, "as reported", *first))
        ours = {column: model for column, model in finding.models.items() if model and model.name in kept}
        rows += [(finding.name, column, *_measured(model, kept)) for column, model in ours.items()]
    rows += [
        (label, "done right", *_measured(models[name], kept)) for label, name in AS_INTEGERS.items() if name in kept
    ]
    columns = ["system", "column", "network", "params", "file_bytes", "auc", "low", "high"]
    return pd.DataFrame(rows, columns=columns).astype(
        {"params": "Int64", "file_bytes": float, "low": float, "high": float}
    )


def _measured(model: Model, kept: Mapping[str, dict]) -> tuple:
    """Network, parameters, bytes, AUC and its interval of a model."""
    row, macro = kept[model.name]["row"], kept[model.name]["classes"]["macro"]
    network = network_name(model, registry())
    return network, row["params"], row["file_bytes"], macro["value"], macro["low"], macro["high"]


def claims(kept: Mapping[str, dict]) -> pd.DataFrame:
    """The original's claims as reported, replayed, with its network corrected, and done right; and the cause.

    Claims whose model done right has no results are left out.

    Parameters
    ----------
    kept : {model: what :func:`ecglib.study.results.read` gives}
    """
    findings = {finding.name: finding for finding in all_findings(registry()) if finding.done_right.name in kept}
    rows = []
    for name, claim in CLAIMS.items():
        if name not in findings or (name == "Student with teacher" and ALONE not in findings):
            continue
        finding = findings[name]
        if name == "Student with teacher":
            cells = _gains(finding, findings[ALONE], kept)
        else:
            cells = [auc(finding.reported.auc), *(_cell(model, kept) for model in finding.models.values())]
        rows.append((claim, *cells, finding.cause))
    return pd.DataFrame(rows, columns=["claim", "reported", "replayed", "corrected", "done right", "cause"])


def _cell(model: Model | None, kept: Mapping[str, dict]) -> str:
    """A model's AUC, its network and the bytes of its file."""
    if model is None or model.name not in kept:
        return "–"
    row = kept[model.name]["row"]
    return f"{auc(row['test_auc'])}, {network_name(model, registry())}, {file_size(row['file_bytes'])}"


def _gains(taught: Finding, alone: Finding, kept: Mapping[str, dict]) -> list[str]:
    """What a teacher adds in each column."""
    pairs = zip(taught.models.values(), alone.models.values())
    aucs = [[kept[model.name]["row"]["test_auc"] for model in pair] for pair in pairs]
    return [signed(one - other, "+.3f") for one, other in [(taught.reported.auc, alone.reported.auc), *aucs]]
