"""The cells of every notebook run on the small study, in the order in which chapters read each other's results."""

import ast
import copy
import hashlib
from pathlib import Path

import jupytext
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch import nn

from ecglib.compression import onnx_files, pruning
from ecglib.data import ludb_rules
from ecglib.evaluation import calibration
from ecglib.evaluation.resampling import Resampling
from ecglib.networks import compact, convnet
from ecglib.networks.architectures import CompactShape
from ecglib.study import release, reporting, results, speeds
from ecglib.study import study as studies
from ecglib.study.profile import load_profile
from ecgpredict import released, site_calibration
from ecgpredict.spec import CLASSES, apply_temperature

SOURCES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


class Notebooks:
    """The notebooks of a checkout, executed in this process on a study that is open already.

    Parameters
    ----------
    study : a study whose root holds the notebooks; what chapters write goes into its folders
    """

    def __init__(self, study):
        self.study, self.executed = study, {}

    def run(self, name: str) -> dict:
        """A notebook's variables after its last cell; notebooks whose results it reads are executed before it."""
        if name not in self.executed:
            chapter = self.study.settings.registry.chapters[name]
            for other in self._chapters_with_results() if chapter.results_only else chapter.reads:
                self.run(other)
            if chapter.results_only:
                self._summarize()
            self.executed[name] = self._execute(self.study.paths.root / "notebooks" / f"{name}.py")
        return self.executed[name]

    def _chapters_with_results(self) -> list[str]:
        chapters = self.study.settings.registry.chapters.items()
        return [name for name, chapter in chapters if not chapter.results_only and not chapter.sample_only]

    def _summarize(self) -> None:
        reporting.write_summary(self.study)
        speeds.update(self.study.paths.results)
        results.write_environment(self.study.paths.results, self.study.records)

    def _execute(self, source: Path) -> dict:
        variables = {"__name__": "__main__"}
        for number, cell in enumerate(jupytext.read(source).cells):
            tags = cell.metadata.get("tags", [])
            if cell.cell_type == "code" and "standalone" not in tags:
                run_cell(cell.source, f"{source.name}, cell {number}", variables)
            if "parameters" in tags:
                variables["profile"] = self.study.settings.name
        plt.close("all")
        return variables


def run_cell(source: str, name: str, variables: dict) -> None:
    """Execute a cell, and render what its last line shows as Jupyter would."""
    *statements, last = ast.parse(source).body or [None]
    shown = isinstance(last, ast.Expr)
    body = ast.Module([*statements, *([last] if last and not shown else [])], [])
    exec(compile(body, name, "exec"), variables)
    if shown:
        value = eval(compile(ast.Expression(last.value), name, "eval"), variables)
        for method in ("_repr_html_", "_repr_markdown_"):
            getattr(value, method, lambda: None)()


def exporting_once(to_onnx):
    """The exporter, which copies the file of a network that was exported before: each export takes a second."""
    written = {}

    def export(network, path, *, fold=True):
        state = [value.detach().numpy().tobytes() for value in network.state_dict().values()]
        key = hashlib.sha256(b"".join([repr((network, fold)).encode(), *state])).digest()
        if key not in written:
            written[key] = to_onnx(network, path, fold=fold).read_bytes()
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(written[key])
        return Path(path)

    return export


@pytest.fixture(scope="module")
def notebooks(chapters_study):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_files, "to_onnx", exporting_once(onnx_files.to_onnx))
        matplotlib.use("agg")
        patch.chdir(chapters_study.paths.root)
        patch.setattr(studies, "open_study", lambda profile: chapters_study)
        yield Notebooks(chapters_study)


def test_the_beats_of_chapter_1_are_cut_around_their_steepest_part(notebooks):
    pulses = np.zeros((1000, 12))
    pulses[[100, 180, 300, 985]] = 1  # the last beat is cut off by the end of the record
    beats = notebooks.run("01_dataset")["beats_of"](pulses)
    assert beats.shape == (3, 85, 12)
    assert np.abs(beats[:, :, 0].argmax(axis=1) - 35).max() <= 1


@pytest.mark.parametrize("name", [source.stem for source in SOURCES])
def test_every_cell_runs(notebooks, name):
    assert notebooks.run(name)["profile"] == "sample"


def test_the_average_precision_of_chapter_7_is_scikit_learns(notebooks):
    """On scores with ties, as integers give them."""
    average_precision = notebooks.run("07_results")["average_precision"]
    rng = np.random.default_rng(0)
    labels = rng.random(300) < 0.3
    score = np.round(labels + rng.normal(0, 1, 300), 1)
    assert average_precision(labels, score) == pytest.approx(average_precision_score(labels, score))
    twice = np.repeat(np.arange(300), 2)
    assert average_precision(labels, score, 2.0) == pytest.approx(average_precision(labels[twice], score[twice]))


@pytest.mark.parametrize("network", ["base CNN", "small CNN"])
def test_chapter_2_writes_out_the_packages_networks(notebooks, network):
    chapter = notebooks.run("02_base_cnn")
    widths = chapter["widths"][network]
    written, packaged = chapter["ConvNet"](widths).eval(), convnet.ECGNet(widths).eval()
    written.load_state_dict(packaged.state_dict())
    x = torch.randn(2, 12, 1000)
    torch.testing.assert_close(written(x), packaged(x))


def test_chapter_2_writes_out_the_studys_settings(notebooks, project):
    settings = load_profile(project / "config" / "full.yml").training["base_cnn"]
    written = notebooks.run("02_base_cnn")["settings"]
    assert written == {name: getattr(settings, name) for name in written}


def test_chapter_2_resamples_patients_as_the_package_does(notebooks):
    chapter = notebooks.run("02_base_cnn")
    by_hand, by_package = (chapter[name].to_dict() for name in ("by_hand", "by_package"))
    assert by_hand == pytest.approx(by_package)


def test_chapter_5_quantizes_as_the_package_does(notebooks):
    chapter = notebooks.run("05_quantization")
    declared = chapter["files"][next(iter(chapter["selectable"]))]
    record = np.random.default_rng(0).standard_normal((4, 1000, 12)).astype(np.float32)
    np.testing.assert_array_equal(*(onnx_files.predict(path, record) for path in (chapter["int8_file"], declared)))


def test_chapter_5_computes_a_convolution_in_integers(notebooks):
    chapter = notebooks.run("05_quantization")
    weight, window = chapter["weight"][0], chapter["window"]
    scale_w, scale_x = float(chapter["scale_w"]), float(chapter["scale_x"])
    largest = (weight.abs() * scale_x + window.abs() * scale_w + scale_w * scale_x).sum() / 2  # half a step each
    assert abs(chapter["total"] * scale_w * scale_x - (weight * window).sum()) < largest


def test_chapter_11_writes_what_other_pages_say_of_the_default_model(notebooks):
    chapter = notebooks.run("11_travel")
    travel = results.read(notebooks.study.paths.results, "travel")
    assert travel["model"] == released.default(notebooks.study.paths.released)
    assert travel["trust"] == chapter["trust"]
    assert set(travel["auc"]) == {"home", *ludb_rules.RULES}
    assert set(travel["files"]) == {travel["model"], travel["microcontroller"]}
    assert {key for measured in travel["files"].values() for key in measured} == {"test_auc", "auc_change"}


def test_a_mistake_of_chapter_11_is_one_by_every_rule(notebooks):
    chapter = notebooks.run("11_travel")
    for k in chapter["three"]:
        recording = chapter["worst"][k]
        decided = chapter["probability"][recording, k] >= chapter["model"].thresholds[k]
        if chapter["confidence"][recording, k] > 0:
            assert {labels[recording, k] for labels in chapter["rules"].values()} == {float(not decided)}


def test_chapter_11_estimates_leads_that_follow_einthovens_law(notebooks):
    chapter = notebooks.run("11_travel")
    x = chapter["records"]
    estimated = chapter["with_leads"](x, ("I", "II", "V2"))
    np.testing.assert_array_equal(estimated[..., [0, 1, 7]], x[..., [0, 1, 7]])
    np.testing.assert_allclose(estimated[..., 2], x[..., 2], atol=0.02)


def test_chapter_11_fits_the_offsets_of_ecglib_calibrate(notebooks):
    random = np.random.default_rng(0)
    probability, labels = random.random((300, 5)), (random.random((300, 5)) < [0.02, 0.2, 0.5, 0.7, 0.99]).astype(float)
    labels[random.random(labels.shape) < 0.1] = np.nan
    offsets = notebooks.run("11_travel")["fit_offsets"](probability, labels)
    np.testing.assert_allclose(offsets, site_calibration.fit_offsets(probability, labels), atol=1e-5)


@pytest.fixture
def chapter_8(notebooks):
    return notebooks.run("08_frontier")


def test_chapter_8_writes_out_the_packages_network(chapter_8):
    packaged = compact.CompactNet(CompactShape(block="plain", widths=(8, 12, 16, 24), kernel=7)).eval()
    written = chapter_8["Compact"]().eval()
    written.load_state_dict(dict(zip(written.state_dict(), packaged.state_dict().values(), strict=True)))
    x = torch.randn(2, 12, 500)
    torch.testing.assert_close(written(x), packaged(x))


def test_chapter_8_pairs_trials_that_differ_in_one_thing(chapter_8):
    (pair,) = chapter_8["pairs"](1, "taught", "labels")  # the sample has two of 12 epochs
    assert pair == (("plain", "taught", 12), ("plain", "labels", 12))
    taught, labels = (chapter_8["trials"][key] for key in pair)
    expected = chapter_8["fold_9"].difference(taught, labels, pair_seeds=False)
    assert chapter_8["mean_difference"]([pair]).to_dict() == pytest.approx(expected.to_dict())


def test_chapter_8_selects_the_smallest_that_is_equivalent_to_the_best(chapter_8):
    default, small = (chapter_8["family"][role] for role in ("default", "microcontroller"))
    best, sizes = chapter_8["best"], chapter_8["sizes"]
    assert default["model"] == min([best, *chapter_8["equivalent"]], key=sizes.get)
    assert default["name"] != small["name"] or default == small


@pytest.fixture
def chapter_9(notebooks):
    return notebooks.run("09_statements")


def test_chapter_9_releases_a_network_for_statements_and_one_for_two_leads(chapter_9):
    variants = results.read(chapter_9["study"].paths.results, release.VARIANTS)
    assert [variants[role]["name"] for role in ("statements", "i_ii")] == ["ecg32_statements", "ecg32_i_ii"]


def test_chapter_10_writes_leads_and_labels_of_variants(notebooks):
    entries = notebooks.run("10_deployment")["described"]
    manifest = released.entries(notebooks.study.paths.released)
    for name, entry in entries.items():
        assert {key: manifest[name][key] for key in entry} == entry
        assert len(manifest[name]["thresholds"]) == len(entry["classes"])
    assert manifest["ecg32_i_ii"]["leads"] == ["I", "II"]
    assert len(manifest["ecg32_statements"]["classes"]) > len(CLASSES)


@pytest.fixture
def chapter_4(notebooks):
    return notebooks.run("04_pruning")


def test_chapter_4_sets_the_weights_to_zero_that_torch_would(chapter_4):
    network = chapter_4["small_cnn"]
    by_hand = chapter_4["prune_each_layer"](network, 0.3)
    by_torch = pruning.remove_masks(chapter_4["with_masks"](copy.deepcopy(network), 0.3))
    for layer, expected in zip(*(pruning.prunable_layers(each).values() for each in (by_hand, by_torch))):
        assert torch.equal(layer.weight, expected.weight)


def test_chapter_4_removes_a_channel_with_all_that_belongs_to_it(chapter_4):
    network = chapter_4["base_cnn"].eval()
    smaller, silenced = chapter_4["without_channel"](network, 5, 2), copy.deepcopy(network)
    with torch.no_grad():
        silenced.features[6].weight[2] = silenced.features[6].bias[2] = 0
        x = torch.randn(2, 12, 1000)
        torch.testing.assert_close(smaller(x), silenced(x), atol=1e-6, rtol=0)
    first, second, *others = (layer.out_channels for layer in network.features if isinstance(layer, nn.Conv1d))
    expected = convnet.ECGNet((first, second - 1, *others)).state_dict()
    assert {name: values.shape for name, values in smaller.state_dict().items()} == {
        name: values.shape for name, values in expected.items()
    }


def test_chapter_10_calibrates_as_the_package_does(notebooks):
    """On probabilities in steps of 1/256, as integers give them."""
    chapter, rng = notebooks.run("10_deployment"), np.random.default_rng(0)
    score = rng.integers(1, 256, (3000, 5)) / 256
    labels = rng.random(score.shape) < score**2
    temperature = chapter["fit_temperature"](score, labels)
    assert temperature == pytest.approx(calibration.fit_temperature(score, labels))
    warmer = chapter["with_temperature"](score, temperature)
    np.testing.assert_allclose(warmer, apply_temperature(score, temperature))
    thresholds = [chapter["best_f1"](*columns) for columns in zip(warmer.T, labels.T)]
    np.testing.assert_allclose(thresholds, calibration.choose_thresholds(warmer, labels))
    assert chapter["calibration_error"](warmer, labels) == pytest.approx(
        calibration.expected_calibration_error(warmer, labels)
    )
    (slope,), _ = calibration.calibration_slopes(warmer[None], labels, Resampling(np.arange(3000), 1))
    assert chapter["slope"](warmer, labels) == pytest.approx(slope, rel=1e-3)


def test_a_findings_columns_name_their_networks(chapter_4):
    table = reporting.by_superclass(chapter_4["study"], "Pruning")
    columns = ["superclass", "as reported", "replayed", "like for like", "done right"]
    assert [name.split(":")[0] for name in table.columns] == columns
    assert "Student, 20 % of weights pruned" in table.columns[3]
