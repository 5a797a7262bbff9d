"""Publishing into a temporary checkout: what is copied and removed, and that an error leaves everything as it was."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from ecglib.book import publishing
from ecglib.study import results, workflow
from ecglib.study.study import Study, open_study
from ecgpredict import released

RUN, DROPPED, UNKNOWN = "student/seed0", "base_cnn_int8", "student/seed99"


@pytest.fixture
def study(project, tmp_path, monkeypatch) -> Study:
    """The full profile of a checkout with two runs, whose study was executed again: one model less, other cautions."""
    for name in ("config", "results"):
        shutil.copytree(project / name, tmp_path / name)
    for name in ("_toc.yml", "_config.yml", "README.md"):
        shutil.copy(project / name, tmp_path)
    for name in ("models", "notebooks", "book/chapters"):
        (tmp_path / name).mkdir(parents=True)
    released.copy_release(project / "models", tmp_path / "models")
    for name in (RUN, UNKNOWN):
        shutil.copytree(project / "models" / RUN, tmp_path / "models" / name)
    monkeypatch.chdir(tmp_path)
    opened = open_study("full")
    paths = opened.paths
    for name in opened.settings.registry.chapters:
        cells = [nbformat.v4.new_code_cell("1", execution_count=1)]
        executed = workflow.executed_chapter(opened, name)
        executed.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells), executed)
        (paths.chapters / f"{name}.ipynb").write_text("old")
    shutil.copytree(paths.published_results, paths.results)
    summary = results.summary(paths.results)
    summary[summary["model"] != DROPPED].to_csv(paths.results / "summary.csv", index=False)
    travel = results.read(paths.results, "travel")
    results.write_json(paths.results, "travel", travel | {"trust": ["Only a **new** one."]})
    for name in (f"{DROPPED}.json", f"scores/{DROPPED}.npz"):
        (paths.results / name).unlink()
    released.copy_release(paths.models, paths.released)
    manifest = json.loads((paths.released / released.MANIFEST).read_text())
    manifest["models"]["ecg_new"] = manifest["models"].pop(released.microcontroller(paths.models))
    (paths.released / released.MANIFEST).write_text(json.dumps(manifest))
    shutil.copytree(paths.models / RUN, paths.artifacts / RUN)
    (paths.artifacts / RUN / "history.csv").write_text("new")
    monkeypatch.setattr(publishing.book, "readme_figure", lambda paths: None)  # drawing takes long
    monkeypatch.setattr(
        publishing.subprocess, "run", lambda *_, **__: (tmp_path / "results/full/ledger").write_text("")
    )
    return opened


def committed(study) -> dict[Path, bytes]:
    """Everything in the checkout but what a run of the study makes; its content by path."""
    files = [path for path in study.paths.root.rglob("*") if path.is_file()]
    made = (study.paths.root / "_build", study.paths.root / "artifacts")
    return {path: path.read_bytes() for path in files if not any(path.is_relative_to(folder) for folder in made)}


def test_what_a_run_made_replaces_what_was_committed(study):
    paths, before = study.paths, committed(study)
    publishing.publish(study)
    after = committed(study)
    removed = {path.relative_to(paths.root).as_posix() for path in before.keys() - after.keys()}
    run = {f"models/{UNKNOWN}/{path.name}" for path in (paths.models / RUN).iterdir()}
    assert removed == {f"results/full/{DROPPED}.json", f"results/full/scores/{DROPPED}.npz"} | run
    assert after[paths.models / RUN / "history.csv"] == b"new"
    assert json.loads(after[paths.models / released.MANIFEST])["cautions"][1:] == ["Only a new one."]
    assert DROPPED not in set(results.summary(paths.published_results)["model"])
    for name in study.settings.registry.chapters:
        assert nbformat.reads(after[paths.chapters / f"{name}.ipynb"].decode(), 4).cells[-1].source == "1"
    assert b"**ecg_new**" in after[paths.root / "README.md"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [(publishing.shutil, "copytree"), (publishing.runs, "export_run"), (publishing.released, "set_cautions")],
)
def test_after_an_error_everything_is_as_before(study, monkeypatch, owner, name):
    def full(*arguments, **keywords):
        raise OSError("disk full")

    before = committed(study)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, full)
        with pytest.raises(OSError, match="disk full"):
            publishing.publish(study)
    assert committed(study) == before
