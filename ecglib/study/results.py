"""The results of a profile: <model>.json, scores/<model>.npz and summary.csv, which pages and README are made from."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from ecglib.data.dataset import Dataset
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import auc_estimates
from ecglib.evaluation.metrics import macro_auc
from ecglib.evaluation.resampling import Resampling
from ecglib.evaluation.scores import Scores, labels_for
from ecglib.training import runs
from ecgpredict import files
from ecgpredict.errors import InputError

ENVIRONMENT = "environment"  # what `ecglib summary` writes of the data and the packages
CARDS = "released"  # what chapter 10 writes of the released models
PACKAGES = """torch tensorflow keras onnx onnxruntime scikit-learn scipy numpy pandas wfdb seaborn
papermill jupytext jupyter-book snakemake"""


def compute_metrics(scores: Scores, dataset: Dataset, *, resamples: int) -> dict:
    """The metrics that depend on scores and the data's labels alone:

    "classes" ({superclass or "macro": {"value", "low", "high"}}, AUCs on fold 10 averaged over seeds, with
    intervals) and "seeds" ([{"seed", "val_auc", "test_auc"}], macro AUCs on folds 9 and 10)
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
    return {"classes": {name: estimate.to_dict() for name, estimate in estimates.items()}, "seeds": seeds}


def evaluate(folder: Path, model: str, dataset: Dataset) -> tuple[dict, list[str]]:
    """A model's metrics computed anew from its saved scores, and a line for each that differs from the stored one."""
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
    values = {f"{name}, {key}": value for name, aucs in metrics["classes"].items() for key, value in aucs.items()}
    for seed in metrics["seeds"]:
        values |= {f"seed {seed['seed']}, {key}": seed[key] for key in ("val_auc", "test_auc")}
    return {name: round(value, 9) for name, value in values.items()}


def read(folder: Path, model: str) -> dict:
    """What :func:`write_json` wrote under a name, such as a model's result; an InputError if there is nothing."""
    return json.loads(_existing(Path(folder) / f"{model}.json").read_text(encoding="utf-8"))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(
            "no result",
            where=path,
            expected="a file written by a chapter, or by `ecglib summary` after all of them",
            found="no such file",
            hint="run `ecglib reproduce` for this profile",
        )
    return path


def read_all(folder: Path) -> dict[str, dict]:
    """The result of each model of the summary, in its order."""
    return {name: read(folder, name) for name in summary(folder)["model"]}


def write_json(folder: Path, name: str, content: dict) -> None:
    """Write a file for :func:`read`."""
    files.write_text(Path(folder) / f"{name}.json", json.dumps(content, indent=1) + "\n")


def summary(folder: Path) -> pd.DataFrame:
    """The content of summary.csv; an InputError if there is none."""
    return pd.read_csv(_existing(Path(folder) / "summary.csv"))


def write_environment(folder: Path, dataset: Dataset) -> dict:
    """Write environment.json: data fingerprint, numbers of records and versions; the summary has the hardware."""
    content = {
        "fingerprint": dataset.fingerprint,
        "records": len(dataset),
        "labelled": len(dataset.labeled()),
        "versions": runs.versions(*PACKAGES.split()),
    }
    write_json(folder, ENVIRONMENT, content)
    return content
