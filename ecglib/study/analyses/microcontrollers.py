"""Students as full-integer .tflite files: their scores as tflite-micro computes them, memory, and devices.

In come trained students; out come files, footprints and scores, and a calibration fitted on those scores.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.compression import compact_keras, tflite_files, tflite_micro
from ecglib.compression.tflite_micro import Footprint
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.networks.keras_backend import keras
from ecglib.study import reporting
from ecglib.study.analyses.comparison import difference
from ecglib.study.analyses.deployment import CalibratedModel, calibrate
from ecglib.study.analyses.targets import MICRO_ARENA_BYTES, MICRO_FILE_BYTES
from ecglib.study.measuring import runs_with_weights
from ecglib.study.study import Study
from ecglib.training.runs import Run

SOURCES = {"student_micro": "student_distilled", "student_micro_64k": "student_small"}


@dataclass(frozen=True)
class MicroModel:
    """A student on a microcontroller.

    Attributes
    ----------
    run : it was made from, the first seed
    file : full-integer .tflite file
    footprint : of the file
    peak : the two neighboring layers whose outputs fill most of the arena
    scores : as tflite-micro computes them
    keras_difference : largest difference of a probability between Keras and torch, both in float32
    litert_difference : largest difference of a probability between LiteRT and tflite-micro
    change : AUC on fold 10 minus that of float32
    calibrated : temperature and thresholds fitted on fold 9
    """

    run: Run
    file: Path
    footprint: Footprint
    peak: tuple
    scores: Scores
    keras_difference: float
    litert_difference: float
    change: Estimate
    calibrated: CalibratedModel


@dataclass(frozen=True)
class MicroModels:
    """Both students for microcontrollers, by name."""

    study: Study
    models: Mapping[str, MicroModel]

    def label(self, name: str) -> str:
        return self.study.model(name).label

    def agreement(self) -> pd.DataFrame:
        """How far the same weights differ between programs, and what integers change."""
        rows = [
            (self.label(name), f"{one.keras_difference:.1e}", f"{one.litert_difference:.4f}", f"{one.change:+}")
            for name, one in self.models.items()
        ]
        return pd.DataFrame(
            rows, columns=["model", "Keras against torch", "tflite-micro against LiteRT", "AUC, int8 against float32"]
        )

    def footprints(self) -> pd.DataFrame:
        """Flash and RAM of both."""
        rows = [
            (self.label(name), *(getattr(one.footprint, f"{part}_bytes") for part in ("file", "arena", "persistent")))
            for name, one in self.models.items()
        ]
        return pd.DataFrame(rows, columns=["model", "file bytes", "arena bytes", "of them persistent"])

    def memory_conclusion(self) -> str:
        """What fills file and arena of the larger student, against the targets."""
        one = self.models["student_micro"]
        (layer, out), (after, pooled) = one.peak
        size = one.footprint
        return (
            f"The student takes {size.arena_bytes:,} bytes of arena (target: "
            f"{MICRO_ARENA_BYTES.verdict(size.arena_bytes)}) and {size.file_bytes:,} bytes of file (target: "
            f"{MICRO_FILE_BYTES.verdict(size.file_bytes)}). The file is its weights, one byte each. The arena holds "
            f"the outputs of two neighboring layers, one byte per value: at its peak `{layer}`, {out[0]} samples of "
            f"{out[1]} channels, beside `{after}`, {pooled[0]} of {pooled[1]}, together "
            f"{math.prod(out) + math.prod(pooled):,} bytes. The operators are "
            f"{', '.join(dict.fromkeys(size.operators))}."
        )

    def devices(self) -> pd.DataFrame:
        """Which microcontrollers hold which student."""
        rows = [
            (
                device,
                f"{flash:,} KB",
                f"{ram:,} KB",
                *("✓" if tflite_micro.fits(one.footprint, flash, ram) else "–" for one in self.models.values()),
            )
            for device, (flash, ram) in tflite_micro.DEVICES.items()
        ]
        return pd.DataFrame(rows, columns=["device", "flash", "RAM", "student", "small student"])

    def write(self) -> pd.DataFrame:
        """Keep both models' results, and show them: AUC, parameters, file and arena."""
        rows = []
        for name, one in self.models.items():
            kept = reporting.write(
                self.study,
                name,
                one.scores,
                framework="tflite-micro",
                counts=one.run.metadata,
                file_bytes=one.footprint.file_bytes,
                latency_ms=None,
                latency_vs_float32=None,
                footprint=vars(one.footprint),
                auc_change=one.change.to_dict(),
                training=one.run.metadata,
            )
            row, macro = kept["row"], Estimate(**kept["classes"]["macro"])
            rows.append((self.label(name), str(macro), row["params"], row["file_bytes"], one.footprint.arena_bytes))
        return pd.DataFrame(rows, columns=["model", "AUC, fold 10", "parameters", "file bytes", "arena bytes"])


def open_micro_models(study: Study) -> MicroModels:
    """Convert both students, score folds 9 and 10 with tflite-micro's arithmetic, and calibrate on fold 9."""
    return MicroModels(study, {name: _micro_model(study, name, source) for name, source in SOURCES.items()})


def _micro_model(study: Study, name: str, source: str) -> MicroModel:
    run, folder = runs_with_weights(study, source)[0], study.paths.artifacts / "deployment"
    scored = study.data.in_folds(VALIDATION_FOLD, TEST_FOLD)
    x = run.normalization(scored.millivolts(slice(None)))
    keras_model = compact_keras.to_keras(study.network(run))
    records = study.representative_records(run, study.settings.registry.int8.calibration_records)
    file = tflite_files.to_tflite(keras_model, folder / f"{name}.tflite", records)
    score = tflite_micro.predict(file, x)
    scores = Scores.from_dataset(scored, run.metadata["seed"], score)
    keras_score = keras_model.predict(x[:, None], verbose=0, batch_size=256)
    return MicroModel(
        run,
        file,
        tflite_micro.footprint(file),
        peak_activations(keras_model),
        scores,
        float(np.abs(keras_score - run.scores.score[0]).max()),
        float(np.abs(tflite_files.predict(file, x) - score).max()),
        difference(study, scores, run.scores),
        calibrate(study, scores),
    )


def peak_activations(model: keras.Model) -> tuple[tuple[str, tuple[int, ...]], tuple[str, tuple[int, ...]]]:
    """The two consecutive layers of a Keras model with the largest outputs, which fill most of the arena.

    Returns
    -------
    for each of the two, its name and the (samples, channels) of its output
    """
    # batch normalization and ReLU are fused into the convolution before them
    kinds = (keras.layers.Conv2D, keras.layers.MaxPooling2D)
    shapes = [("ecg", tuple(model.input_shape[2:]))]
    shapes += [(layer.name, tuple(layer.output.shape[2:])) for layer in model.layers if isinstance(layer, kinds)]
    return max(itertools.pairwise(shapes), key=lambda pair: sum(math.prod(shape) for _, shape in pair))
