"""How to quantize a trained network: every option on the student, and the one that all chapters use.

In comes the student's first run; out come a table of options and the option selected on fold 9. The selection is kept
beside the trainings, so that chapters 4, 5, 6 and 8 quantize with the same one.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.compression import onnx_files, quantization
from ecglib.compression.quantization import Quantization
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.study.analyses.comparison import Selection, mean_auc, select
from ecglib.study.measuring import Timing, runs_with_weights, scores_of_files, time_files
from ecglib.study.study import Study
from ecglib.training import runs
from ecglib.training.runs import Run
from ecgpredict import files

TRIED_ON = "student"  # the smallest trained network, and so the quickest to try
# option -> (settings, number of representative records); the usual one first, then what differs from it
OPTIONS: dict[str, tuple[Quantization, int]] = {
    "static, per channel, min-max, 200 records": (Quantization(), 200),
    "per tensor": (Quantization(per_channel=False), 200),
    "entropy": (Quantization(calibration_method="entropy"), 200),
    "percentile": (Quantization(calibration_method="percentile"), 200),
    "8 records": (Quantization(), 8),
    "50 records": (Quantization(), 50),
    "1,000 records": (Quantization(), 1000),
    "batch norms not folded": (Quantization(fold_batch_norm=False), 200),
    "first convolution float": (Quantization(keep_float=("conv1",)), 200),
    "last layers float": (Quantization(keep_float=("linear", "sigmoid")), 200),
    "8-bit weights": (Quantization(reduce_range=False), 200),
    "dynamic": (Quantization("dynamic"), 0),
}
USUAL, FULL_RANGE = next(iter(OPTIONS)), "8-bit weights"
# what can be selected: integer convolutions throughout, ranges known beforehand, the same result on every processor
SELECTABLE = [
    name
    for name, (how, _) in OPTIONS.items()
    if how.kind == "static" and not how.keep_float and how.fold_batch_norm and how.reduce_range
]
_OVERFLOW = 0.05  # largest change of a probability that rounding half a step the other way explains


@dataclass(frozen=True)
class SelectedOption:
    """The option that the study's int8 files are made with."""

    name: str
    options: Quantization
    records: int


@dataclass(frozen=True)
class OptionComparison:
    """Files and scores of the options, each tried on the same float32 file.

    Attributes
    ----------
    run : the training that all files are made from
    files : {"float32", option or "float16": file}
    scores : {the same: Scores}
    selection : of the options in SELECTABLE, on fold 9
    """

    study: Study
    run: Run
    files: dict[str, Path]
    scores: dict[str, Scores]
    selection: Selection

    @cached_property
    def timing(self) -> Timing:
        """Latency of every file against the float32 one, in one session."""
        return time_files(self.study, self.files, "float32")

    def table(self) -> pd.DataFrame:
        """One row per option."""
        rows = [
            (
                name,
                f"{mean_auc(self.study, self.scores[name], VALIDATION_FOLD):.4f}",
                f"{mean_auc(self.study, self.scores[name], TEST_FOLD):.4f}",
                path.stat().st_size,
                self.timing.speed(name),
                ", ".join(quantization.count_convolutions(path)),
            )
            for name, path in self.files.items()
        ]
        columns = ["option", "AUC, fold 9", "AUC, fold 10", "bytes", "times float32 speed", "convolutions executed"]
        return pd.DataFrame(rows, columns=columns)

    def identical(self) -> list[str]:
        """Options whose file is byte for byte that of the first option."""
        first = self.files[USUAL].read_bytes()
        return [name for name in OPTIONS if name != USUAL and self.files[name].read_bytes() == first]

    def kernel_effect(self, option: str) -> tuple[float, float]:
        """Mean and largest change of a probability on fold 9 by this processor's integer kernels, from exact ones."""
        folds, path = (VALIDATION_FOLD,), [self.files[option]]
        exact = scores_of_files(self.study, [self.run], path, folds=folds, integer_kernels=False)
        change = np.abs(self.scores[option].for_fold(VALIDATION_FOLD).score - exact.score)
        return float(change.mean()), float(change.max())

    def portability(self) -> str:
        """Whether 7-bit and 8-bit weights predict on this processor what exact arithmetic predicts."""
        (_, narrow), (mean, wide) = (self.kernel_effect(name) for name in (USUAL, FULL_RANGE))
        measured = (
            f"Against exact arithmetic, the integer instructions of this processor ({runs.processor()}) change a "
            f"probability on fold 9 by at most {narrow:.3f} with 7-bit weights, and with 8-bit weights by "
            f"{mean:.4f} on average and at most {wide:.3f}"
        )
        if wide > max(_OVERFLOW, narrow):
            return f"{measured}: here the sums overflow."
        return f"{measured}: it has 8-bit dot products, and nothing overflows here."

    def conclusion(self) -> str:
        """The selection, and what batch norms and dynamic quantization cost."""
        speed = {name: self.timing.speedup(name).value for name in self.files}
        spread = np.ptp(list(self.selection.aucs.values()))
        same = ", ".join(f"*{name}*" for name in self.identical())
        inert = f"The file of {same} is byte for byte the usual one: this option has no effect here. " if same else ""
        return (
            f"The {len(SELECTABLE)} options that leave no convolution in float differ by at most {spread:.4f} on fold "
            f"9. {inert}{self.selection.conclusion('usual')} Batch norms that are not folded cost time, because they "
            f"stay between the integer convolutions: {speed['batch norms not folded']:.2f} times the speed of float32 "
            f"instead of {speed[self.selection.selected]:.2f}. Dynamic quantization determines each activation's range "
            f"anew; its integer convolution runs at {speed['dynamic']:.2f} times the speed of float32."
        )


def compare(study: Study) -> OptionComparison:
    """Try every option on the student's first run, and keep which one is selected."""
    run = runs_with_weights(study, TRIED_ON)[0]
    made = _files(study, run, list(OPTIONS))
    folder = made["float32"].parent
    made["float16"] = quantization.to_float16(made["float32"], folder / "float16.onnx")
    scores = {name: scores_of_files(study, [run], [path]) for name, path in made.items()}
    selection = select(study, {name: scores[name] for name in SELECTABLE})
    _keep(study, run, selection.selected)
    return OptionComparison(study, run, made, scores, selection)


def selected_option(study: Study) -> SelectedOption:
    """The option selected on fold 9; selected now if that has not been done for this student."""
    run = runs_with_weights(study, TRIED_ON)[0]
    kept = _selection_file(study)
    found = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    if found.get("key") != _key(study, run):
        scores = {
            name: scores_of_files(study, [run], [path], folds=(VALIDATION_FOLD,))
            for name, path in _files(study, run, SELECTABLE).items()
            if name in SELECTABLE
        }
        _keep(study, run, select(study, scores).selected)
        found = json.loads(kept.read_text(encoding="utf-8"))
    how, records = OPTIONS[found["selected"]]
    return SelectedOption(found["selected"], how, records)


def _files(study: Study, run: Run, names: list[str]) -> dict[str, Path]:
    """The float32 file of a run, and its quantized files by option."""
    from ecglib.networks import convnet  # only here: chapter 8 reads the selection and uses TensorFlow

    network, folder = convnet.from_weights(run.weights()), study.paths.artifacts / "quantization" / "options"
    made = {"float32": onnx_files.to_onnx(network, folder / "float32.onnx")}
    unfolded = onnx_files.to_onnx(network, folder / "unfolded.onnx", fold=False)
    for number, (name, (how, count)) in enumerate(OPTIONS.items()):
        if name in names:
            records = study.representative_records(run, count) if count else None
            source = made["float32"] if how.fold_batch_norm else unfolded
            made[name] = quantization.quantize(source, folder / f"option_{number}.onnx", records, how)
    return made


def _selection_file(study: Study) -> Path:
    return study.paths.artifacts / "quantization" / "selection.json"


def _key(study: Study, run: Run) -> dict:
    """What a selection depends on: the student's weights, the data, the options and the size of the intervals."""
    options = [[name, dataclasses.asdict(how), count] for name, (how, count) in OPTIONS.items() if name in SELECTABLE]
    key = {
        "weights": run.weights_sha256(),
        "data": study.data.fingerprint,
        "options": options,
        "n_bootstrap": study.settings.n_bootstrap,
    }
    return json.loads(json.dumps(key))


def _keep(study: Study, run: Run, selected: str) -> None:
    content = {"key": _key(study, run), "selected": selected}
    files.write_text(_selection_file(study), json.dumps(content, indent=1) + "\n")
