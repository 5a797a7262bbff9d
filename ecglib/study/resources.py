"""What each job of the study needs, as it was measured.

Input: config/resources.yml, which benchmarks/resources.py writes. Output: threads, memory and the time limit of a job.
"""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ecglib.study.registry import read_yaml, validated


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Strict):
    """A rule of the Snakefile.

    Attributes
    ----------
    threads : cores of a job on a cluster
    peak_mb : measured peak of resident memory
    mem_mb : memory that a job asks for
    seconds : measured duration of the longest job
    """

    threads: int = Field(ge=1)
    peak_mb: int = Field(ge=1)
    mem_mb: int = Field(ge=1)
    seconds: float = Field(gt=0)


class Training(_Strict):
    """One seed of a model: the mean of its measured durations, and the hardware."""

    seconds: float = Field(gt=0)
    hardware: str

    @property
    def on_gpu(self) -> bool:
        return self.hardware.startswith("NVIDIA")


class Resources(_Strict):
    """The content of config/resources.yml.

    Attributes
    ----------
    margin : a job may take this many times its measured duration
    least_minutes : time limit of the shortest job, which has to start Python on a slow file system
    rules : {rule: what its jobs need}
    trainings : {model: duration of one seed}
    chapters : {chapter: seconds}
    """

    margin: float = Field(ge=1)
    least_minutes: int = Field(ge=1)
    rules: dict[str, Rule]
    trainings: dict[str, Training]
    chapters: dict[str, float]

    def seconds(self, rule: str, name: str = "") -> float:
        """Measured duration of a training or chapter, or of the rule's longest job where it was not measured."""
        measured = {one: training.seconds for one, training in self.trainings.items()} | self.chapters
        return measured.get(name, self.rules[rule].seconds)

    def minutes(self, rule: str, name: str = "") -> int:
        """Time limit of a job."""
        longest = self.rules[rule].seconds if rule == "train" and self.on_gpu(name) else self.seconds(rule, name)
        return max(self.least_minutes, math.ceil(self.margin * longest / 60))

    def on_gpu(self, model: str) -> bool:
        """Whether a training's duration was measured on a GPU; without one it takes longer."""
        return model in self.trainings and self.trainings[model].on_gpu


def load(path: Path) -> Resources:
    """Read and check config/resources.yml.

    Raises
    ------
    InputError : the file is missing, or a key is unknown, missing or out of range
    """
    return validated(Resources, read_yaml(path), path)
