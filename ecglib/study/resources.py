"""What each job of the study asks of a cluster, from config/resources.yml, which benchmarks/resources.py measured."""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ecglib.study.registry import read_yaml, validated


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Strict):
    """A rule of the Snakefile: cores and MB that a job asks for, measured peak of MB, seconds of the longest job."""

    threads: int = Field(ge=1)
    peak_mb: int = Field(ge=1)
    mem_mb: int = Field(ge=1)
    seconds: float = Field(gt=0)


class Training(_Strict):
    """Seconds of one seed of a model, and the hardware that they were measured on."""

    seconds: float = Field(gt=0)
    hardware: str


class Resources(_Strict):
    """The content of config/resources.yml; a job may take `margin` times its seconds, `least_minutes` at least."""

    margin: float = Field(ge=1)
    least_minutes: int = Field(ge=1)
    rules: dict[str, Rule]
    trainings: dict[str, Training]
    chapters: dict[str, float]

    def seconds(self, rule: str, name: str = "") -> float:
        """Measured duration of a training or chapter, or of the rule's longest job where it was not measured."""
        measured = {model: training.seconds for model, training in self.trainings.items()} | self.chapters
        return measured.get(name, self.rules[rule].seconds)

    def minutes(self, rule: str, name: str = "") -> int:
        """Time limit of a job; a training that was measured on a GPU may take as long as the longest without one."""
        seconds = self.seconds(rule, "" if self.on_gpu(name) else name)
        return max(self.least_minutes, math.ceil(self.margin * seconds / 60))

    def on_gpu(self, model: str) -> bool:
        """Whether a training's duration was measured on a GPU."""
        return model in self.trainings and self.trainings[model].hardware.startswith("NVIDIA")


def load(path: Path) -> Resources:
    """The checked content of config/resources.yml; an unknown, missing or impossible value is an InputError."""
    return validated(Resources, read_yaml(path), path)
