"""Trainings of small networks in place of the study's, and trainings that are killed."""

from collections.abc import Callable
from unittest.mock import patch

from ecglib.training import runs, torch_training
from ecglib.training.train import train

# of a finished run, in either framework
RUN_FILES = ["history.csv", "in_progress.json", "run.json", "scores.npz", "weights.safetensors"]


class PowerCut(Exception):
    pass


def train_torch(model, build, *arguments, **keywords) -> runs.Run:
    """A training that starts from the network that `build` returns."""
    with patch.object(torch_training, "initial_network", lambda *_: build()):
        return train(model, *arguments, **keywords)


def train_keras(build, settings, *arguments) -> runs.Run:
    """A training of the network that `build` returns."""
    from ecglib.networks import inception

    with patch.object(inception, "build", lambda *_: build()):
        return train("inception_cnn", settings, *arguments)


def interrupt(monkeypatch, owner: object, name: str, when: int) -> None:
    """Let a function or method raise PowerCut after its `when`-th call."""
    original: Callable = getattr(owner, name)
    calls = []

    def cut(*arguments, **keywords):
        result = original(*arguments, **keywords)
        calls.append(arguments)
        if len(calls) == when:
            raise PowerCut
        return result

    monkeypatch.setattr(owner, name, cut)
