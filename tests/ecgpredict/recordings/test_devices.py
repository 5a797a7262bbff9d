"""Files that devices made, which other parsers read first: the samples that they read, in all formats of clinics.

They lie in an archive, which is read without unpacking it; NOTICE has their origins and licences.
"""

from pathlib import Path

import numpy as np
import pytest

from ecgpredict import prediction, recordings
from ecgpredict.errors import InputError

FILES = Path(__file__).with_name("device_files.zip")
# file: samples, rate in Hz, the first five samples of I and V5 in µV; whether four leads are computed
READ = {
    "aecg_hl7_example.xml": (5000, 500, [-5, -5, -5, -5, -7.5], [57.5, 57.5, 57.5, 57.5, 55], False),
    "aecg_philips_ad4d.xml": (5000, 500, [50, 45, 45, 45, 50], [-115, -115, -115, -120, -125], False),
    "dcm_ecgtoolkit.dcm": (5000, 500, [-5, -5, -5, -5, -7.5], [57.5, 57.5, 57.5, 57.5, 55], False),
    "muse_cvrg.xml": (2500, 250, [-39.04] * 5, [-58.56, -63.44, -68.32, -68.32, -68.32], True),
    "philips_2020_10401.xml": (5000, 500, [-10, -5, 0, -5, -5], [65, 60, 60, 55, 40], False),
    "philips_ad4d_104.xml": (5000, 500, [50, 50, 45, 45, 45], [-115, -120, -120, -120, -125], False),
    "scp_ecgtoolkit.scp": (5000, 500, [-5, -5, -5, -5, -7.5], [57.5, 57.5, 57.5, 57.5, 55], False),
    "scp_mdw14_2007.scp": (6000, 599.88, [18.75, 22.5, 26.25, 26.25, 30], [-82.5, -97.5, -112.5, -127.5, -135], True),
    "scp_mdw14_2017.scp": (
        6000,
        599.88,
        [-45, -52.5, -60, -67.5, -71.25],
        [-82.5, -93.75, -108.75, -120, -127.5],
        True,
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_devices_file_has_the_samples_that_other_parsers_read(name):
    samples, rate, one, five, derived = READ[name]
    recording = recordings.read(FILES / name)
    assert recording.signal.shape == (samples, 12)
    assert recording.rate == pytest.approx(rate, abs=5e-3)
    microvolts = 1000 * recording.signal
    np.testing.assert_allclose(microvolts[:5, [0, 10]].T, [one, five], atol=1e-3)
    assert (recording.notes == ("III aVR aVL aVF computed from I and II",)) == derived
    assert "missing" not in " ".join(recordings.quality_warnings(recording))


def test_one_recording_in_three_formats_is_one_recording():
    names = ("aecg_hl7_example.xml", "dcm_ecgtoolkit.dcm", "scp_ecgtoolkit.scp")
    first, *others = (recordings.read(FILES / name).signal for name in names)
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-6)


def test_the_leads_computed_are_those_of_the_device():
    text = (recordings.zips.member(FILES / "muse_text_12leads.txt")).read_bytes().decode()
    rows = [line.split() for line in text.splitlines()]
    leads = np.array([row for row in rows if len(row) == 12], float)  # in the order of LEADS, whole µV
    assert len(leads) > 4900
    one, two = leads[:, 0], leads[:, 1]
    derived = np.stack([two - one, -(one + two) / 2, one - two / 2, two - one / 2], axis=1)
    np.testing.assert_allclose(leads[:, 2:6], derived, atol=1)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("scp_mdw14_2006_V3R.scp", "leads missing"),  # V3R is not V3
        ("philips_deid_3.xml", "unreadable XML file"),  # its differences wrap at 16 bits
        ("muse_text_12leads.txt", "a format that is not read"),  # does not state its rate
    ],
)
def test_what_is_not_read_is_refused(name, problem):
    with pytest.raises(InputError, match=problem):
        recordings.read(FILES / name)


def test_the_archive_stands_for_its_recordings():
    found = prediction.find_recordings([FILES])
    assert [path.name for path in found] == sorted([*READ, "philips_deid_3.xml", "scp_mdw14_2006_V3R.scp"])
