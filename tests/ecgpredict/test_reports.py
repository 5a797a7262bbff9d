"""Reports of predictions: names that are unique and safe to print on a terminal."""

from pathlib import Path

import numpy as np
import pytest

from ecgpredict import reports
from ecgpredict.prediction import Prediction
from ecgpredict.released import ReleasedModel
from ecgpredict.spec import CLASSES, Normalization

MODEL = ReleasedModel("student", Path("student.onnx"), Normalization(0.0, 1.0), 1.0, np.full(5, 0.5))


def classified(path, *quality_warnings):
    return Prediction(Path(path), dict.fromkeys(CLASSES, 0.25) | {"MI": 0.75}, ("MI",), 1, quality_warnings)


def console(monkeypatch, capsys, *predictions):
    monkeypatch.setenv("COLUMNS", "120")
    report = reports.ConsoleReport([MODEL])
    for prediction in predictions:
        report.add(prediction)
    report.close()
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ["[x1]", "[bold]a", ":heart:", "[red]"])
def test_a_name_that_looks_like_markup_is_shown_as_it_is(monkeypatch, capsys, name):
    out = console(monkeypatch, capsys, classified(f"{name}x.csv", "flat: V1"))
    assert f" {name}x (!)" in out and f"(!) {name}x: flat: V1" in out


def test_equal_names_in_different_folders_are_distinguished(monkeypatch, capsys):
    out = console(
        monkeypatch, capsys, classified("/data/a/1.csv"), classified("/data/b/1.csv"), classified("/data/2.csv")
    )
    assert "a/1.csv" in out and "b/1.csv" in out
    assert " 2 " in out


def test_equal_names_of_different_formats_are_distinguished():
    assert reports.display_names([Path("1.csv"), Path("1.hea")]) == ["1.csv", "1.hea"]


def test_the_same_recording_given_twice_has_one_name():
    assert reports.display_names([Path("1.csv"), Path("1.csv")]) == ["1", "1"]


@pytest.mark.parametrize(("name", "shown"), [("a\x1b[31m", r"a\x1b[31m"), ("a\nb", r"a\nb"), ("a\udcff", r"a\udcff")])
def test_control_characters_and_undecodable_bytes_are_escaped(name, shown):
    assert reports.printable(Path(name)) == shown
    assert reports.display_names([Path(name)]) == [shown]
