"""The released models: files of selected students, calibrated on fold 9, with their manifest and their cards.

Chapters 8 and 9 select the students, chapter 10 shows how this calibrates and measures them.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib.compression import onnx_files, quantization, tflite_files, tflite_micro
from ecglib.compression.quantization import Quantization
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation import calibration
from ecglib.evaluation.bootstrap import average_precision
from ecglib.evaluation.evaluation_set import EvaluationSet
from ecglib.evaluation.scores import Scores
from ecglib.study import measuring, results
from ecglib.study.study import Study
from ecglib.training.runs import Run, processor
from ecgpredict import released
from ecgpredict.spec import CLASSES, INDEPENDENT_LEADS, STATEMENT, apply_temperature, positions

FAMILY, VARIANTS = "family", "variants"  # selections of chapters 8 and 9, in results
FEWEST_POSITIVES = 20  # of fold 9, for a threshold of a statement
DEFAULT, MICROCONTROLLER = "default", "microcontroller"
# a profile whose chapter 8 selected nothing
PROVISIONAL = {
    DEFAULT: {"model": "compact_128_second_int8", "seed": 0, "name": "ecg128"},
    MICROCONTROLLER: {"model": "compact_32_int8", "seed": 0, "name": "ecg32"},
}
# former names -> what stands in their place for one release
ALIASES = {
    "student_distilled_int8": DEFAULT,
    "compact_512_onnx": DEFAULT,
    "compact_64_onnx": DEFAULT,
    "compact_512_int8": DEFAULT,
    "compact_64_int8": MICROCONTROLLER,
    "student_micro": MICROCONTROLLER,
    "student_micro_64k": MICROCONTROLLER,
}


@dataclass(frozen=True)
class Candidate:
    """A selected student's files and what they predict.

    Attributes
    ----------
    name : that it is released under
    run : that the files were made from
    float_file, onnx, tflite : float32 ONNX, int8 ONNX and int8 .tflite file
    leads : that the .tflite file takes, the eight independent ones for a microcontroller
    scores, onnx_scores : of the .tflite file in LiteRT's reference kernels and of the int8 ONNX file, folds 9 and 10
    fitted : :func:`fit` of `scores`, which hold for both int8 files
    """

    name: str
    run: Run
    float_file: Path
    onnx: Path
    tflite: Path
    leads: tuple[str, ...]
    scores: Scores
    onnx_scores: Scores
    fitted: tuple[float, np.ndarray]

    @property
    def student(self) -> str:
        return self.run.metadata["model"]


def selection(study: Study, name: str = FAMILY) -> dict[str, dict]:
    """{"default" or "microcontroller": {"model", "seed", "name"}}, as chapter 8 selected on fold 9, or chapter 9's."""
    for folder in (study.paths.results, study.paths.published_results):
        if (folder / f"{name}.json").is_file():
            return results.read(folder, name)
    return PROVISIONAL if name == FAMILY else {}


def make(study: Study, selected: dict, *, folded: bool = False) -> Candidate:
    """The files of a selected student and seed, and their scores; if `folded`, its .tflite file takes eight leads."""
    (student,) = study.model(selected["model"]).made_from
    run, name = study.train(student, selected["seed"], progress=False), selected["name"]
    folder, tflite = study.paths.artifacts / "deployment", measuring.tflite_file(study, name, run, folded=folded)
    records = study.representative_records(run, measuring.TFLITE_RECORDS)
    float_file = onnx_files.to_onnx(measuring.network_of_files(study, run), folder / f"{name}_float32.onnx")
    onnx = quantization.quantize(float_file, folder / f"{name}.onnx", records, Quantization())
    scored = study.records_for(run).in_folds(VALIDATION_FOLD, TEST_FOLD)
    x, leads = run.normalization(scored.millivolts(slice(None))), INDEPENDENT_LEADS if folded else scored.leads
    integers = tflite_files.predict(tflite, x[..., positions(leads)] if folded else x, reference=True)
    scores, onnx_scores = (
        Scores.from_dataset(scored, selected["seed"], score)
        for score in (integers, onnx_files.predict(onnx, x, threads=1))
    )
    return Candidate(name, run, float_file, onnx, tflite, leads, scores, onnx_scores, fit(study, scores))


def fit(study: Study, scores: Scores) -> tuple[float, np.ndarray]:
    """Temperature and thresholds (classes,) of one seed's scores, from fold 9.

    Beside the superclasses, a label with fewer than FEWEST_POSITIVES records has NaN in place of a threshold.
    """
    fold = study.evaluation_set(VALIDATION_FOLD, scores.classes)
    (score,) = fold.y_score(scores)
    temperature = calibration.fit_temperature(score, fold.y_true)
    enough = (fold.y_true.sum(axis=0) >= FEWEST_POSITIVES) | (scores.classes == CLASSES)
    chosen = apply_temperature(score[:, enough], temperature), fold.y_true[:, enough]
    known = dict(zip(np.array(fold.classes)[enough], calibration.choose_thresholds(*chosen)))
    return temperature, np.array([known.get(name, np.nan) for name in scores.classes])


def write(study: Study, candidates: dict[str, Candidate], variants: dict[str, dict] | None = None) -> Path:
    """The folder with the files and the manifest of the candidates, {role: candidate}, in place of a former release.

    `variants` is {name: what their entries say beside that}.
    """
    where = study.paths.released
    shutil.rmtree(where, ignore_errors=True)
    for each in {each.name: each for each in candidates.values()}.values():
        temperature, thresholds = each.fitted
        released.write(
            where,
            each.name,
            [each.onnx, each.tflite],
            each.run.normalization,
            temperature,
            [None if np.isnan(threshold) else float(threshold) for threshold in thresholds],
            integers=tflite_micro.scales(each.tflite) | {"leads": list(each.leads)},
            student=each.student,
            seed=each.run.metadata["seed"],
            **(variants or {}).get(each.name, {}),
        )
    names = {role: each.name for role, each in candidates.items()}
    aliases = {former: names[role] for former, role in ALIASES.items()}
    released.set_roles(where, names[DEFAULT], names[MICROCONTROLLER], aliases)
    return where


def card(study: Study, candidate: Candidate, *, latency_ms: float | None = None) -> dict:
    """What a model's card says of it: its AUC, calibration and decisions on fold 10, by superclass, as JSON.

    All of it is measured on the .tflite file, but "onnx", which compares the ONNX file with it, and `latency_ms`.
    """
    fold = study.evaluation_set(TEST_FOLD)
    (temperature, thresholds), (score,) = candidate.fitted, fold.y_score(candidate.scores)
    probability = apply_temperature(score, temperature)
    metadata, footprint = candidate.run.metadata, tflite_micro.footprint(candidate.tflite)
    return {
        "student": candidate.student,
        "label": study.model(candidate.student).label,
        "seed": metadata["seed"],
        "parameters": metadata["params"],
        "arena_bytes": footprint.arena_bytes,
        "records": len(fold),
        "latency_ms": latency_ms,
        "processor": None if latency_ms is None else processor(),
        "auc": {name: auc.to_dict() for name, auc in fold.aucs(candidate.scores).items()},
        "superclasses": superclasses(fold, probability, thresholds),
        "calibration": {
            "before": calibration.measures(score, fold.y_true, fold.resampling),
            "after": calibration.measures(probability, fold.y_true, fold.resampling),
        },
        "onnx": of_files(study, candidate)
        | {"auc_change": fold.difference(candidate.onnx_scores, candidate.scores).to_dict()},
    }


def of_files(study: Study, candidate: Candidate) -> dict:
    """How a candidate's two files decide on fold 10, at the same temperature and thresholds, as JSON.

    Returns
    -------
    {"decisions": of the labels with a threshold, "decisions_that_differ", "largest_difference": of a probability,
    "sensitivity": {"tflite" or "onnx": that for MI}}
    """
    fold, (temperature, thresholds) = study.evaluation_set(TEST_FOLD, candidate.scores.classes), candidate.fitted
    of_class = dict(zip(candidate.scores.classes, thresholds))
    bounds = np.array([of_class[name] for name in fold.classes])
    integers, onnx = (
        apply_temperature(fold.y_score(scores)[0], temperature) for scores in (candidate.scores, candidate.onnx_scores)
    )
    decided, mi = {"tflite": integers >= bounds, "onnx": onnx >= bounds}, fold.classes.index("MI")
    return {
        "decisions": int(np.isfinite(bounds).sum() * len(fold)),
        "decisions_that_differ": int((decided["tflite"] != decided["onnx"]).sum()),
        "largest_difference": float(np.abs(onnx - integers).max()),
        "sensitivity": {kind: float(alarms[fold.y_true[:, mi], mi].mean()) for kind, alarms in decided.items()},
    }


def superclasses(fold: EvaluationSet, probability: np.ndarray, thresholds: np.ndarray) -> dict[str, dict]:
    """{superclass: its share of the records, threshold, AUPRC, sensitivity, specificity, precision, F1}."""
    decided = calibration.decisions(probability, fold.y_true, thresholds, fold.resampling)
    rows = {}
    for column, name in enumerate(CLASSES):
        labels = fold.y_true[:, column]
        auprc = average_precision(labels, probability[:, column], fold.resampling)
        rows[name] = {"prevalence": float(labels.mean()), "threshold": float(thresholds[column])}
        rows[name]["auprc"] = auprc.to_dict()
        for row in decided[decided["superclass"] == name].itertuples():
            rows[name][row.measure] = {"value": row.value, "low": row.low, "high": row.high}
    return rows


def statements(study: Study, scores: Scores, temperature: float, thresholds: np.ndarray) -> dict[str, dict]:
    """{statement with a threshold: {"records" that have it, "sensitivity", "specificity", "precision"}} on fold 10."""
    bounds = {name: bound for name, bound in zip(scores.classes, thresholds) if name.startswith(STATEMENT)}
    fold = study.evaluation_set(TEST_FOLD, list(bounds))
    (score,), own = fold.y_score(scores), [bounds[name] for name in fold.classes]
    decided = calibration.decisions(
        apply_temperature(score, temperature), fold.y_true, own, fold.resampling, fold.classes
    )
    rows = {name: {"records": int(labels.sum())} for name, labels in zip(fold.classes, fold.y_true.T)}
    for row in decided.itertuples():
        rows[row.superclass][row.measure] = {"value": row.value, "low": row.low, "high": row.high}
    return {name: row for name, row in rows.items() if not np.isnan(bounds[name])}


def write_cards(study: Study, candidates: dict[str, Candidate], cards: dict[str, dict], variants: dict) -> None:
    """Write results/released.json: {"default", "microcontroller": name, "models": {name: card}, "variants": {name of
    one with statements: {"statements": :func:`statements`, "onnx": :func:`of_files`}}}.
    """
    names = {role: each.name for role, each in candidates.items()}
    results.write_json(study.paths.results, results.CARDS, names | {"models": cards, "variants": variants})
