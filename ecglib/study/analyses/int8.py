"""Trained networks as int8 files, as config/models.yml declares, and the gate that they pass or fail on fold 9.

In come trained models' names; out come the int8 files of every seed whose weights exist, their scores, and what they
change against float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ecglib.compression import quantization
from ecglib.compression.gate import GateResult, gate
from ecglib.compression.quantization import Quantization
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.study import reporting
from ecglib.study.measuring import (
    Timing,
    export,
    int8_file,
    int8_folder,
    runs_with_weights,
    scores_of_files,
    time_files,
)
from ecglib.study.study import Study
from ecglib.training.runs import Run


@dataclass(frozen=True)
class Int8Model:
    """A trained model as int8.

    Attributes
    ----------
    name : of the int8 model
    runs : trained runs that it was made from, one per seed
    float_files, int8_files : ONNX files, one per seed
    float_scores, scores : of the trained runs and of the int8 files, the same seeds
    change : AUC on fold 10 minus that of float32
    """

    name: str
    runs: list[Run]
    float_files: list[Path]
    int8_files: list[Path]
    float_scores: Scores
    scores: Scores
    change: Estimate

    @property
    def counts(self) -> dict[str, int]:
        """params and nonzero_params of the first seed's network."""
        return convnet.counts(convnet.from_weights(self.runs[0].weights()))

    @property
    def file_bytes(self) -> int:
        return self.int8_files[0].stat().st_size


@dataclass(frozen=True)
class Int8Models:
    """Several models as int8, timed together with their float32 files.

    Attributes
    ----------
    models : {name of the int8 model: Int8Model}
    """

    study: Study
    models: Mapping[str, Int8Model]

    def __getitem__(self, name: str) -> Int8Model:
        return self.models[name]

    @cached_property
    def timing(self) -> Timing:
        """The first seed's files of every model in one session, named NAME and "NAME float32"."""
        paths = {name: one.int8_files[0] for name, one in self.models.items()}
        paths |= {_float(name): one.float_files[0] for name, one in self.models.items()}
        return time_files(self.study, paths, {name: _float(name) for name in self.models})

    @cached_property
    def gates(self) -> dict[str, GateResult]:
        """{name of the int8 model: result of the gate on fold 9, over all seeds}."""
        return {name: self._gate(one) for name, one in self.models.items()}

    def latency(self, name: str) -> dict[str, float]:
        """A model's latency_ms and latency_vs_float32."""
        return self.timing.latency(name)

    def float_latency_ms(self, name: str) -> float:
        """Median ms of a model's float32 file, in the same session."""
        return self.timing.ms(_float(name))

    def write(self, *names: str, **details) -> None:
        """Keep the results of these models; of all if none is named."""
        for name in names or self.models:
            one = self[name]
            reporting.write(
                self.study,
                name,
                one.scores,
                framework="onnxruntime",
                counts=one.counts,
                file_bytes=one.file_bytes,
                **self.latency(name),
                **self.details(name),
                **details,
            )

    def details(self, name: str) -> dict:
        """What a model's page shows besides its metrics."""
        return {
            "gate": self.gates[name].to_dict(),
            "auc_change": self[name].change.to_dict(),
            "option": self.study.settings.registry.int8.model_dump(),
        }

    def _gate(self, one: Int8Model) -> GateResult:
        return gate(
            one.int8_files[0],
            one.float_files[0],
            one.scores,
            one.float_scores,
            validation=self.study.evaluation_set(VALIDATION_FOLD),
            test=self.study.evaluation_set(TEST_FOLD),
            speedup=self.timing.speedup(one.name),
        )


def quantize(study: Study, models: Mapping[str, str]) -> Int8Models:
    """Quantize trained models as declared.

    Parameters
    ----------
    models : {name of the int8 model: trained model}
    """
    declared, made = study.settings.registry.int8, {}
    options = Quantization(per_channel=declared.per_channel, calibration_method=declared.calibration_method)
    for name, source in models.items():
        runs = runs_with_weights(study, source)
        float_files = export(runs, int8_folder(study), source)
        int8_files = [
            quantization.quantize(path, int8_file(study, name, run), records, options)
            for run, path in zip(runs, float_files)
            for records in [study.representative_records(run, declared.calibration_records)]
        ]
        scores = scores_of_files(study, runs, int8_files)
        float_scores = Scores.stack_seeds([run.scores for run in runs])
        change = study.evaluation_set(TEST_FOLD).difference(scores, float_scores)
        made[name] = Int8Model(name, runs, float_files, int8_files, float_scores, scores, change)
    return Int8Models(study, made)


def _float(name: str) -> str:
    return f"{name} float32"
