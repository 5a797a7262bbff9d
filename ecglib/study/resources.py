"""What each job of the study asks of a cluster, from config/resources.yml, which benchmarks/resources.py measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ecglib.study.registry import read_yaml


@dataclass(frozen=True)
class Resources:
    """The content of config/resources.yml; a job may take `margin` times its seconds, `least_minutes` at least.

    Attributes
    ----------
    rules : of the Snakefile: threads and mem_mb that a job asks for, peak_mb measured, seconds of the longest job
    trainings : seconds of one seed of each model, and the hardware that they were measured on
    chapters : seconds
    """

    margin: float
    least_minutes: int
    rules: dict[str, dict[str, float]]
    trainings: dict[str, dict]
    chapters: dict[str, float]

    def seconds(self, rule: str, name: str = "") -> float:
        """Measured duration of a training or chapter, or of the rule's longest job where it was not measured."""
        measured = {model: training["seconds"] for model, training in self.trainings.items()} | self.chapters
        return measured.get(name, self.rules[rule]["seconds"])

    def minutes(self, rule: str, name: str = "") -> int:
        """Time limit of a job; a training that was measured on a GPU may take as long as the longest without one."""
        seconds = self.seconds(rule, "" if self.on_gpu(name) else name)
        return max(self.least_minutes, math.ceil(self.margin * seconds / 60))

    def on_gpu(self, model: str) -> bool:
        """Whether a training's duration was measured on a GPU."""
        return model in self.trainings and self.trainings[model]["hardware"].startswith("NVIDIA")


def load(path: Path) -> Resources:
    """The content of config/resources.yml."""
    return Resources(**read_yaml(path))
