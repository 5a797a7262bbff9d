"""Findings: each claim of the original with its models, and the network that a corrected model has."""

import pytest

from ecglib.study.findings import findings, network_name
from ecglib.study.registry import load_registry


@pytest.fixture(scope="module")
def registry(project):
    return load_registry(project / "config" / "models.yml")


@pytest.fixture(scope="module")
def by_name(registry):
    return {finding.name: finding for finding in findings(registry)}


def test_a_corrected_model_has_the_originals_network_or_is_declared_like_for_like(by_name):
    corrected = {name: finding.corrected and finding.corrected.name for name, finding in by_name.items()}
    assert corrected == {
        "Base CNN": "base_cnn",
        "Inception CNN": "inception_cnn",
        "Pruning": "student_pruned_20",
        "Quantization": "quantization_replay_int8",
        "Pruned and quantized": None,
        "Student without teacher": "student",
        "Student with teacher": "student_distilled",
    }


def test_a_model_made_from_another_has_its_network(registry):
    assert network_name(registry.models["base_cnn_pruned_int8"], registry) == "base CNN"
