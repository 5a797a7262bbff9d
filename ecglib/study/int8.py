"""Trained networks as int8 files, as config/models.yml declares, and the gate that they pass or fail on fold 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ecglib.compression import gate, quantization
from ecglib.data.folds import TEST_FOLD, VALIDATION_FOLD
from ecglib.evaluation.bootstrap import Estimate
from ecglib.evaluation.scores import Scores
from ecglib.networks import convnet
from ecglib.study import measuring, reporting
from ecglib.study.study import Study
from ecglib.training.runs import Run


@dataclass(frozen=True)
class Int8Model:
    """A trained model as int8: its runs, ONNX files, and the scores of both kinds, one per seed whose weights exist.

    `change` is its AUC on fold 10 minus that of float32.
    """

    runs: list[Run]
    float_files: list[Path]
    int8_files: list[Path]
    float_scores: Scores
    scores: Scores
    change: Estimate

    @property
    def file_bytes(self) -> int:
        return self.int8_files[0].stat().st_size


@dataclass(frozen=True)
class Int8Models:
    """Several models as int8, {name: Int8Model}, timed together with their float32 files."""

    study: Study
    models: Mapping[str, Int8Model]

    def __getitem__(self, name: str) -> Int8Model:
        return self.models[name]

    @cached_property
    def timing(self) -> measuring.Timing:
        """The first seed's files of every model in one session, named NAME and "NAME float32"."""
        paths = {name: each.int8_files[0] for name, each in self.models.items()}
        paths |= {f"{name} float32": each.float_files[0] for name, each in self.models.items()}
        return measuring.time_files(self.study, paths, {name: f"{name} float32" for name in self.models})

    @cached_property
    def gates(self) -> dict[str, gate.GateResult]:
        """{name of the int8 model: result of the gate on fold 9, over all seeds}."""
        folds = {"validation": self.study.evaluation_set(VALIDATION_FOLD), "test": self.study.evaluation_set(TEST_FOLD)}
        return {
            name: gate.gate(
                each.int8_files[0],
                each.float_files[0],
                each.scores,
                each.float_scores,
                speedup=self.timing.speedup(name),
                **folds,
            )
            for name, each in self.models.items()
        }

    def latency(self, name: str) -> dict[str, float]:
        """A model's latency_ms and latency_vs_float32."""
        return self.timing.latency(name)

    def float_latency_ms(self, name: str) -> float:
        """Median ms of a model's float32 file, in the same session."""
        return self.timing.ms(f"{name} float32")

    def write(self) -> None:
        """Keep the results of the models, with the gate and the declared options as details."""
        for name, each in self.models.items():
            reporting.write(
                self.study,
                name,
                each.scores,
                framework="onnxruntime",
                counts=convnet.counts(convnet.from_weights(each.runs[0].weights())),
                file_bytes=each.file_bytes,
                **self.latency(name),
                gate=self.gates[name].to_dict(),
                auc_change=each.change.to_dict(),
                option=self.study.settings.registry.int8.model_dump(),
            )


def quantize(study: Study, models: Mapping[str, str]) -> Int8Models:
    """Quantize trained models as declared: {name of the int8 model: trained model}."""
    declared, made = study.settings.registry.int8, {}
    options = quantization.Quantization(
        per_channel=declared.per_channel, calibration_method=declared.calibration_method
    )
    for name, source in models.items():
        runs = measuring.runs_with_weights(study, source)
        float_files = measuring.export(runs, measuring.int8_folder(study), source)
        int8_files = []
        for run, path in zip(runs, float_files):
            records = study.representative_records(run, declared.calibration_records)
            int8_files.append(quantization.quantize(path, measuring.int8_file(study, name, run), records, options))
        scores = measuring.scores_of_files(study, runs, int8_files)
        float_scores = Scores.stack_seeds([run.scores for run in runs])
        change = study.evaluation_set(TEST_FOLD).difference(scores, float_scores)
        made[name] = Int8Model(runs, float_files, int8_files, float_scores, scores, change)
    return Int8Models(study, made)
