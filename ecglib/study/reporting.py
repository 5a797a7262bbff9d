"""What a chapter writes into results/, and tables of findings: as reported, replayed, like for like, done right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.metrics import macro_average_precision
from ecglib.evaluation.scores import Scores
from ecglib.study import original, results
from ecglib.study.registry import FINDING_COLUMNS
from ecglib.study.study import Study
from ecglib.training import runs
from ecgpredict import files
from ecgpredict.spec import CLASSES

REFERENCE = "base_cnn"  # whose AUC every model's is compared with
_COUNTS = ("seeds", "params", "nonzero_params", "file_bytes", "reported_params")


def write(
    study: Study,
    model: str,
    scores: Scores,
    *,
    framework: str,
    counts: Mapping[str, int],
    file_bytes: int,
    latency_ms: float | None,
    latency_vs_float32: float | None,
    **details,
) -> dict:
    """Compute a model's metrics from its scores on folds 9 and 10, and write both to results/<profile>.

    `counts` has params and nonzero_params. Latencies are the median ms of one record on one thread, and the speedup
    over float32 in the same session; `details` are anything else that the model's pages show.

    Returns
    -------
    the content of the JSON file: "row" (the columns of the summary), the result of
    :func:`ecglib.study.results.compute_metrics`, "resamples", "fingerprint" and "details"
    """
    resamples, folder = study.settings.n_bootstrap, study.paths.results
    scores = scores.for_records(study.data.ecg_id).of(CLASSES)  # networks of all labels score all records
    derived = results.compute_metrics(scores, study.data, resamples=resamples)
    seeds, macro = pd.DataFrame(derived["seeds"]), derived["classes"]["macro"]
    reported = original.REPORTED.get(model, original.Reported())
    row = {
        "model": model,
        "chapter": study.model(model).chapter,
        "framework": framework,
        "seeds": len(seeds),
        "params": counts["params"],
        "nonzero_params": counts["nonzero_params"],
        "file_bytes": file_bytes,
        "val_auc": seeds["val_auc"].mean(),
        "test_auc": macro["value"],
        "test_auc_low": macro["low"],
        "test_auc_high": macro["high"],
        "seed_sd": seeds["test_auc"].std() if len(seeds) > 1 else None,
        "latency_ms": latency_ms,
        "latency_vs_float32": latency_vs_float32,
        "reported_auc": reported.auc,
        "reported_params": reported.params,
        "reported_mb": reported.weights_mb,
        "hardware": runs.processor(),
    }
    result = {
        "row": row,
        **derived,
        "resamples": resamples,
        "fingerprint": study.data.fingerprint,
        "details": details,
    }
    scores.save(folder / "scores" / f"{model}.npz")
    results.write_json(folder, model, result)
    return result


def write_summary(study: Study) -> None:
    """Write summary.csv, a row a model, and seeds.csv, a row a seed, of every model that chapters wrote.

    Beside what chapters wrote, both have the macro AUPRC on fold 10 (`test_auprc`), and the summary the AUC of each
    superclass and the difference from the base CNN's macro AUC, with its interval (`auc_change`).
    """
    folder, fold = study.paths.results, study.evaluation_set(TEST_FOLD)
    chapters = study.settings.registry.chapters
    models = [name for name, m in study.settings.models.items() if m.has_results and m.chapter in chapters]
    rows, seeds = [], []
    for name in models:
        stored, scores = results.read(folder, name), Scores.load(folder / "scores" / f"{name}.npz")
        auprc = [macro_average_precision(fold.y_true, score) for score in fold.y_score(scores)]
        seeds += [{"model": name} | seed | {"test_auprc": area} for seed, area in zip(stored["seeds"], auprc)]
        row = stored["row"] | {f"test_auc_{key}": stored["classes"][key]["value"] for key in CLASSES}
        row["test_auprc"] = sum(auprc) / len(auprc)
        if name != REFERENCE:
            change = study.difference(name, REFERENCE)
            row |= {"auc_change": change.value, "auc_change_low": change.low, "auc_change_high": change.high}
        rows.append(row)
    summary = pd.DataFrame(rows).astype(dict.fromkeys(_COUNTS, "Int64"))  # stay integers if one is missing
    files.write_text(folder / "summary.csv", summary.to_csv(index=False, float_format="%.6g"))
    files.write_text(folder / "seeds.csv", pd.DataFrame(seeds).to_csv(index=False, float_format="%.6g"))


def by_superclass(study: Study, finding: str) -> pd.DataFrame:
    """A finding's AUCs on fold 10 by superclass: as reported, and of each model, named by its column and label."""
    models = models_of(study, finding)
    classes = {name: results.read(study.paths.results, name)["classes"] for name in models}
    reported = _reported(models)
    columns = {
        f"{study.model(name).column}: {study.model(name).label}": [
            str(Estimate(**classes[name][row])) for row in classes[name]
        ]
        for name in models
    }
    rows = list(classes[models[0]])
    return pd.DataFrame({"superclass": rows, "as reported": [_short(reported.get(row)) for row in rows], **columns})


def by_finding(study: Study, findings: Mapping[str, str]) -> pd.DataFrame:
    """Macro AUCs on fold 10 of findings whose networks are the same; `findings` are {finding: how a row names it}."""
    rows = []
    for finding, text in findings.items():
        models = {study.model(name).column: name for name in models_of(study, finding)}
        aucs = {
            column: str(Estimate(**results.read(study.paths.results, name)["classes"]["macro"]))
            for column, name in models.items()
        }
        rows.append((text, _short(_reported(models.values()).get("macro")), *(aucs.get(c, "–") for c in _AS_TRAINED)))
    return pd.DataFrame(rows, columns=["network", "as reported", *_AS_TRAINED])


_AS_TRAINED = ("replayed", "done right")


def models_of(study: Study, finding: str) -> list[str]:
    """The models of a finding in the order of its columns."""
    found = [name for name, model in study.settings.models.items() if model.finding == finding]
    return sorted(found, key=lambda name: FINDING_COLUMNS.index(study.model(name).column))


def _reported(models: Iterable[str]) -> dict[str, float]:
    """Published AUCs by superclass and "macro" of the first of these models that has any."""
    macro = next((original.REPORTED[name].auc for name in models if name in original.REPORTED), None)
    figures = next((original.FIGURES[name] for name in models if name in original.FIGURES), {})
    return figures | ({} if macro is None else {"macro": macro})


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".removesuffix("0")
