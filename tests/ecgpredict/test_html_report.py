"""The report of a recording: complete, self-contained, escaped, and written where it was asked for."""

import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from conftest import command

from ecgpredict import examples, html_report, paper, prediction, released
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS


def reported(folder, name, signal, model=None):
    """The prediction of a recording, and the page of its report."""
    model = model or released.load()
    np.savez(folder / name, signal=signal, rate=100, units="mV")
    (found,) = prediction.classify([folder / name], model)
    html_report.write(folder / "out.html", found, model)
    return found, (folder / "out.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    flat = examples.signals()["hypertrophy"]
    flat[:, LEADS.index("V3")] = 0
    return reported(tmp_path_factory.mktemp("report"), "<b>&x.npz", flat)


def test_it_has_probabilities_thresholds_decisions_and_quality_flags(report):
    found, html = report
    model, rows = released.load(), BeautifulSoup(html, "html.parser").select("tbody tr")
    for row, name, threshold in zip(rows, CLASSES, model.thresholds, strict=True):
        cells = [cell.get_text(strip=True) for cell in row.find_all(["th", "td"])]
        decision = "found" if name in found.findings else "not found"
        expected = [f"{found.probabilities[name]:.2f}", f"{threshold:.2f}", decision]
        assert (cells[0], cells[-3:]) == (name, expected)
    assert "flat: V3" in html and "Not a medical device" in html


def test_the_ecg_has_the_scale_of_ecg_paper(report):
    """An SVG whose user units are millimetres: 10 s are 250 mm, 1 mV is 10 mm."""
    svg = BeautifulSoup(report[1], "html.parser").select("section svg")[0]
    assert svg["viewbox"].split()[2:] == [svg["width"].removesuffix("mm"), svg["height"].removesuffix("mm")]
    rhythm = np.array([point.split(",") for point in svg.select("polyline")[12]["points"].split()], float)
    assert rhythm[-1, 0] - rhythm[0, 0] == pytest.approx(250 * 999 / 1000)
    assert np.ptp(rhythm[:, 1]) == pytest.approx(10 * np.ptp(examples.signals()["hypertrophy"][:, 1]), abs=0.02)


def test_each_superclass_has_a_map_over_all_leads(report):
    drawn = BeautifulSoup(report[1], "html.parser").select(".maps svg")
    assert [one["aria-label"].split(":")[0].split()[-1] for one in drawn] == list(CLASSES)
    assert drawn[CLASSES.index("NORM")].select("rect")
    assert len(paper.cells(12, 10)) == 120


def test_a_probability_that_no_single_piece_changes_is_said_so():
    flat = html_report.render_map("MI", np.zeros((12, 10)), 0.05, LEADS)
    assert (flat["cells"], flat["flat"]) == ([], True)


def test_a_file_name_is_text_and_nothing_is_loaded(report):
    html = report[1]
    assert "&lt;b&gt;&amp;x.npz" in html and "<b>" not in html
    assert not re.search(r"<(script|img|link|iframe)|https?:|url\((?!#)", html)


def test_a_long_recording_shows_the_window_with_what_was_found(tmp_path):
    made = examples.signals()
    found, html = reported(tmp_path, "long.npz", np.concatenate([made["normal"], made["infarction"]]))
    expected = "10 to 20 s" if "MI" in found.findings else "0 to 10 s"
    assert f"Shown: {expected}" in html


def test_several_recordings_get_a_file_each_in_a_folder(tmp_path):
    paths = [tmp_path / name for name in ("a/1.hea", "b/1.hea", "x?.csv", "x*.csv", "a/1.hea")]
    found = html_report.targets(tmp_path / "out", paths)
    assert [path.name for path in found] == ["a_1.hea.html", "b_1.hea.html", "x_.html", "x_-2.html", "a_1.hea.html"]
    with pytest.raises(InputError, match="one report file for several recordings"):
        html_report.targets(tmp_path / "out.html", paths)


def test_the_command_writes_a_report_of_each_recording_that_it_could_read(tmp_path):
    examples.write(tmp_path / "in")
    (tmp_path / "in" / "empty.csv").touch()
    done = command("predict", tmp_path / "in", "--report", tmp_path / "out", "--units", "mV", "--jobs", 1)
    assert done.exit_code == 1, done.output
    read = {"normal", "infarction", "hypertrophy", "eight_leads"}
    assert {path.stem for path in (tmp_path / "out").iterdir()} == read


def test_it_says_when_to_trust_the_model_where_the_manifest_does(tmp_path):
    released.copy_release(released.folder(), tmp_path)
    released.set_cautions(tmp_path, ["Calibrate on your own <recordings>."])
    _, html = reported(tmp_path, "a.npz", examples.signals()["hypertrophy"], released.load(None, tmp_path))
    cautions = BeautifulSoup(html, "html.parser").select(".cautions li")
    assert [one.get_text() for one in cautions] == ["Calibrate on your own <recordings>."]
