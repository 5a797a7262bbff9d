"""Other hospitals' data sets: superclasses of SNOMED and AHA codes, recordings in their layouts, a model's AUCs."""

import re
from typing import get_args

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import command
from recording_files import write_mat

from ecglib.cli import study as study_commands
from ecglib.data import download, external, ptbxl
from ecglib.study import external as evaluation
from ecglib.study import results
from ecgpredict import released, synthetic_ecg
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES

SINUS, BRADYCARDIA, RBBB = "426783006", "426177001", "59118001"
OLD_MI, Q_WAVE, FIBRILLATION = "164867002", "164917005", "164889003"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([SINUS], "1 0 0 0 0"),
        ([SINUS, BRADYCARDIA], "? 0 0 0 0"),  # a normal ECG may have it
        ([FIBRILLATION], "0 0 0 0 0"),
        ([SINUS, RBBB], "0 0 0 1 0"),
        ([RBBB, OLD_MI], "0 1 0 1 0"),
        ([Q_WAVE], "0 ? 0 0 0"),  # may be an infarction
        ([Q_WAVE, OLD_MI], "0 1 0 0 0"),
        (["123"], "? ? ? ? ?"),  # not mapped is not negative
        (["123", RBBB], "0 ? ? 1 ?"),
        ([], "? ? ? ? ?"),
    ],
)
def test_codes_give_superclasses_or_leave_a_recording_out(codes, expected):
    wanted = [np.nan if value == "?" else float(value) for value in expected.split()]
    np.testing.assert_array_equal(external.superclasses(codes, "SNOMED"), wanted)


def test_the_table_agrees_with_ptb_xl_where_it_names_a_diagnostic_statement(sample_root):
    superclass = ptbxl.read_statements(sample_root).dropna()
    table = pd.read_csv(external.__file__.replace("external.py", external.CODES), dtype=str, keep_default_na=False)
    assert not table.duplicated(["vocabulary", "code"]).any()
    assert set(" ".join(table["superclass"] + " " + table["left_out"]).split()) <= set(CLASSES)
    assert set(table["normal"]) == {"yes", "doubtful", "no"}
    checked = 0
    for row in table.itertuples():
        statement = re.fullmatch(r"PTB-XL (\S+)", row.source)
        if statement and statement[1] in superclass and superclass[statement[1]] != "NORM":
            assert row.superclass == superclass[statement[1]], row
            checked += 1
    assert checked >= 20


def signals(count):
    rng = np.random.default_rng(0)
    return [synthetic_ecg.ecg([("NORM", "IMI")[number % 2]], rng).astype(np.float32) for number in range(count)]


@pytest.fixture
def georgia(tmp_path):
    """60 recordings in the challenge's layout, half of them with an infarction, with three copies and a short one."""
    folder = tmp_path / "training" / "georgia" / "g1"
    folder.mkdir(parents=True)
    given = signals(60)
    for number, signal in enumerate([*given, *given[:3], given[0][:500]]):
        header = write_mat(folder, signal).with_suffix(".hea")
        text = re.sub(r"^#.*\n?", "", header.read_text(), flags=re.MULTILINE).replace("A0001", f"E{number:05}")
        dx = (SINUS, f"{OLD_MI},123")[number % 2] if number < 59 else OLD_MI
        (folder / f"E{number:05}.hea").write_text(f"{text.strip()}\n# Age: 60\n# Dx: {dx}\n# Rx: Unknown\n")
        (folder / "A0001.mat").rename(folder / f"E{number:05}.mat")
        header.unlink()
    return tmp_path


def test_a_data_set_of_the_challenge_is_evaluated_without_copies(georgia):
    model = released.default()
    found = evaluation.evaluate(georgia, "georgia", [model], n_bootstrap=50, progress=False)
    assert (found["recordings"], found["copies"], found["refused"]) == (60, 3, 1)
    assert found["unmapped"] == {"123": 29}
    assert found["superclasses"]["MI"] == {"with": 30, "without": 30, "left out": 0}
    assert found["superclasses"]["HYP"] == {"with": 0, "without": 31, "left out": 29}
    assert set(found["auc"][model]) == {"NORM", "MI", "macro"}  # too few have the others
    auc = found["auc"][model]["MI"]
    assert 0 <= auc["low"] <= auc["value"] <= auc["high"] <= 1


def test_sources_are_kept_beside_one_another(tmp_path):
    evaluation.write(tmp_path, "georgia", {"recordings": 1})
    evaluation.write(tmp_path, "sph", {"recordings": 2})
    evaluation.write(tmp_path, "georgia", {"recordings": 3})
    assert results.read(tmp_path, "external") == {"georgia": {"recordings": 3}, "sph": {"recordings": 2}}


@pytest.fixture
def sph(tmp_path):
    """Two recordings in SPH's layout, of one patient."""
    (tmp_path / "records").mkdir()
    for name, signal in zip(("A00001", "A00002"), signals(2)):
        with h5py.File(tmp_path / "records" / f"{name}.h5", "w") as file:
            file["ecg"] = np.repeat(signal, 5, axis=0).T.astype(np.float16)
    table = {"ECG_ID": ["A00001", "A00002"], "AHA_Code": ["1", "22;161+312"], "Patient_ID": ["S1", "S1"]}
    pd.DataFrame(table).to_csv(tmp_path / "metadata.csv", index=False)
    return tmp_path


def test_sph_has_patients_and_statements_with_modifiers(sph):
    one, two = external.labeled(sph, external.SOURCES["sph"])
    assert (one.patient, one.codes, two.codes) == ("S1", ("1",), ("22", "161"))
    assert external.superclasses(two.codes, "AHA").tolist() == [0, 1, 0, 0, 0]
    recording = external.read(one.path)
    assert (recording.signal.shape, recording.rate) == ((5000, 12), 500)


@pytest.mark.parametrize("shape", [(12, 4999), (8, 5000), (5000,)])
def test_another_shape_is_refused(tmp_path, shape):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["ecg"] = np.zeros(shape, np.float16)
    with pytest.raises(InputError):
        external.read(tmp_path / "a.h5")


def test_a_folder_without_recordings_is_named(tmp_path):
    with pytest.raises(InputError):
        external.labeled(tmp_path, external.SOURCES["georgia"])


def test_each_source_can_be_downloaded():
    assert set(external.SOURCES) | {"ptb-xl", "ludb"} == set(download.SOURCES) | {"sph"}
    assert set(external.SOURCES) == set(get_args(study_commands.Hospital))


def test_only_other_hospitals_are_evaluated(tmp_path):
    done = command("evaluate-external", "ludb", tmp_path)
    assert done.exit_code == 2
