"""The synthetic ECGs show what their superclass names mean."""

import numpy as np
import pytest

from ecglib.data import synthetic
from ecgpredict import synthetic_ecg
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS

TIME = np.arange(-400, 600)  # ms relative to the R peak
Q, QRS, BEFORE = (TIME > -50) & (TIME < 0), (TIME > -100) & (TIME < 110), TIME < -60


def lead(statement, name):
    """One noiseless beat in a lead, in mV, every millisecond."""
    beat = synthetic_ecg.make_beat([statement], 1.0).values()
    dipole = sum(np.exp(-0.5 * ((TIME[:, None] - w.center) / w.width) ** 2) * np.array(w.vector) for w in beat)
    return synthetic_ecg.project_to_leads(dipole)[:, LEADS.index(name)]


def at(signal, moment):
    return signal[moment == TIME][0]


def width_of_qrs(signal):
    return np.ptp(np.flatnonzero(np.abs(np.diff(signal[QRS])) > 0.004))


def raised_st(ill, normal):
    return at(ill, 120) > at(normal, 120) + 0.15


def wide_qrs(ill, normal):
    return width_of_qrs(ill) > 1.3 * width_of_qrs(normal)


@pytest.mark.parametrize(
    ("statement", "name", "shown"),
    [
        *(("IMI", name, raised_st) for name in ("II", "III", "aVF")),
        *(("IMI", name, lambda ill, _: ill[Q].min() < -0.15) for name in ("II", "III", "aVF")),
        *(("AMI", name, raised_st) for name in ("V2", "V3")),
        ("ISC_", "V5", lambda ill, normal: at(ill, 120) < at(normal, 120) - 0.1),
        ("NDT", "V5", lambda ill, normal: at(ill, 280) < 0 < at(normal, 280)),
        ("CLBBB", "V1", wide_qrs),
        ("CRBBB", "V1", wide_qrs),
        ("1AVB", "II", lambda ill, normal: ill[BEFORE].argmax() < normal[BEFORE].argmax() - 80),
        ("LVH", "V5", lambda ill, normal: ill.max() > 1.8 * normal.max()),
    ],
)
def test_a_statement_shows_in_its_leads(statement, name, shown):
    assert shown(lead(statement, name), lead("NORM", name))


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
