"""The Inception CNN as .tflite files: float32, int8 as it is, and int8 after its dead units' scales were set to zero.

In comes the first seed's trained network; out come the three files, their scores and latency, and what they change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.compression import tflite_files
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.scores import Scores
from ecglib.networks import inception
from ecglib.study import reporting
from ecglib.study.analyses.comparison import difference, mean_auc, plural
from ecglib.study.analyses.inception_cnn import MODEL, REPLAY, InceptionCNN
from ecglib.study.analyses.targets import TFLITE_AUC_CHANGE, TFLITE_SIZE_RATIO
from ecglib.study.measuring import Timing, time_files
from ecglib.training.runs import Run

N_REPRESENTATIVE = 200  # training records that set the ranges of the activations
FLOAT, FIRST, INT8 = "float32", "int8, first attempt", "int8"
INTEGER_TYPES = {"int8", "int32"}


@dataclass(frozen=True)
class TfliteFiles:
    """The network's files and what they predict for folds 9 and 10.

    Attributes
    ----------
    run : the trained network that they were made from
    files, scores, tensors : {kind of file: path, scores, number of tensors of each type}
    channels : what batch normalization stored, as :func:`ecglib.networks.inception.normalized_channels` gives it
    nonzero : {kind: non-zero parameters}
    """

    trained: InceptionCNN
    run: Run
    files: Mapping[str, Path]
    scores: Mapping[str, Scores]
    tensors: Mapping[str, Counter]
    channels: pd.DataFrame
    nonzero: Mapping[str, int]

    @cached_property
    def timing(self) -> Timing:
        """Latency of every file against the float32 one, in one session."""
        return time_files(self.trained.study, self.files, FLOAT)

    @property
    def size_ratio(self) -> float:
        """Bytes of the int8 file over those of the float32 file."""
        return self.files[INT8].stat().st_size / self.files[FLOAT].stat().st_size

    def table(self) -> pd.DataFrame:
        """One row per file."""
        study = self.trained.study
        rows = [
            (
                kind,
                path.stat().st_size,
                ", ".join(f"{count} {name}" for name, count in self.tensors[kind].items()),
                mean_auc(study, self.scores[kind], VALIDATION_FOLD),
                mean_auc(study, self.scores[kind], TEST_FOLD),
                self.timing.speed(kind),
            )
            for kind, path in self.files.items()
        ]
        columns = ["file", "bytes", "tensors", "AUC, fold 9", "AUC, fold 10", "speed against float32"]
        return pd.DataFrame(rows, columns=columns)

    def dead_units(self) -> str:
        """How many units of which layer hardly ever vary, and how large their scales are against the others'."""
        dead = self.channels[self.channels["dead"]]
        if dead.empty:
            return "No unit of this network is dead, so that both int8 files agree."
        parts = []
        for layer, part in dead.groupby("layer", sort=False):
            whole = self.channels[self.channels["layer"] == layer]
            factor = part["scale"].abs().median() / whole.loc[~whole["dead"], "scale"].abs().median()
            zero = int((part["variance"] == 0).sum())
            parts.append(
                f"{len(part)} of the {len(whole)} units of `{layer}` are dead: the variance that batch normalization "
                f"stored for them is at most {part['relative_variance'].max():.0e} of the layer's median (exactly zero "
                f"for {zero} of them), and their median scale is {factor:.0f} times that of the active units"
            )
        return "; ".join(parts) + "."

    def first_attempt(self) -> str:
        """How much AUC the first attempt lost on fold 9."""
        study = self.trained.study
        lost = difference(study, self.scores[FIRST], self.scores[FLOAT], VALIDATION_FOLD)
        return f"On fold 9, the first attempt changes the AUC by {lost:+}."

    def score_change(self) -> float:
        """Mean absolute change of a probability on fold 10, int8 against float32."""
        int8, reference = (self.scores[kind].for_fold(TEST_FOLD).score for kind in (INT8, FLOAT))
        return float(np.abs(int8 - reference).mean())

    def conclusion(self) -> str:
        """The int8 file against float32, with both targets."""
        study = self.trained.study
        on_9 = difference(study, self.scores[INT8], self.scores[FLOAT], VALIDATION_FOLD)
        on_10 = difference(study, self.scores[INT8], self.scores[FLOAT], TEST_FOLD)
        share = self.size_ratio
        speed = self.timing.speedup(INT8)
        integer = set(self.tensors[INT8]) <= INTEGER_TYPES
        return (
            f"{'Every tensor' if integer else 'Not every tensor'} of the int8 file is an integer one. The file has "
            f"{share:.3f} of the bytes (target: {TFLITE_SIZE_RATIO.verdict(share)}). Its AUC on fold 9 differs from "
            f"float32's by {on_9:+} (target for the size of the change: "
            f"{TFLITE_AUC_CHANGE.verdict(abs(on_9.value))}); on fold 10 by {on_10:+}, where a probability "
            f"changes by {self.score_change():.4f} on average. On this processor, one record on one thread takes "
            f"{self.timing.ms(FLOAT):.1f} ms in float32 and {self.timing.ms(INT8):.1f} ms in int8, {speed:.2f} times "
            "the speed."
        )

    def lesson(self) -> str:
        """What the conversion teaches, in one sentence."""
        dead = int(self.channels["dead"].sum())
        first = f": {plural(dead, 'dead unit')} spoiled the first attempt" if dead else ""
        return (
            f"Full-integer conversion takes one call and {N_REPRESENTATIVE} records, and makes a file of "
            f"{100 * self.size_ratio:.0f} % of the bytes. What it does to the AUC has to be measured{first}."
        )

    def write_results(self) -> None:
        """Keep the results of the replay, of the training done right, and of the int8 file.

        The replay's file has the size and the speed of the other float32 file, as both differ in their weights alone.
        """
        study, runs = self.trained.study, self.trained.runs
        total = inception.parameter_counts(inception.build())["total"]
        size = {kind: path.stat().st_size for kind, path in self.files.items()}
        float_file = {"file_bytes": size[FLOAT], **self.timing.latency(FLOAT)}
        for name in (MODEL, REPLAY):
            nonzero = self.nonzero[FLOAT] if name == MODEL else total
            reporting.write(
                study,
                name,
                self.trained.scores[name],
                framework="keras",
                counts={"params": total, "nonzero_params": nonzero},
                **float_file,
                training=runs[name][0].metadata,
            )
        change = difference(study, self.scores[INT8], self.scores[FLOAT])
        reporting.write(
            study,
            f"{MODEL}_int8",
            self.scores[INT8],
            framework="litert",
            counts={"params": total, "nonzero_params": self.nonzero[INT8]},
            file_bytes=size[INT8],
            **self.timing.latency(INT8),
            score_change=self.score_change(),
            auc_change=change.to_dict(),
            tensors=self.tensors[INT8],
        )


def make_files(trained: InceptionCNN) -> TfliteFiles:
    """Convert the first seed's network, and score every file on folds 9 and 10."""
    study, run = trained.study, trained.runs[MODEL][0]
    network = inception.load_weights(inception.build(), run.weights())
    channels, nonzero = inception.normalized_channels(network), {FLOAT: inception.nonzero(network)}
    representative = study.representative_records(run, N_REPRESENTATIVE)
    folder = study.paths.artifacts / MODEL
    files = {
        FLOAT: tflite_files.to_tflite(network, folder / f"{MODEL}.tflite"),
        FIRST: tflite_files.to_tflite(network, folder / f"{MODEL}_first_attempt.tflite", representative),
    }
    inception.zero_dead_channels(network)
    nonzero[INT8] = inception.nonzero(network)
    files[INT8] = tflite_files.to_tflite(network, folder / f"{MODEL}_int8.tflite", representative)
    scored = study.data.in_folds(VALIDATION_FOLD, TEST_FOLD)
    x = run.normalization(scored.millivolts(slice(None)))
    scores = {
        kind: Scores.from_dataset(scored, run.metadata["seed"], tflite_files.predict(path, x))
        for kind, path in files.items()
    }
    tensors = {kind: tflite_files.tensor_types(path) for kind, path in files.items()}
    return TfliteFiles(trained, run, files, scores, tensors, channels, nonzero)
