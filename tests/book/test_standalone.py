"""A chapter outside a checkout: it says in one sentence what to get, or finds the study and goes on."""

import json
import os
from copy import deepcopy

import nbformat
import papermill
import pytest

from ecglib.book import chapters, standalone
from ecglib.study import workflow
from ecglib.study.paths import PROJECT_VARIABLE, Paths
from ecgpredict.errors import StudyError

REPOSITORY = {"url": "https://github.com/OWNER/NAME", "branch": "main"}
GET = "get a checkout of it and run `make lab` there."
# the other project of that name, as PyPI would install it; without its second line, the editable installation of these
# tests' environment would supply the modules that it lacks
OTHER = "import sys\nsys.modules['ecglib.book'] = None\n"
CLONE = "get a checkout of it (`git clone https://github.com/OWNER/NAME`) and run `make lab` there."


def code(source: str, count: int | None, *tags: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(source, execution_count=count, metadata={"tags": list(tags)})


@pytest.fixture
def executed():
    """A chapter as papermill leaves it."""
    cells = [
        nbformat.v4.new_markdown_cell("# A trial"),
        code('profile = "sample"', 1, "parameters"),
        code('profile = "full"', 2, chapters.INJECTED),
        code("1 + 1", 3),
    ]
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "papermill": {"parameters": {"profile": "full"}},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def test_a_chapter_for_readers_begins_with_its_own_profile_after_the_cell_that_finds_the_study(executed):
    title, first, *others = standalone.convert(executed, "05_trial", {}).cells
    nbformat.validate(executed)
    assert title.source == "# A trial"
    assert first.source.endswith('standalone.prepare("05_trial")')
    assert {"standalone", "remove-cell"} == set(first.metadata.tags), "pages do not show it"
    assert [cell.source for cell in others] == ['profile = "sample"', "1 + 1"]


def test_converting_again_changes_nothing_but_the_repository(executed):
    once = json.dumps(standalone.convert(executed, "05_trial", REPOSITORY))
    assert json.dumps(standalone.convert(executed, "05_trial", REPOSITORY)) == once
    assert REPOSITORY["url"] not in json.dumps(standalone.convert(executed, "05_trial", {}))


def test_a_converted_chapter_still_proves_that_it_ran_in_order(executed):
    chapters.check(standalone.convert(executed, "05_trial", {}), "05_trial")
    executed.cells[-1].execution_count = None
    with pytest.raises(chapters.ChapterError, match="in order"):
        chapters.check(executed, "05_trial")


def test_colab_gets_the_published_branch_and_nothing_is_fetched_elsewhere(executed):
    first = standalone.convert(executed, "05_trial", REPOSITORY | {"branch": "book"}).cells[1].source
    lines = first.splitlines()
    condition = next(number for number, line in enumerate(lines) if line.startswith('if "google.colab" in'))
    clone = lines[condition + 1]
    assert clone == "    !git clone --quiet --depth 1 --branch book https://github.com/OWNER/NAME study"
    assert [line[:4] for line in lines if "git clone" in line and "!" in line] == ["    "]
    assert "google.colab" not in standalone.convert(executed, "05_trial", {}).cells[1].source


def run(notebook, folder, monkeypatch, *, path="") -> list:
    """The first cell's outputs in a new kernel; `path` is where its Python looks first."""
    monkeypatch.setenv("PYTHONPATH", str(path))
    monkeypatch.delenv(PROJECT_VARIABLE, raising=False)
    nbformat.write(notebook, folder / "download.ipynb")
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            folder / "download.ipynb", folder / "out.ipynb", cwd=folder, kernel_name="python3", progress_bar=False
        )
    cell = next(c for c in nbformat.read(folder / "out.ipynb", as_version=4).cells if "prepare(" in c.source)
    return cell.outputs


@pytest.mark.parametrize(
    ("package", "repository", "needed"),
    [(OTHER, {}, GET), (OTHER, REPOSITORY, CLONE), (None, {}, GET)],
    ids=["no package", "no package, with an address", "the package alone"],
)
def test_without_the_study_the_chapter_stops_with_one_sentence(
    project, executed, tmp_path, monkeypatch, package, repository, needed
):
    (site := tmp_path / "site").mkdir()
    if package:
        (site / "ecglib").mkdir()
        (site / "ecglib" / "__init__.py").write_text(package)
    else:
        (site / "ecglib").symlink_to(project / "ecglib")
    (error,) = run(standalone.convert(executed, "05_trial", repository), tmp_path, monkeypatch, path=site)
    (sentence,) = error["traceback"]
    assert sentence.startswith("This chapter needs the study, not this notebook alone: ") and needed in sentence


def test_where_the_package_comes_from_a_checkout_the_chapter_goes_on(project, tmp_path, monkeypatch):
    prepared = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(PROJECT_VARIABLE, str(tmp_path))  # no checkout
    monkeypatch.setattr(workflow, "prepare", lambda study, chosen: prepared.append((study.paths, chosen)))
    standalone.prepare("05_quantization")
    assert prepared == [(Paths("sample", project), ["05_quantization"])]
    assert os.environ[PROJECT_VARIABLE] == str(project), "the chapter's own cells find it as well"


def test_a_preparation_that_failed_ends_the_chapter(project, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setattr(workflow, "prepare", lambda study, chosen: 1)
    with pytest.raises(StudyError, match="05_quantization could not be made"):
        standalone.prepare("05_quantization")


def test_committed_chapters_are_converted_for_the_repository_that_the_configuration_names(executed, tmp_path):
    paths = Paths("full", tmp_path)
    paths.chapters.mkdir(parents=True)
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/OWNER/NAME\n")
    nbformat.write(executed, paths.chapters / "05_trial.ipynb")
    (converted,) = standalone.convert_committed(paths)
    assert CLONE in nbformat.read(converted, as_version=4).cells[1].source


def test_buttons_open_chapters_that_can_get_the_study(project):
    """Whoever names the repository in _config.yml has to run `ecglib standalone` and commit the chapters."""
    repository, paths = standalone.published_repository(project), [*(project / "book" / "chapters").glob("*.ipynb")]
    assert len(paths) >= 11
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        assert standalone.convert(deepcopy(notebook), path.stem, repository) == notebook, path
