"""Variants of the released models: for fewer leads, each recording its own, and for PTB-XL's statements."""

import csv
import io
import json

import numpy as np
import onnx
import pyarrow.parquet as pq
import pytest
from conftest import command
from onnx import TensorProto, helper
from recording_files import WRITERS

from ecgpredict import html_report, prediction, recordings, released, site_calibration, statements, synthetic_ecg
from ecgpredict.errors import InputError
from ecgpredict.firmware import fixed_point
from ecgpredict.firmware.graph import Quantization
from ecgpredict.spec import CLASSES, LEADS, Normalization, positions

DEFAULT, STATEMENTS, ONE, TWO, THREE = "ecg", "ecg_statements", "ecg_i", "ecg_i_ii", "ecg_i_ii_v5"
LABELS = [*CLASSES, "SCP AFIB", "SCP CLBBB", "SCP 2AVB", "subclass IMI"]
PROBABILITIES = [0.5] * 5 + [0.9, 0.2, 0.8, 0.7]
AUC = {"macro": 0.842, "reference": DEFAULT, "difference": [-0.09, -0.1, -0.08]}


def write_model(folder, name, leads, probabilities, *, slope=0.0, **more):
    """Release a model whose outputs are these probabilities, plus `slope` times its first lead's mean in logits."""
    logits = np.log(np.array(probabilities) / (1 - np.array(probabilities))).astype(np.float32)
    weights = np.zeros((len(leads), len(logits)), np.float32)
    weights[0] = slope
    nodes = [
        helper.make_node("ReduceMean", ["ecg"], ["mean"], axes=[2], keepdims=0),
        helper.make_node("Gemm", ["mean", "weights", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("ecg", TensorProto.FLOAT, ["b", len(leads), 1000])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["b", len(logits)])],
        [onnx.numpy_helper.from_array(weights, "weights"), onnx.numpy_helper.from_array(logits, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, folder / f"source_{name}.onnx")
    more.setdefault("thresholds", [0.5] * len(logits))
    source = [folder / f"source_{name}.onnx"]
    released.write(folder, name, source, Normalization(0.0, 1.0), 1.0, leads=list(leads), **more)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, DEFAULT, LEADS, [0.12] * 5)
    write_model(folder, "ecg_eight", ["I", "II", *LEADS[6:]], [0.11] * 5, role="leads", auc=AUC)
    write_model(folder, ONE, ["I"], [0.01] * 5, role="leads", auc=AUC)
    write_model(folder, TWO, ["I", "II"], [0.02] * 5, role="leads", auc=AUC)
    write_model(folder, THREE, ["V5", "I", "II"], [0.03] * 5, role="leads", auc=AUC)
    bounds = [0.6] * 5 + [0.5, 0.5, None, 0.5]
    more = {"role": "statements", "classes": LABELS, "thresholds": bounds}
    write_model(folder, STATEMENTS, LEADS, PROBABILITIES, **more)
    return folder


@pytest.fixture
def signal():
    return synthetic_ecg.ecg(["NORM"], np.random.default_rng(1)).astype(np.float32)


@pytest.fixture
def write(tmp_path, signal):
    """Writes a recording of these leads."""

    def save(*leads, name="a"):
        part = signal[:, positions(leads)]
        np.savez(tmp_path / f"{name}.npz", signal=part, leads=np.array(leads), rate=100, units="mV")
        return tmp_path / f"{name}.npz"

    return save


@pytest.fixture
def predict(models, monkeypatch):
    """Runs `ecglib predict` with these arguments in this process."""
    monkeypatch.setattr(released, "folder", lambda: models)
    monkeypatch.setenv("COLUMNS", "160")
    return lambda *arguments: command("predict", *arguments, "--jobs", 1)


@pytest.mark.parametrize(
    ("leads", "model", "probability"),
    [
        (LEADS, DEFAULT, 0.12),
        (("I", "II", *LEADS[6:]), DEFAULT, 0.12),
        (("aVF", "aVL", "V5", "V1"), THREE, 0.03),
        (("I", "II", "V1"), TWO, 0.02),
        (("I", "V5"), ONE, 0.01),
    ],
)
def test_a_recording_takes_the_model_with_the_most_leads_that_it_has(models, write, leads, model, probability):
    (found,) = prediction.classify([write(*leads)], released.choose(where=models))
    assert found.model == model
    assert found.probabilities["MI"] == pytest.approx(probability, abs=1e-6)


def test_each_recording_of_a_batch_takes_its_own_model(models, write):
    paths = [write("I", name="0"), write(*LEADS, name="1"), write("V1", name="2"), write("I", name="3")]
    found = list(prediction.classify(paths, released.choose(where=models)))
    assert [one.model for one in found] == [ONE, DEFAULT, "", ONE]
    assert [one.path for one in found] == paths


def test_fewer_leads_are_a_warning_with_what_they_cost(models, write):
    fewer, twelve = prediction.classify([write("I"), write(*LEADS, name="b")], released.choose(where=models))
    assert all(part in fewer.quality_warnings[0] for part in (ONE, "0.842", "-0.090 (-0.100 to -0.080)", DEFAULT))
    assert twelve.quality_warnings == ()


def test_the_error_lists_the_sets_of_leads_that_are_taken(models, write):
    (found,) = prediction.classify([write("V1", "V5")], released.choose(where=models))
    expected = "any two limb leads V1 V2 V3 V4 V5 V6; or any two limb leads V5; or any two limb leads; or I"
    assert "leads missing" in found.error and f"expected: {expected}\n" in found.error


def test_a_named_model_takes_no_recording_without_its_leads(models, write):
    paths = [write("I", name="0"), write(*LEADS, name="1")]
    one, other = prediction.classify(paths, released.choose(TWO, models))
    assert "expected: any two limb leads\n" in one.error
    assert other.model == TWO and other.quality_warnings


def test_a_model_gets_its_leads_in_the_order_of_its_file(tmp_path, signal):
    write_model(tmp_path, "model", ["V5", "I"], [0.5] * 5, slope=1.0)
    expected = 1 / (1 + np.exp(-signal[:, LEADS.index("V5")].mean()))
    score = released.load("model", tmp_path).probabilities(signal[None])
    np.testing.assert_allclose(score, np.full((1, 5), expected), atol=1e-6)


@pytest.mark.parametrize("pair", [(a, b) for a in LEADS[:6] for b in LEADS[:6] if a < b])
def test_any_two_limb_leads_give_the_other_four(write, signal, pair):
    found = recordings.read(write(*pair), taken=[LEADS[:6]])
    np.testing.assert_allclose(found.signal[:, :6], signal[:, :6], atol=1e-5)
    assert found.absent.tolist() == [False] * 6 + [True] * 6


@pytest.mark.parametrize("form", WRITERS)
def test_every_reader_takes_fewer_leads(tmp_path, signal, form):
    names = ("V5", "I", "II")
    path = WRITERS[form](tmp_path, signal[:, positions(names)], names=names)
    found = recordings.read(path, units="mV", taken=[names])
    np.testing.assert_allclose(found.signal[:, positions(names)], signal[:, positions(names)], atol=6e-4)


def test_windows_of_another_rate_leave_absent_leads_out(write, signal, tmp_path):
    np.savez(tmp_path / "b.npz", signal=np.repeat(signal[:, :1], 5, axis=0), leads=["I"], rate=500, units="mV")
    windows = recordings.windows(recordings.read(tmp_path / "b.npz", taken=[["I"]]))
    assert np.isfinite(windows[..., 0]).all() and np.isnan(windows[..., 1:]).all()


def test_one_good_lead_has_no_quality_warning_and_a_flat_one_has_its_own(write, signal):
    assert recordings.quality_warnings(recordings.read(write("I"), taken=[["I"]])) == []
    signal[:, 0] = 0
    assert recordings.quality_warnings(recordings.read(write("I"), taken=[["I"]])) == ["flat: I"]


def test_the_law_of_the_limb_leads_holds_where_three_are_there(write, signal):
    signal[:, 2] *= -1
    found = recordings.quality_warnings(recordings.read(write("I", "II", "III"), taken=[["I"]]))
    assert any("Einthoven" in warning for warning in found)


def test_statements_are_found_at_their_thresholds_and_never_without_one(models, write):
    (found,) = prediction.classify([write(*LEADS)], released.choose(where=models, statements=True))
    rows = [(row["code"], round(row["probability"], 3), row["threshold"], row["found"]) for row in found.statements]
    assert rows == [("AFIB", 0.9, 0.5, True), ("2AVB", 0.8, None, False), ("CLBBB", 0.2, 0.5, False)]
    assert (found.model, found.findings, list(found.probabilities)) == (STATEMENTS, (), list(CLASSES))


def test_every_statement_of_ptb_xl_has_a_name_and_a_group():
    table = statements.table()
    assert len(table) == len({row["name"] for row in table.values()}) == 71
    groups = ["normal", "rhythm", "conduction", "infarction", "ST-T", "hypertrophy", "form"]
    assert list(statements.by_group(table.values())) == groups


def test_json_has_a_row_for_each_statement(predict, write):
    row = json.loads(predict(write(*LEADS), "--json", "--statements").stdout)
    assert row["model"] == STATEMENTS
    expected = {"code": "AFIB", "group": "rhythm", "name": "atrial fibrillation"}
    assert row["statements"][0] == expected | {"probability": 0.9, "threshold": 0.5, "found": True}


def test_csv_has_a_column_for_each_statement_and_those_that_were_found(predict, write):
    (row,) = csv.DictReader(io.StringIO(predict(write(*LEADS), "--csv", "--statements").stdout))
    assert (row["SCP AFIB"], row["SCP 2AVB"], row["statements"]) == ("0.9000", "0.8000", "atrial fibrillation")
    (row,) = csv.DictReader(io.StringIO(predict(write("I"), "--csv").stdout))
    assert row["model"] == ONE and "statements" not in row


def test_the_terminal_lists_what_was_found_by_group_and_names_the_models(predict, write):
    lines = predict(write(*LEADS), "--statements").stdout.splitlines()
    assert "a: rhythm: atrial fibrillation 0.90" in lines
    assert "a: no threshold, probability only: second-degree AV block 0.80" in lines
    assert ONE in predict(write("I")).stdout


def test_parquet_has_the_statements(predict, write, tmp_path):
    assert predict(write(*LEADS), "--statements", "--out", tmp_path / "a.parquet").exit_code == 0
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (row["model"], row["statements"]) == (STATEMENTS, ["atrial fibrillation"])
    assert row["SCP CLBBB"] == pytest.approx(0.2, abs=1e-6)
    models = json.loads(pq.read_schema(tmp_path / "a.parquet").metadata[b"models"])
    assert models[STATEMENTS]["thresholds"]["SCP AFIB"] == 0.5 and "SCP 2AVB" not in models[STATEMENTS]["thresholds"]


def test_reports_show_statements_and_the_leads_that_there_are(predict, write, tmp_path):
    assert predict(write(*LEADS), "--statements", "--report", tmp_path / "a.html").exit_code == 0
    assert "atrial fibrillation" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert predict(write("I", "II", "V5"), "--report", tmp_path / "b.html").exit_code == 0
    text = (tmp_path / "b.html").read_text(encoding="utf-8")
    assert ">V5<" in text and ">V1<" not in text and "nan" not in text


def test_a_calibration_is_refused_with_statements(models, tmp_path):
    with pytest.raises(InputError, match="no offsets for statements"):
        site_calibration.apply(tmp_path / "calibration.json", released.load(STATEMENTS, models, statements=True))


def test_statements_need_a_model_that_has_them(models):
    with pytest.raises(InputError, match="no statements"):
        released.choose(ONE, models, statements=True)


def test_firmware_never_predicts_a_label_without_a_threshold():
    entry = {"temperature": 1.0, "thresholds": [0.5, None]}
    _, thresholds = fixed_point.output_tables(Quantization(1 / 256, -128), entry)
    assert thresholds.tolist() == [0, 128]  # more than an int8 holds


def test_the_card_names_the_leads_and_counts_other_labels(models):
    assert "Input: I II in mV" in html_report.card(released.load(TWO, models))[1]
    assert "4 other labels" in html_report.card(released.load(STATEMENTS, models, statements=True))[2]


def test_the_page_names_every_field_of_the_outputs(models, write, project):
    (found,) = prediction.classify([write(*LEADS)], released.choose(where=models, statements=True))
    page = (project / "book" / "formats.md").read_text(encoding="utf-8")
    assert [field for field in (*found.row(), *found.statements[0]) if f"`{field}`" not in page] == []
