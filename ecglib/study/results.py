"""The results: one JSON file per model, and the summary from which pages, README and figures are made.

Input: a model's scores, file size and latency. Output: ``results/<profile>/<model>.json``,
``results/<profile>/scores/<model>.npz`` and ``results/<profile>/summary.csv``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ecglib.data.dataset import Dataset
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import auc_estimates
from ecglib.evaluation.metrics import macro_auc, roc_curves
from ecglib.evaluation.resampling import Resampling
from ecglib.evaluation.scores import Scores, labels_for
from ecglib.study.original import REPORTED, Reported
from ecglib.training import runs
from ecgpredict import files
from ecgpredict.errors import InputError

COLUMNS = (
    "model",
    "chapter",
    "framework",
    "seeds",
    "params",
    "nonzero_params",
    "file_bytes",
    "val_auc",
    "test_auc",
    "test_auc_low",
    "test_auc_high",
    "seed_sd",
    "latency_ms",
    "latency_vs_float32",
    "reported_auc",
    "reported_params",
    "reported_mb",
    "hardware",
)
CARDS = ("released", "released_compact")  # of chapter 8 and of chapter 10
ROC_STEP = 10  # every tenth point of the macro ROC curve is stored: 51 are enough for a figure
_COUNTS = ("seeds", "params", "nonzero_params", "file_bytes", "reported_params")


def write(
    folder: Path,
    model: str,
    scores: Scores,
    dataset: Dataset,
    *,
    chapter: str,
    framework: str,
    params: int,
    nonzero_params: int,
    file_bytes: int,
    latency_ms: float,
    latency_vs_float32: float,
    resamples: int,
    details: dict | None = None,
) -> dict:
    """Compute a model's metrics from its scores and the data's labels, and write them and the scores to files.

    Parameters
    ----------
    folder : results/<profile>
    scores : scores of every seed on folds 9 and 10
    dataset : the data that was scored
    file_bytes : size of the model file to deploy
    latency_ms : median latency of one record on one thread
    latency_vs_float32 : speedup over the float32 model in the same session
    resamples : number of bootstrap resamples for the intervals
    details : anything else that the model's pages show

    Returns
    -------
    the content of the JSON file: "row" (the columns of the summary), the result of :func:`compute_metrics`,
    "resamples", "fingerprint" and "details"
    """
    derived = compute_metrics(scores, dataset, resamples=resamples)
    seeds, macro = pd.DataFrame(derived["seeds"]), derived["classes"]["macro"]
    reported = REPORTED.get(model, Reported())
    values = (
        model,
        chapter,
        framework,
        len(seeds),
        params,
        nonzero_params,
        file_bytes,
        seeds["val_auc"].mean(),
        macro["value"],
        macro["low"],
        macro["high"],
        seeds["test_auc"].std() if len(seeds) > 1 else None,
        latency_ms,
        latency_vs_float32,
        reported.auc,
        reported.params,
        reported.weights_mb,
        runs.processor(),
    )
    result = {
        "row": dict(zip(COLUMNS, values, strict=True)),
        **derived,
        "resamples": resamples,
        "fingerprint": dataset.fingerprint,
        "details": details or {},
    }
    scores.save(Path(folder) / "scores" / f"{model}.npz")
    write_json(folder, model, result)
    return result


def compute_metrics(scores: Scores, dataset: Dataset, *, resamples: int) -> dict:
    """The metrics that depend on scores and the data's labels alone.

    Returns
    -------
    "classes" ({superclass or "macro": {"value", "low", "high"}}, AUCs on fold 10 averaged over seeds, with
    intervals), "seeds" ([{"seed", "val_auc", "test_auc"}], macro AUCs on folds 9 and 10) and "roc"
    ({"false_positive_rate", "sensitivity"}, the first seed's macro curve on fold 10)
    """
    y_true = labels_for(scores, dataset)
    val_true, test_true = (y_true[scores.fold == fold] for fold in (VALIDATION_FOLD, TEST_FOLD))
    validation, test = scores.for_fold(VALIDATION_FOLD), scores.for_fold(TEST_FOLD)
    patients = dataset.table.loc[test.ecg_id, "patient_id"].to_numpy()
    estimates = auc_estimates(test_true, test.score, Resampling(patients, resamples))
    seeds = [
        {"seed": int(seed), "val_auc": macro_auc(val_true, val_score), "test_auc": macro_auc(test_true, test_score)}
        for seed, val_score, test_score in zip(scores.seed, validation.score, test.score)
    ]
    curves = roc_curves(test_true, test.score[0])
    macro = curves[curves["curve"] == "macro"].iloc[::ROC_STEP][["false_positive_rate", "sensitivity"]]
    return {
        "classes": {name: estimate.to_dict() for name, estimate in estimates.items()},
        "seeds": seeds,
        "roc": macro.round(4).to_dict("list"),
    }


def evaluate(folder: Path, model: str, dataset: Dataset) -> tuple[dict, list[str]]:
    """Recompute a model's metrics from its saved scores and the data's labels, and compare with the stored ones.

    Returns
    -------
    the result of :func:`compute_metrics`, and a line for each value that differs from the stored one

    Raises
    ------
    InputError : no result, no scores, or scores of other records
    """
    stored = read(folder, model)
    scores = Scores.load(Path(folder) / "scores" / f"{model}.npz")
    computed = compute_metrics(scores, dataset, resamples=stored["resamples"])
    now, before = _flat(computed), _flat(stored)
    different = [
        f"{name}: stored {before.get(name)}, computed {now.get(name)}"
        for name in now | before
        if before.get(name) != now.get(name)
    ]
    if stored["fingerprint"] != dataset.fingerprint:
        different.append(f"data: stored {stored['fingerprint']}, found {dataset.fingerprint}")
    return computed, different


def _flat(metrics: dict) -> dict[str, float]:
    """{name: value}, rounded so that summation order, which differs between machines, has no effect."""
    values = {f"{name}, {key}": value for name, one in metrics["classes"].items() for key, value in one.items()}
    for one in metrics["seeds"]:
        values |= {f"seed {one['seed']}, {key}": one[key] for key in ("val_auc", "test_auc")}
    return {name: round(value, 9) for name, value in values.items()}


def read(folder: Path, model: str) -> dict:
    """What :func:`write` wrote for a model.

    Raises
    ------
    InputError : no result of that model
    """
    path = Path(folder) / f"{model}.json"
    if not path.is_file():
        raise InputError(
            "no result",
            where=path,
            expected="a file written by the model's chapter",
            found="no such file",
            hint="run `ecglib reproduce` for this profile",
        )
    return json.loads(path.read_text(encoding="utf-8"))


def read_all(folder: Path) -> dict[str, dict]:
    """What :func:`write` wrote for each model of the summary, in its order."""
    return {name: read(folder, name) for name in summary(folder)["model"]}


def read_cards(folder: Path) -> dict[str, dict]:
    """{released model: calibration and decisions}, as chapters 8 and 10 wrote them."""
    written = [one for one in CARDS if (Path(folder) / f"{one}.json").is_file()]
    return {name: card for one in written for name, card in read(folder, one).items()}


def write_json(folder: Path, name: str, content: dict) -> None:
    """Write ``results/<profile>/<name>.json``, for :func:`read`."""
    files.write_text(Path(folder) / f"{name}.json", json.dumps(content, indent=1) + "\n")


def write_summary(folder: Path, models: Sequence[str]) -> pd.DataFrame:
    """Write summary.csv, one row per model in the order given, from the models' files alone."""
    table = pd.DataFrame([read(folder, model)["row"] for model in models], columns=list(COLUMNS))
    table = table.astype(dict.fromkeys(_COUNTS, "Int64"))  # stay integers if one is missing
    files.write_text(Path(folder) / "summary.csv", table.to_csv(index=False, float_format="%.6g"))
    return table


def summary(folder: Path) -> pd.DataFrame:
    """Read summary.csv and check its columns.

    Raises
    ------
    InputError : the file is missing or has other columns
    """
    path = Path(folder) / "summary.csv"
    found = pd.read_csv(path) if path.is_file() else None
    if found is None or tuple(found.columns) != COLUMNS:
        raise InputError(
            "no summary",
            where=path,
            expected=", ".join(COLUMNS),
            found="no such file" if found is None else ", ".join(found.columns),
            hint="run `ecglib reproduce` for this profile",
        )
    return found


def write_environment(folder: Path, dataset: Dataset) -> dict:
    """Write environment.json: data fingerprint, numbers of records and versions; the summary has the hardware."""
    packages = (
        "torch",
        "pytorch-lightning",
        "tensorflow",
        "keras",
        "onnx",
        "onnxruntime",
        "scikit-learn",
        "scipy",
        "numpy",
        "pandas",
        "wfdb",
        "seaborn",
        "papermill",
        "jupytext",
        "jupyter-book",
        "snakemake",
    )
    found = {
        "fingerprint": dataset.fingerprint,
        "records": len(dataset),
        "labelled": len(dataset.labeled()),
        "versions": runs.versions(*packages),
    }
    write_json(folder, "environment", found)
    return found


def read_environment(folder: Path) -> dict:
    """What :func:`write_environment` wrote."""
    return read(folder, "environment")
