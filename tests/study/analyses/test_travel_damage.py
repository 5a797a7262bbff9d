"""Chapter 11 under missing electrodes, noise and faults: what is compared, and on which fold it is decided."""

from dataclasses import replace

import numpy as np
import pytest

from ecglib.data import damage, electrodes
from ecglib.evaluation.bootstrap import Estimate
from ecglib.study.analyses import (
    travel_damage,
    travel_electrodes,
    travel_noise,
    travel_robust,
)
from ecglib.study.analyses.travel_damage import INTACT, DamagedFold
from ecglib.study.analyses.travel_models import DISTILLED, RELEASED, TravelModel
from ecgpredict.spec import CLASSES, LEADS, Normalization


def model(name: str) -> TravelModel:
    """A model whose probabilities depend on the slopes in V1 to V5, one superclass each."""

    def forward(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-np.abs(np.diff(x[..., 6:11], axis=1)).mean(axis=1)))

    return TravelModel(name, name, Normalization(0.0, 1.0), 1.0, np.full(len(CLASSES), 0.5), None, forward)


def alike(study) -> dict[str, TravelModel]:
    """The robust model and its control, which are the same here."""
    scores = study.run("student_distilled").scores
    return {name: replace(model(name), scores=scores) for name in (travel_robust.CLEAN, travel_robust.ROBUST)}


@pytest.fixture(scope="module")
def models() -> dict[str, TravelModel]:
    return {name: model(name) for name in (DISTILLED, RELEASED)}


@pytest.fixture(scope="module")
def found(study, models):
    return travel_electrodes.measure(study, models)


@pytest.fixture(scope="module")
def noise(study, models):
    return travel_noise.measure(study, models)


@pytest.fixture
def fold(study, models):
    return DamagedFold.open(study, models, 10)


def test_no_damage_changes_nothing(fold):
    fold.score("copy", np.copy)
    assert fold.change("copy", RELEASED).value == 0
    assert fold.auc("copy", RELEASED) == fold.auc(INTACT, RELEASED)


def test_a_model_without_its_leads_tells_nothing(fold):
    fold.score("flat", lambda x: electrodes.without(x, LEADS[6:]))
    assert fold.auc("flat", RELEASED).value == 0.5


def test_missing_samples_are_interpolated_before_a_model_sees_them(fold):
    fold.score("gaps", lambda x: damage.drop_samples(x, 0.3))
    assert np.isfinite(fold.predicted["gaps", RELEASED]).all()


def test_intact_records_are_predicted_once(fold, monkeypatch):
    fold.score("first", np.copy)
    known = fold.predicted[INTACT, RELEASED]
    fold.score("second", np.copy)
    assert fold.predicted[INTACT, RELEASED] is known


def test_flat_leads_are_warned_about(fold):
    assert fold.warned(lambda x: electrodes.without(x, ["V2"])) == 1
    assert fold.warned() < 0.5


def test_leads_that_a_model_does_not_use_cost_nothing(found):
    changes = found.missing().set_index(["damage", "model"])["change"]
    assert changes["V6", RELEASED].value == changes["limb", RELEASED].value == 0
    assert changes["V1", RELEASED].value != 0


def test_a_filling_is_selected_on_fold_9(found):
    rows = found.fewer_leads()
    rows = rows[rows["model"] == RELEASED]
    for _, part in rows.groupby("leads"):
        assert part.loc[part["best"] == "✓", "AUC, fold 9"].item() == part["AUC, fold 9"].max()


def test_limb_leads_cannot_be_derived_from_one(found):
    fillings = found.fewer_leads().groupby("leads")["filling"].unique()
    assert travel_electrodes.DERIVED not in fillings["I"]
    assert travel_electrodes.DERIVED in fillings["I, II"]


def test_every_swap_has_its_share_of_warnings(found):
    table = found.swaps().set_index("electrodes swapped")
    assert set(table.index) == {INTACT, *travel_electrodes.swaps()}
    assert found.warned["RA and RL"] == 1  # a flat lead


def test_curves_begin_with_the_intact_records(noise):
    curves = noise.curves()
    intact = curves[curves["snr_db"].isna()]
    assert len(intact) == len(damage.NOISES) * 2
    assert intact["value"].nunique() == 1  # both models are the same here
    assert set(curves["snr_db"].dropna()) == set(noise.ratios)


def test_noise_is_tolerated_only_while_weaker_noise_is(noise, monkeypatch):
    losses = {"muscle noise, 12 dB": -0.1, "muscle noise, 0 dB": 0.0}
    monkeypatch.setattr(DamagedFold, "change", lambda _, name, model: Estimate(losses[name], -0.2, 0.1))
    assert noise.tolerated_ratio("muscle noise", RELEASED) is None


def test_the_same_training_twice_does_not_pay(study, monkeypatch):
    pair = alike(study)
    monkeypatch.setattr(travel_robust.travel_models, "open_models", lambda *_: pair)
    monkeypatch.setattr(travel_robust, "damages", lambda: {"half": lambda x: x / 2})
    found = travel_robust.measure(study)
    assert found.mean_gain(9).value == found.gain(9).value == found.costs[9].value == 0
    assert not found.pays


def test_a_sample_of_a_fold_is_the_same_for_every_model(study, models, monkeypatch):
    monkeypatch.setattr(travel_damage, "N_RECORDS", 8)
    monkeypatch.setattr(travel_damage.EvaluationSet, "from_dataset", lambda part, fold, n_bootstrap: part.ecg_id)
    first, second = (DamagedFold.open(study, models, 10) for _ in range(2))
    np.testing.assert_array_equal(first.test, second.test)
    assert len(first.records) == 8
