"""Findings: one per claim of the original, in the registry's order, with like-for-like rows after their own."""

import pytest

from ecglib.study import original
from ecglib.study.findings import findings, network_name
from ecglib.study.registry import load_registry


@pytest.fixture(scope="module")
def registry(project):
    return load_registry(project / "config" / "models.yml")


@pytest.fixture(scope="module")
def found(registry):
    return {one.name: one for one in findings(registry)}


def test_every_claim_of_the_original_is_a_finding(found):
    assert set(original.EVIDENCE) <= set(found)
    assert len(original.EVIDENCE) == 7


def test_every_finding_has_a_reported_auc(found):
    assert all(one.reported.auc for one in found.values())


def test_a_like_for_like_finding_follows_the_one_that_it_belongs_to(found):
    names = list(found)
    for name in ("Pruning", "Quantization"):
        assert names[names.index(name) + 1] == f"{name}, like for like"


def test_a_like_for_like_model_has_the_students_network(found, registry):
    assert network_name(found["Pruning, like for like"].done_right, registry) == "Student"


def test_a_model_made_from_another_has_its_network(registry):
    assert network_name(registry.models["base_cnn_pruned_int8"], registry) == "Base CNN"
