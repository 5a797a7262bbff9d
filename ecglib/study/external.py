"""The released models on a data set of another hospital: ROC AUC by superclass, with intervals over patients."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ecglib.data import external
from ecglib.evaluation.bootstrap import Estimate, known_aucs, percentile
from ecglib.evaluation.resampling import Resampling
from ecglib.study import results
from ecgpredict import recordings, released
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES

RESULT = "external"  # results/full/external.json, {source: what evaluate returns}
MIN_RECORDINGS = 20  # with a superclass, and without: fewer give no AUC


def evaluate(root: Path, name: str, models: list[str], n_bootstrap: int = 2000, progress: bool = True) -> dict:
    """What results/ keeps of a source of :data:`ecglib.data.external.SOURCES`.

    Recordings that `predict` refuses are left out, and exact copies of another recording's signal but for the first.

    Returns
    -------
    {"title", "recordings", "refused", "copies": numbers, "unmapped": {code: recordings}, "superclasses": {superclass:
    numbers with, without, left out}, "auc": {model: {superclass or "macro" of these: estimate}}}
    """
    source, opened = external.SOURCES[name], [released.load(model) for model in models]
    seen, counts, unmapped, rows = set(), Counter(), Counter(), []
    for one in tqdm(external.labeled(root, source), source.title, unit="record", disable=not progress):
        try:
            recording = external.read(one.path)
        except InputError:
            counts["refused"] += 1
            continue
        digest = hashlib.sha256(np.ascontiguousarray(recording.signal)).digest()
        if digest in seen:
            counts["copies"] += 1
            continue
        seen.add(digest)
        unmapped.update(set(one.codes) - set(external.meanings(source.vocabulary)))
        windows = recordings.windows(recording)
        scores = [model.probabilities(windows).mean(axis=0) for model in opened]
        rows.append((one.patient, external.superclasses(one.codes, source.vocabulary), scores))
    if not rows:
        raise InputError(
            "no recording can be read", where=root, expected="one", found="none", hint="see `ecglib predict`"
        )
    patients, y_true, y_score = (np.array(part) for part in zip(*rows))
    resampling = Resampling(patients, n_bootstrap)
    by_model = {one.name: aucs(y_true, y_score[:, k], resampling) for k, one in enumerate(opened)}
    return {
        "title": source.title,
        "recordings": len(rows),
        "refused": counts["refused"],
        "copies": counts["copies"],
        "unmapped": dict(sorted(unmapped.items())),
        "superclasses": {
            one: {"with": int((y == 1).sum()), "without": int((y == 0).sum()), "left out": int(np.isnan(y).sum())}
            for one, y in zip(CLASSES, y_true.T)
        },
        "auc": {model: {one: auc.to_dict() for one, auc in found.items()} for model, found in by_model.items()},
    }


def aucs(y_true: np.ndarray, y_score: np.ndarray, resampling: Resampling) -> dict[str, Estimate]:
    """{superclass, and "macro" over these: AUC} of the recordings whose label (n, 5) is not NaN."""
    found = known_aucs(y_true, y_score, resampling, MIN_RECORDINGS)
    if len(found) > 1:
        values, resampled = zip(*found.values())
        found["macro"] = np.mean(values), np.mean(resampled, axis=0)
    return {name: percentile(*each) for name, each in found.items()}


def write(folder: Path, name: str, content: dict) -> None:
    """Keep a source's result beside those of the others."""
    known = results.read(folder, RESULT) if (Path(folder) / f"{RESULT}.json").is_file() else {}
    results.write_json(folder, RESULT, known | {name: content})
