"""Dependencies between trainings and chapters, derived from the registry for the Snakefile and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from ecglib.networks.architectures import KERAS_NETWORK
from ecglib.study.profile import Profile
from ecglib.study.registry import needed_models


def trained_models(profile: Profile, chapter: str) -> list[str]:
    """Models whose finished trainings a chapter loads: its own, those its models are made from, and its `loads`."""
    own = [model for model in profile.models.values() if model.chapter == chapter]
    names = [name for model in own for name in ([model.name] if model.training else model.made_from)]
    names += [name for model in own for name in needed_models(model)]
    return list(dict.fromkeys([*names, *profile.registry.chapters[chapter].loads]))


def last_chapter(profile: Profile) -> str:
    """The chapter that waits for most others: made first, it does not run alone at the end while processors idle."""
    declared = profile.registry.chapters

    def earlier(name: str) -> set[str]:
        return {name}.union(*(earlier(other) for other in declared[name].reads))

    return max(declared, key=lambda name: len(earlier(name)))


def needed_runs(profile: Profile, model: str, seed: int) -> list[tuple[str, int]]:
    """The runs (model, seed) that a training needs: the one that it starts from, and its teachers'."""
    settings = profile.training[model]
    init = [(settings.init_from, seed)] if settings.init_from else []
    teachers = [profile.models[name] for name in settings.teachers]
    return init + [(teacher.name, other) for teacher in teachers for other in teacher.teaching_seeds]


def needed_by(profile: Profile, models: Iterable[str]) -> list[str]:
    """Models outside a batch that its trainings need."""
    models = list(models)
    needed = dict.fromkeys(name for model in models for name in needed_models(profile.models[model]))
    return [name for name in needed if name not in models]


def in_training_order(profile: Profile, models: Iterable[str]) -> list[str]:
    """The models in an order in which each follows those that it needs."""
    models = list(models)
    graph = {name: [other for other in needed_models(profile.models[name]) if other in models] for name in models}
    return list(TopologicalSorter(graph).static_order())


def batches(profile: Profile) -> list[list[str]]:
    """All trained models in batches of one framework each; every model follows those that it needs."""
    keras = [name for name, settings in profile.training.items() if settings.network == KERAS_NETWORK]
    later = _with_dependents(profile, keras)
    torch = [name for name in profile.training if name not in keras and name not in later]
    return [in_training_order(profile, batch) for batch in (torch, keras, later) if batch]


def _with_dependents(profile: Profile, models: list[str]) -> list[str]:
    """The models outside `models` that need one of them, directly or not."""
    dependents: list[str] = []
    for name in in_training_order(profile, profile.training):
        if name not in models and {*needed_models(profile.models[name])} & {*models, *dependents}:
            dependents.append(name)
    return dependents
