"""The original's findings, each with the models that replay it and that do it right, in the registry's order."""

from __future__ import annotations

from dataclasses import dataclass

from ecglib.study.original import REPORTED, Reported
from ecglib.study.registry import Model, Registry

NETWORK_NAMES = {
    "base_cnn": "Base CNN",
    "inception_cnn": "Inception CNN",
    "student": "Student",
    "student_small": "Small student",
    "quantization_aware": "CNN without batch normalization",
    "compact": "Compact student",
    "resnet1d_wang": "resnet1d_wang",
    "conv_gru": "convolutions and GRU",
    "xresnet1d18": "xresnet1d18",
}


@dataclass(frozen=True)
class Finding:
    """One claim of the original, or the same network done right in its place."""

    name: str
    reported: Reported
    reported_network: str  # that `reported` is of
    replayed: Model | None  # None if ours is essentially the same
    done_right: Model  # that takes its place in this book


def findings(registry: Registry) -> list[Finding]:
    """Every finding with a model done right; like-for-like ones follow the finding that they belong to."""
    listed = []
    names = dict.fromkeys(model.finding for model in registry.models.values() if model.finding)
    for name in names:
        models = {model.column: model for model in registry.models.values() if model.finding == name}
        replayed = models.get("replayed")
        source = next((model for model in models.values() if model.name in REPORTED), None)
        reported = REPORTED[source.name] if source else Reported()
        network = network_name(replayed or source, registry) if replayed or source else ""
        for column, suffix in (("done right", ""), ("like for like", ", like for like")):
            if column in models:
                listed.append(Finding(name + suffix, reported, network, replayed, models[column]))
    return listed


def network_name(model: Model, registry: Registry) -> str:
    """Display name of the network of a model, or of the model that it is made from."""
    while model.training is None:
        model = registry.models[model.made_from[0]]
    return NETWORK_NAMES[model.training.network]
