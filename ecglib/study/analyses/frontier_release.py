"""Chapter 8's released students: int8 ONNX files for `ecglib predict` and the browser, .tflite files for firmware.

In come the compact students; out come files with temperature and thresholds fitted on fold 9, cards, and the model that
is the default, selected on fold 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.compression import quantization, tflite_micro
from ecglib.compression.quantization import Quantization
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.study import reporting, results
from ecglib.study.analyses.comparison import Selection, difference, mean_auc, plural, select
from ecglib.study.analyses.deployment import CalibratedModel, calibrate
from ecglib.study.analyses.frontier import RELEASED, Frontier
from ecglib.study.analyses.frontier_files import CALIBRATION_RECORDS, CompactModel
from ecglib.study.measuring import Timing, runs_with_weights, scores_of_files, time_files
from ecglib.study.study import Study
from ecglib.training.runs import Run
from ecgpredict import released

BUDGETS = (64, 512)  # KB of the .tflite files that are released
COMPARED_RECORDS = 50  # on which tflite-micro, whose kernels are slow on a PC, is compared with LiteRT


@dataclass(frozen=True)
class ReleasedStudent:
    """A compact student's first seed, as it is released.

    Attributes
    ----------
    student : the .tflite files that it belongs to
    run : the first seed
    onnx : int8 ONNX file
    scores : what ONNX Runtime predicts with it for folds 9 and 10
    calibrated, calibrated_micro : temperature and thresholds of the ONNX file and of the .tflite file
    micro_difference : largest difference of a probability between LiteRT and tflite-micro
    """

    student: CompactModel
    run: Run
    onnx: Path
    scores: Scores
    calibrated: CalibratedModel
    calibrated_micro: CalibratedModel
    micro_difference: float

    @property
    def name(self) -> str:
        """Of the ONNX model: "compact_64_onnx"."""
        return onnx_name(self.student.name)


@dataclass(frozen=True)
class Release:
    """The students that chapter 8 releases, by the name of their ONNX model, and the default of `ecglib predict`.

    Attributes
    ----------
    timing : of the ONNX files and the float32 files that they were made from
    selection : of the default, on fold 9, the smallest file first
    """

    study: Study
    models: Mapping[str, ReleasedStudent]
    timing: Timing | None
    selection: Selection

    def table(self) -> pd.DataFrame:
        """The ONNX files: bytes, AUC on fold 9 and 10, and the change from float32."""
        rows = []
        for name, one in self.models.items():
            test = difference(self.study, one.scores, one.run.scores)
            auc = self.study.evaluation_set(TEST_FOLD).auc(one.scores)
            validation = mean_auc(self.study, one.scores, VALIDATION_FOLD)
            rows.append(
                (
                    self.study.model(name).label,
                    one.onnx.stat().st_size,
                    f"{validation:.4f}",
                    str(auc),
                    f"{test:+}",
                    self.timing.ms(name),
                )
            )
        columns = ["model", "file bytes", "AUC, fold 9", "AUC, fold 10", "minus float32, fold 10", "ms per record"]
        return pd.DataFrame(rows, columns=columns)

    def conclusion(self) -> str:
        """Which model `ecglib predict` uses unless another one is named, and why."""
        if not self.models:
            return "This profile trains none of the students that are released; chapter 10's remains the default."
        named = {name: self._label(name) for name in self.selection.aucs}
        aucs = ", ".join(f"*{label}* {self.selection.aucs[name]:.4f}" for name, label in named.items())
        others = [name for name in self.selection.equal_to_best if name != self.selection.best]
        reason = (
            "no other model's difference from it has an interval with zero in it"
            if not others
            else f"the smallest of {plural(len(others) + 1, 'model')} between which fold 9 finds no difference"
        )
        return (
            f"On fold 9, one seed each: {aucs}. Unless another model is named, `ecglib predict` and the browser page "
            f"use *{named[self.selection.selected]}*: {reason}."
        )

    def micro_conclusion(self) -> str:
        """How far tflite-micro's probabilities are from those that the .tflite files' thresholds were fitted to."""
        if not self.models:
            return ""
        largest = max(one.micro_difference for one in self.models.values())
        return (
            f"Temperature and thresholds of the .tflite files were fitted to LiteRT's probabilities. tflite-micro's "
            f"own kernels round differently: on {COMPARED_RECORDS} records of fold 9 by at most {largest:.4f}."
        )

    def _label(self, name: str) -> str:
        return self.study.model(name).label

    def write(self) -> None:
        """Write files, manifest, cards and results."""
        where, cards = self.study.paths.released, {}
        for name, one in self.models.items():
            file, micro = one.student.files[0], one.student.name
            fitted, fitted_micro = one.calibrated.calibration, one.calibrated_micro.calibration
            normalization = one.run.normalization
            released.write(where, name, one.onnx, normalization, fitted.temperature, fitted.thresholds)
            released.write(
                where,
                micro,
                file,
                normalization,
                fitted_micro.temperature,
                fitted_micro.thresholds,
                **tflite_micro.scales(file),
            )
            cards |= {name: fitted.record(), micro: fitted_micro.record()}
            change = difference(self.study, one.scores, one.run.scores)
            reporting.write(
                self.study,
                name,
                one.scores,
                framework="onnxruntime",
                counts=one.run.metadata,
                file_bytes=one.onnx.stat().st_size,
                **self.timing.latency(name),
                auc_change=change.to_dict(),
                training=one.run.metadata,
            )
        if self.models:
            released.set_default(where, self.selection.selected)
        results.write_json(self.study.paths.results, results.CARDS[1], cards)


def onnx_name(micro: str) -> str:
    """The ONNX model beside a .tflite one: "compact_64_int8" -> "compact_64_onnx"."""
    return micro.removesuffix("_int8") + "_onnx"


def open_release(students: Frontier, budgets: Iterable[int] = BUDGETS) -> Release:
    """Make the ONNX files of the students of these budgets that the profile has, and select the default on fold 9."""
    study = students.study
    names = [name for budget in budgets if (name := f"compact_{budget}_int8") in students.models]
    made = [_released(study, students.models[name]) for name in names]
    models = {one.name: one for one in made}
    options = {name: one.scores for name, one in models.items()}
    size = {name: one.onnx.stat().st_size for name, one in models.items()}
    size[RELEASED] = results.read(study.paths.results, RELEASED)["row"]["file_bytes"]
    options[RELEASED] = students.released_scores.for_seeds(students.released_scores.seed[:1])
    ordered = {name: options[name] for name in sorted(options, key=size.get)}
    floats = {f"{name} float32": one.student.float_file for name, one in models.items()}
    paths = {name: one.onnx for name, one in models.items()} | floats
    timing = time_files(study, paths, {name: f"{name} float32" for name in models}) if models else None
    return Release(study, models, timing, select(study, ordered))


def _released(study: Study, student: CompactModel) -> ReleasedStudent:
    run = runs_with_weights(study, student.source)[0]
    records = study.representative_records(run, CALIBRATION_RECORDS)
    target = study.paths.artifacts / "frontier" / f"{onnx_name(student.name)}.onnx"
    onnx = quantization.quantize(student.float_file, target, records, Quantization())
    scores = scores_of_files(study, [run], [onnx])
    compared = study.data.in_folds(VALIDATION_FOLD).sample(COMPARED_RECORDS, seed=0)
    micro = tflite_micro.predict(student.files[0], run.normalization(compared.millivolts(slice(None))))
    expected = student.scores.score[0, np.flatnonzero(np.isin(student.scores.ecg_id, compared.ecg_id))]
    return ReleasedStudent(
        student,
        run,
        onnx,
        scores,
        calibrate(study, scores),
        calibrate(study, student.scores),
        float(np.abs(micro - expected).max()),
    )
