"""The synthetic ECGs show what their superclass names mean."""

import numpy as np
import pytest

from ecglib.data import synthetic
from ecgpredict import synthetic_ecg
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS


def lead(statements, name, severity=1.0):
    """One noiseless beat in a lead, in mV, every millisecond from -400 to 600 ms relative to the R peak."""
    time = np.arange(-400, 600)
    beat = synthetic_ecg.make_beat(statements, severity).values()
    dipole = sum(np.exp(-0.5 * ((time[:, None] - w.center) / w.width) ** 2) * np.array(w.vector) for w in beat)
    return dict(zip(LEADS, synthetic_ecg.project_to_leads(dipole).T))[name], time


def at(statement, name, moment):
    signal, time = lead([statement], name)
    return signal[time == moment][0]


@pytest.mark.parametrize("name", ["II", "III", "aVF"])
def test_inferior_infarction_has_q_waves(name):
    ill, time = lead(["IMI"], name)
    assert ill[(time > -50) & (time < 0)].min() < -0.15


@pytest.mark.parametrize(
    ("statement", "name", "low", "high"),
    [
        *(("IMI", name, 0.15, 1) for name in ("II", "III", "aVF")),
        *(("AMI", name, 0.15, 1) for name in ("V2", "V3")),
        ("ISC_", "V5", -1, -0.1),
    ],
)
def test_st_is_raised_by_infarction_where_it_is_and_lowered_by_ischemia(statement, name, low, high):
    assert low < at(statement, name, 120) - at("NORM", name, 120) < high


def test_t_wave_change_inverts_t():
    assert at("NDT", "V5", 280) < 0 < at("NORM", "V5", 280)


@pytest.mark.parametrize("block", ["CLBBB", "CRBBB"])
def test_bundle_branch_blocks_widen_qrs(block):
    def width(statements):
        signal, time = lead(statements, "V1")
        qrs = np.abs(np.diff(signal[(time > -100) & (time < 110)]))
        return np.flatnonzero(qrs > 0.004).max() - np.flatnonzero(qrs > 0.004).min()

    assert width([block]) > 1.3 * width(["NORM"])


def test_av_block_lengthens_pr():
    normal, time = lead(["NORM"], "II")
    late, _ = lead(["1AVB"], "II")
    before = time < -60
    assert time[before][late[before].argmax()] < time[before][normal[before].argmax()] - 80


def test_hypertrophy_raises_the_voltage():
    assert lead(["LVH"], "V5")[0].max() > 1.8 * lead(["NORM"], "V5")[0].max()


def test_limb_leads_obey_einthoven():
    i, ii, iii, *_ = synthetic_ecg.ecg(["NORM"], np.random.default_rng(0)).T
    np.testing.assert_allclose(iii, ii - i, atol=1e-9)


def test_a_folder_with_other_files_is_left_unchanged(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(InputError, match="folder in use"):
        synthetic.write_sample(tmp_path, records=10, progress=False)
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_records_overlap_and_every_fold_has_every_superclass(sample):
    labels = sample.labels
    assert (labels.sum(axis=1) > 1).mean() > 0.1
    for fold in range(1, 11):
        share = sample.in_folds(fold).labels.mean(axis=0)
        assert ((share > 0) & (share < 1)).all(), dict(zip(CLASSES, share))
