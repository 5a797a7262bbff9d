"""The compact students as full-integer .tflite files: one per seed, with its scores, memory and arithmetic.

In come finished runs; out come files, what LiteRT predicts with them for folds 9 and 10, and the first seed's cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecglib.compression import compact_keras, onnx_files, tflite_files, tflite_micro
from ecglib.compression.tflite_micro import Footprint
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.networks.architectures import CompactShape
from ecglib.networks.cost import multiply_accumulates
from ecglib.study.measuring import runs_with_weights
from ecglib.study.study import Study

CALIBRATION_RECORDS = 256  # training records that determine the ranges of the activations


@dataclass(frozen=True)
class CompactModel:
    """A compact student and its int8 files.

    Attributes
    ----------
    name, source : the int8 model and the trained one that it is made from
    shape : of the network
    files : int8 .tflite file of each seed
    float_file : float32 ONNX file of the first seed
    footprint : of the first seed's file
    macs : multiply-accumulate operations for one record
    params : parameters, batch normalization included
    float_scores, scores : before and after quantization, the same seeds
    """

    name: str
    source: str
    shape: CompactShape
    files: tuple[Path, ...]
    float_file: Path
    footprint: Footprint
    macs: int
    params: int
    float_scores: Scores
    scores: Scores


def quantize(study: Study, name: str) -> CompactModel:
    """Convert every seed of a compact student whose weights exist, and score folds 9 and 10 with LiteRT."""
    (source,) = study.model(name).made_from
    runs, folder = runs_with_weights(study, source), study.paths.artifacts / "frontier"
    scored = study.data.in_folds(VALIDATION_FOLD, TEST_FOLD)
    millivolts = scored.millivolts(slice(None))
    files, score = [], []
    for run in runs:
        network = study.network(run)
        target = folder / f"{name}_seed{run.metadata['seed']}.tflite"
        records = study.representative_records(run, CALIBRATION_RECORDS)
        files.append(tflite_files.to_tflite(compact_keras.to_keras(network), target, records))
        score.append(tflite_files.predict(target, run.normalization(millivolts)))
    seeds = np.array([run.metadata["seed"] for run in runs])
    first = study.network(runs[0])
    return CompactModel(
        name,
        source,
        study.settings.training[source].shape,
        tuple(files),
        onnx_files.to_onnx(first, folder / f"{source}.onnx"),
        tflite_micro.footprint(files[0]),
        multiply_accumulates(first),
        runs[0].metadata["params"],
        study.scores(source).for_seeds(seeds.tolist()),
        Scores(scored.ecg_id, scored.table["fold"].to_numpy(), seeds, np.stack(score)),
    )
