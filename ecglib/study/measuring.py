"""Scores and latencies of trained networks and of the files made from them, and which seeds have their weights.

torch is imported only where a network is: a chapter that uses TensorFlow imports this module as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ecglib.compression import onnx_files, timing
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.latency import measure_latencies
from ecglib.evaluation.scores import Scores
from ecglib.study.study import Study
from ecglib.training.runs import Run
from ecglib.training.settings import TrainingSettings
from ecgpredict.spec import CLASSES, INDEPENDENT_LEADS, positions

if TYPE_CHECKING:
    import torch

TFLITE_RECORDS = 256  # training records from which an int8 .tflite file has the ranges of its activations
STATEMENTS_TEMPERATURE = 4  # with steps of 1/256, the small probabilities of rare labels would all be one (chapter 9)


def runs_with_weights(study: Study, model: str) -> list[Run]:
    """The finished runs of a model whose weights exist, the first seed's first; an InputError if there are none.

    A checkout holds those that the registry keeps; every seed that was trained here has them.
    """
    runs = study.runs(model)
    found = [run for run in runs if (run.folder / run.metadata["weights"]).is_file()]
    if not found:
        runs[0].weights()  # raises what says so
    return found


def export(runs: Sequence[Run], folder: Path, name: str) -> list[Path]:
    """Each run's network as a float32 ONNX file."""
    from ecglib.networks import convnet

    return [
        onnx_files.to_onnx(convnet.from_weights(run.weights()), folder / f"{name}_seed{run.metadata['seed']}.onnx")
        for run in runs
    ]


def int8_folder(study: Study) -> Path:
    """Where the int8 files of all chapters are written, with their float32 files."""
    return study.paths.artifacts / "int8"


def int8_file(study: Study, name: str, run: Run) -> Path:
    """The int8 file that is made from a run."""
    return int8_folder(study) / f"{name}_seed{run.metadata['seed']}.onnx"


def network_of_files(study: Study, run: Run) -> torch.nn.Module:
    """A run's network as its int8 files compute it: with many labels, logits are divided by STATEMENTS_TEMPERATURE."""
    network = study.network(run)
    if network.linear.out_features > len(CLASSES):
        for values in (network.linear.weight, network.linear.bias):
            values.data /= STATEMENTS_TEMPERATURE
    return network


def tflite_file(study: Study, name: str, run: Run, *, folded: bool = False) -> Path:
    """The int8 .tflite file `name` of a compact network's run, made anew; 256 training records set its ranges.

    If `folded`, it takes the eight independent leads (:func:`ecglib.networks.compact.fold_limb_leads`).
    """
    from ecglib.compression import compact_keras, tflite_files
    from ecglib.networks.compact import fold_limb_leads

    target = study.paths.artifacts / "tflite" / f"{name}_seed{run.metadata['seed']}.tflite"
    network, records = network_of_files(study, run), study.representative_records(run, TFLITE_RECORDS)
    if folded:
        network = fold_limb_leads(network, run.normalization)
        records = records[..., positions(INDEPENDENT_LEADS)]
    return tflite_files.to_tflite(compact_keras.to_keras(network), target, records)


def int8_student(study: Study, name: str) -> Int8Student:
    """A model as int8 .tflite files of all its seeds, made and scored anew."""
    source = study.model(name).made_from[0]
    runs = runs_with_weights(study, source)
    paths = [tflite_file(study, name, run) for run in runs]
    return Int8Student(source, study.settings.training[source], runs, paths, scores_of_tflite(study, runs, paths))


def int8_students(study: Study, chapter: str) -> dict[str, Int8Student]:
    """A chapter's models with results as int8 students."""
    models = study.settings.models.items()
    return {name: int8_student(study, name) for name, model in models if model.chapter == chapter and model.has_results}


@dataclass(frozen=True)
class Int8Student:
    """A compact network as int8 .tflite files, one for each of its runs, with their scores of folds 9 and 10."""

    source: str  # the model that was trained
    settings: TrainingSettings
    runs: list[Run]
    files: list[Path]
    scores: Scores

    @property
    def file_bytes(self) -> int:
        """Size of the first seed's file; the others have the same within a few bytes."""
        return self.files[0].stat().st_size


def scores_of_tflite(study: Study, runs: Sequence[Run], paths: Sequence[Path]) -> Scores:
    """What LiteRT computes with int8 .tflite files for folds 9 and 10, one file per run, with the runs' seeds."""
    from ecglib.compression import tflite_files

    return _scores(study, runs, paths, _of_files(tflite_files.predict))


def scores_of_files(
    study: Study,
    runs: Sequence[Run],
    paths: Sequence[Path],
    *,
    folds: Sequence[int] = (VALIDATION_FOLD, TEST_FOLD),
) -> Scores:
    """What ONNX files predict for folds 9 and 10, one file per run, with the runs' seeds and normalizations."""
    return _scores(study, runs, paths, _of_files(onnx_files.predict), folds)


def scores_of_networks(study: Study, runs: Sequence[Run], networks: Sequence[torch.nn.Module]) -> Scores:
    """What torch networks predict for folds 9 and 10, one network per run, with the runs' seeds and normalizations."""
    from ecglib.training import scoring

    return _scores(study, runs, networks, scoring.predict)


def _of_files(predict: Callable) -> Callable:
    return lambda path, scored, normalization: predict(path, normalization(scored.millivolts(slice(None))))


def _scores(
    study: Study,
    runs: Sequence[Run],
    models: Sequence,
    predict: Callable,
    folds: Sequence[int] = (VALIDATION_FOLD, TEST_FOLD),
) -> Scores:
    scored = study.records_for(runs[0]).in_folds(*folds)
    return Scores.stack_seeds(
        [
            Scores.from_dataset(scored, run.metadata["seed"], predict(model, scored, run.normalization))
            for run, model in zip(runs, models, strict=True)
        ]
    )


@dataclass(frozen=True)
class Timing:
    """How long files or calls took for one record on one thread, all in one session.

    `table` is that of :func:`ecglib.evaluation.latency.measure_latencies`.
    """

    table: pd.DataFrame

    def ms(self, name: str) -> float:
        """Median in ms."""
        return float(self.table.loc[name, "ms"])

    def speedup(self, name: str) -> Estimate:
        """How many times as fast as its reference a file is, with its interval over repetitions."""
        return Estimate(*map(float, self.table.loc[name, ["ratio", "ratio_low", "ratio_high"]]))

    def speed(self, name: str) -> str:
        """:meth:`speedup` for a table."""
        return f"{self.speedup(name):.2f}"

    def latency(self, name: str) -> dict[str, float]:
        """latency_ms and latency_vs_float32, as results keep them; a file without a reference is one itself."""
        ratio = self.speedup(name).value
        return {"latency_ms": self.ms(name), "latency_vs_float32": 1.0 if np.isnan(ratio) else ratio}


def time_files(study: Study, paths: Mapping[str, Path], reference: str | Mapping[str, str] | None = None) -> Timing:
    """Time model files side by side; `reference` is the file that ratios refer to, or one for each name."""
    calls = {name: timing.file_call(path) for name, path in paths.items()}
    return Timing(measure_latencies(calls, study.settings.n_timing_runs, reference=reference))


def time_calls(study: Study, calls: Mapping[str, Callable[[], object]], reference: str) -> Timing:
    """Time calls side by side, each on one torch thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return Timing(measure_latencies(calls, study.settings.n_timing_runs, reference=reference))
    finally:
        torch.set_num_threads(threads)
