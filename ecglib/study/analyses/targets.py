"""The study's targets, set before the models were trained, and checks of values against them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A limit for a metric.

    Attributes
    ----------
    limit : the smallest or the largest value that meets the target
    at_least : whether `limit` is the smallest one
    text : the limit as shown in sentences
    """

    limit: float
    at_least: bool
    text: str

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def verdict(self, value: float) -> str:
        """The limit and whether `value` meets it: "at least 0.930, met"."""
        return f"at {'least' if self.at_least else 'most'} {self.text}, {'met' if self.met(value) else 'missed'}"


BEST_TEACHER_AUC = Target(0.934, at_least=True, text="0.934")
PANEL_AUC = Target(0.938, at_least=True, text="0.938")
# of an int8 file of at most so many KB of 1024 bytes, the mean over seeds on fold 10
COMPACT_AUC = {
    16: Target(0.918, at_least=True, text="0.918"),
    32: Target(0.925, at_least=True, text="0.925"),
    64: Target(0.929, at_least=True, text="0.929"),
    128: Target(0.931, at_least=True, text="0.931"),
    512: Target(0.933, at_least=True, text="0.933"),
}
