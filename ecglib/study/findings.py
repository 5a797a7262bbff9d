"""The original's findings: what it reported, the models that replay, correct and do each right, and the cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ecglib.study.original import REPORTED, Reported
from ecglib.study.registry import Model, Registry

NETWORK_NAMES = {
    "base_cnn": "base CNN",
    "base_cnn_narrow": "narrow base CNN",
    "inception_cnn": "Inception CNN",
    "student": "small CNN",
    "quantization_aware": "CNN without batch normalization",
    "compact": "compact CNN",
    "resnet1d_wang": "resnet1d_wang",
    "conv_gru": "convolutions and GRU",
    "xresnet1d18": "xresnet1d18",
}

# finding -> why its figure came about, in the order in which they are shown
CAUSES = {
    "Base CNN": "The reported AUC is a mean over validation folds that early stopping watched, not a test.",
    "Inception CNN": "Fifty epochs without early stopping: the last weights knew their training records by heart.",
    "Pruning": "The loss applied a second sigmoid; pruning cost next to nothing. Zeros take as many bytes.",
    "Quantization": "It was never converted to integers, so rounding was not measured. Why its AUC fell is unknown.",
    "Pruned and quantized": "The network scored was not the one built; its file held masks and float32 weights.",
    "Student without teacher": "Close to ours: a random fifth of the records, one split, one seed.",
    "Student with teacher": "The teacher was never trained, and one split and seed cannot show so small a difference.",
}


@dataclass(frozen=True)
class Finding:
    """One finding of the original, and the models that belong to it."""

    name: str
    reported: Reported
    reported_network: str  # that `reported` is of
    replayed: Model | None  # the original's procedure on this study's split
    corrected: Model | None  # the original's network, with the procedure mended
    done_right: Model  # what to take instead

    @property
    def models(self) -> Mapping[str, Model | None]:
        """{column of the tables: model}."""
        return {"replayed": self.replayed, "corrected": self.corrected, "done right": self.done_right}

    @property
    def cause(self) -> str:
        return CAUSES[self.name]


def findings(registry: Registry) -> list[Finding]:
    """Every finding, from the models that declare one.

    The corrected network is the model declared "like for like", or the one done right where its network is the
    original's.
    """
    listed = []
    for name in CAUSES:
        models = {model.column: model for model in registry.models.values() if model.finding == name}
        replayed, right = models.get("replayed"), models["done right"]
        source = next(model for model in models.values() if model.name in REPORTED)
        network = network_name(replayed or source, registry)
        same = right if network_name(right, registry) == network else None
        corrected = models.get("like for like", same)
        listed.append(Finding(name, REPORTED[source.name], network, replayed, corrected, right))
    return listed


def network_name(model: Model, registry: Registry) -> str:
    """Name of the network of a model, or of the model that it is made from."""
    while model.training is None:
        model = registry.models[model.made_from[0]]
    return NETWORK_NAMES[model.training.network]
