"""Results: what is written, and consistency of the published ones."""

import dataclasses
import json
import subprocess
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import command

from ecglib.book import book, chapters
from ecglib.evaluation import metrics
from ecglib.evaluation.bootstrap import auc_estimates
from ecglib.evaluation.resampling import Resampling
from ecglib.evaluation.scores import Scores, labels_for
from ecglib.study import reporting, results
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecgpredict import released


@pytest.fixture
def written(scored, sample, tmp_path):
    """The content of base_cnn.json, written into tmp_path from the scores."""
    study = SimpleNamespace(
        paths=SimpleNamespace(results=tmp_path),
        data=sample,
        settings=SimpleNamespace(n_bootstrap=50),
        model=lambda name: SimpleNamespace(chapter="02_base_cnn"),
    )
    numbers = {"counts": {"params": 10, "nonzero_params": 9}, "file_bytes": 100}
    latency = {"latency_ms": 1.0, "latency_vs_float32": 1.0}
    return reporting.write(study, "base_cnn", scored, framework="torch", **numbers, **latency)


@pytest.fixture(scope="session")
def published(project):
    return Paths("full", project)


def published_models(project):
    return pd.read_csv(project / "results" / "full" / "summary.csv")["model"].tolist()


def test_a_models_metrics_are_computed_from_its_scores(written, scored, sample):
    row = written["row"]
    y_true = labels_for(scored, sample)[scored.fold == 10]
    each = [metrics.macro_auc(y_true, score) for score in scored.for_fold(10).score]
    assert row["test_auc"] == pytest.approx(np.mean(each))
    assert row["seed_sd"] == pytest.approx(np.std(each, ddof=1))
    assert row["test_auc_low"] < row["test_auc"] < row["test_auc_high"]
    assert (row["seeds"], row["reported_auc"], row["reported_params"]) == (2, 0.934, 6_522_555)


def test_intervals_are_over_patients(scored, sample):
    """Where all records are one patient's, every resample has them all, and one seed's interval no width."""
    scored = Scores(scored.ecg_id, scored.fold, scored.seed[:1], scored.score[:1])
    of_one = dataclasses.replace(sample, table=sample.table.assign(patient_id=1))
    macro = results.compute_metrics(scored, of_one, resamples=50)["classes"]["macro"]
    assert macro["low"] == pytest.approx(macro["value"]) == macro["high"]


def test_a_value_that_differs_from_its_scores_is_named(written, sample, tmp_path):
    path = tmp_path / "base_cnn.json"
    stored = json.loads(path.read_text())
    stored["classes"]["MI"]["value"] += 0.01
    stored["fingerprint"] = "0" * 16
    path.write_text(json.dumps(stored))
    _, different = results.evaluate(tmp_path, "base_cnn", sample)
    assert [line.split(":")[0] for line in different] == ["MI, value", "data"]


@pytest.mark.parametrize(("change", "status"), [(0.0, 0), (1e-6, 1)])
def test_evaluate_ends_with_status_1_if_a_value_differs(written, sample, tmp_path, monkeypatch, change, status):
    stored = results.read(tmp_path, "base_cnn")
    stored["classes"]["macro"]["value"] += change
    results.write_json(tmp_path, "base_cnn", stored)
    study = SimpleNamespace(paths=SimpleNamespace(published_results=tmp_path), data=sample)
    monkeypatch.setattr("ecglib.cli.study.open_profile", lambda profile: study)
    done = command("evaluate", "base_cnn")
    assert (done.exit_code, "macro, value" in done.stderr) == (status, bool(status))


def test_a_seed_that_is_missing_from_the_scores_is_named(written, scored, sample, tmp_path):
    Scores(scored.ecg_id, scored.fold, scored.seed[:1], scored.score[:1]).save(tmp_path / "scores" / "base_cnn.npz")
    _, different = results.evaluate(tmp_path, "base_cnn", sample)
    assert any(line.startswith("seed 1, test_auc: stored") for line in different)


def test_published_rows_are_those_of_the_models_files(published):
    summary = results.summary(published.published_results)
    for row in summary.to_dict("records"):
        stored = results.read(published.published_results, row["model"])["row"]
        assert {k: v for k, v in stored.items() if isinstance(v, str | int)}.items() <= row.items()
        assert row["test_auc"] == pytest.approx(stored["test_auc"], abs=1e-6)


def test_published_scores_cover_the_folds_of_the_contract(published, project):
    profile = load_profile(published.config)
    for model in published_models(project):
        scores = Scores.load(published.published_results / "scores" / f"{model}.npz")
        assert [(scores.fold == fold).sum() for fold in (9, 10)] == [2_146, 2_158]
        if model in profile.seeds:
            assert tuple(scores.seed.tolist()) == profile.seeds[model]


@pytest.mark.slow
def test_published_aucs_are_recomputed_from_scores_and_labels(published, ptbxl, project):
    n_bootstrap = load_profile(published.config).n_bootstrap
    for model in published_models(project):
        scores = Scores.load(published.published_results / "scores" / f"{model}.npz")
        y_true, test = labels_for(scores, ptbxl)[scores.fold == 10], scores.for_fold(10)
        patients = ptbxl.table.loc[test.ecg_id, "patient_id"].to_numpy()
        estimates = auc_estimates(y_true, test.score, Resampling(patients, n_bootstrap))
        stored = results.read(published.published_results, model)["classes"]
        for name, estimate in estimates.items():
            assert vars(estimate) == pytest.approx(stored[name], abs=1e-9), (model, name)


def test_published_chapters_are_complete_and_from_their_profile(published, project):
    declared = load_profile(published.config).registry.chapters
    for name in book.chapter_names(project):
        notebook = nbformat.read(published.chapters / f"{name}.ipynb", as_version=4)
        chapters.check(notebook, name)
        profile = "sample" if declared[name].sample_only else "full"
        assert notebook.metadata["papermill"]["parameters"] == {"profile": profile}


def test_published_chapters_have_the_cells_of_their_sources(project):
    import jupytext

    for source in (project / "notebooks").glob("*.py"):
        executed = nbformat.read(project / "book" / "chapters" / f"{source.stem}.ipynb", as_version=4)
        added = {chapters.INJECTED, chapters.STANDALONE}
        own = [c for c in executed.cells if not added & set(c.metadata.get("tags", []))]
        assert [c.source for c in own] == [c.source for c in jupytext.read(source).cells], source.stem


def test_every_chapter_is_in_the_table_of_contents(project):
    assert set(book.chapter_names(project)) == {source.stem for source in (project / "notebooks").glob("*.py")}


def test_the_readme_shows_the_published_tables(published):
    readme = (published.root / "README.md").read_text(encoding="utf-8")
    assert book.readme(published) == readme


def test_no_record_of_ptbxl_is_committed(project):
    if not (project / ".git").exists():
        pytest.skip("not a git checkout")
    files = subprocess.run(["git", "ls-files"], cwd=project, capture_output=True, text=True, check=True).stdout
    assert not [name for name in files.splitlines() if name.endswith((".dat", ".hea", "ptbxl_database.csv"))]


def test_published_files_contain_no_local_paths(published, project):
    texts = [
        *published.published_results.glob("*.json"),
        *published.chapters.glob("*.ipynb"),
        *project.glob("models/**/*.json"),
    ]
    for path in texts:
        content = path.read_text(encoding="utf-8")
        assert str(project) not in content and "/home/" not in content and "/root/" not in content, path
        if path.suffix == ".json":
            json.loads(content)


def test_the_cards_are_those_of_the_manifests_models(published):
    entries, cards = released.entries(published.models), results.read(published.published_results, results.CARDS)
    assert cards["default"] == released.default(published.models)
    assert cards["microcontroller"] == released.microcontroller(published.models)
    for name, card in cards["models"].items():
        thresholds = [row["threshold"] for row in card["superclasses"].values()]
        assert (entries[name]["thresholds"], entries[name]["student"]) == (thresholds, card["student"])
