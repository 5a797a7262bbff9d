"""The models of chapter 11, each ready to predict: networks, and the released files with their manifest.

In comes a study with finished runs; out come models that turn millivolts into probabilities, with the temperature and
thresholds that were fitted on fold 9, and their scores of folds 9 and 10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib.compression import onnx_files, tflite_files
from ecglib.data.folds import TEST_FOLD
from ecglib.evaluation.calibration import expected_calibration_error
from ecglib.evaluation.scores import Scores
from ecglib.study.analyses.deployment import calibrate
from ecglib.study.study import Study
from ecgpredict import released
from ecgpredict.spec import Normalization, apply_temperature

BASE, DISTILLED = "base_cnn", "student_distilled"
RELEASED, MICRO = "student_distilled_int8", "student_micro_64k"
COMPACT = ("compact_64_plain", "compact_512_plain")
MODELS = (BASE, DISTILLED, RELEASED, MICRO, *COMPACT)  # those that a profile skips are left out
_BATCH = 64  # records that a network takes at a time


@dataclass(frozen=True)
class TravelModel:
    """A model of chapter 11: one file or one seed of a network.

    Attributes
    ----------
    name, label : in the registry
    normalization : mV -> what the network takes
    temperature : divides the logits; fitted on fold 9
    thresholds : float (5,) for the probabilities after calibration; fitted on fold 9
    scores : this seed's, on folds 9 and 10, before calibration
    forward : normalized records float32 (n, 1000, 12) -> probabilities (n, 5)
    """

    name: str
    label: str
    normalization: Normalization
    temperature: float
    thresholds: np.ndarray
    scores: Scores
    forward: Callable[[np.ndarray], np.ndarray]

    def predict(self, millivolts: np.ndarray) -> np.ndarray:
        """Records (n, 1000, 12) in mV -> probabilities float32 (n, 5), before calibration."""
        return self.forward(self.normalization(np.asarray(millivolts, np.float32)))

    def calibrated(self, score: np.ndarray) -> np.ndarray:
        """Probabilities after calibration on fold 9, float64 of the same shape."""
        return apply_temperature(score, self.temperature)


def open_models(study: Study, names: tuple[str, ...] = MODELS) -> dict[str, TravelModel]:
    """Open the chapter's models, or others by name, in the order given; those that the profile skips are left out.

    The released files are those of this run if its chapter 10 wrote any, else the committed ones.

    Raises
    ------
    InputError : a run without weights, or a released file that does not match its manifest
    """
    known = study.settings.models
    return {name: _open(study, name) for name in names if name in known}


def _open(study: Study, name: str) -> TravelModel:
    if study.model(name).training is None:
        return _from_file(study, name)
    run = study.run(name)
    fitted = calibrate(study, run.scores)
    return TravelModel(
        name,
        study.model(name).label,
        run.normalization,
        fitted.calibration.temperature,
        fitted.calibration.thresholds,
        run.scores,
        _network(study.network(run)),
    )


def _from_file(study: Study, name: str) -> TravelModel:
    paths = study.paths
    folder = paths.released if (paths.released / released.MANIFEST).is_file() else paths.models
    file, entry = released.load_verified(name, folder)
    scores = next(
        place / "scores" / f"{name}.npz"
        for place in (paths.results, paths.published_results)
        if (place / "scores" / f"{name}.npz").is_file() or place == paths.published_results
    )
    return TravelModel(
        name,
        study.model(name).label,
        Normalization(entry["mean"], entry["scale"]),
        entry["temperature"],
        np.asarray(entry["thresholds"], float),
        Scores.load(scores),
        _file(file),
    )


def _network(network) -> Callable[[np.ndarray], np.ndarray]:
    """A torch network in float32, without gradients."""
    import torch

    network = network.eval()

    def forward(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            parts = [
                network(torch.from_numpy(np.ascontiguousarray(x[start : start + _BATCH].transpose(0, 2, 1))))
                for start in range(0, len(x), _BATCH)
            ]
            return torch.cat(parts).numpy()

    return forward


def _file(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    """An ONNX or .tflite file, in ONNX Runtime or LiteRT."""
    if file.suffix == ".onnx":
        return lambda x: onnx_files.predict(file, x, threads=1)
    return lambda x: tflite_files.predict(file, x)


def table(study: Study, models: Mapping[str, TravelModel]) -> pd.DataFrame:
    """The models with their AUC on fold 10, calibration error there, and temperature."""
    test, rows = study.evaluation_set(TEST_FOLD), []
    for one in models.values():
        score = test.y_score(one.scores)[0]
        error = expected_calibration_error(one.calibrated(score), test.y_true)
        rows.append((one.label, str(test.auc(one.scores)), error, one.temperature))
    return pd.DataFrame(rows, columns=["model", "AUC, fold 10", "ECE, fold 10", "temperature"])
