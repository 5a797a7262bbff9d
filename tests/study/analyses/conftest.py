"""A study of small networks with made-up histories and scores: every analysis runs on it within seconds."""

import json
import zlib
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock

from ecglib.evaluation.scores import Scores
from ecglib.networks import build, convnet, weights
from ecglib.networks.architectures import COMPACT_NETWORK, REFERENCE_NETWORKS
from ecglib.study import results
from ecglib.study.analyses import frontier, frontier_conclusions, int8, quantization_options
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecglib.study.study import Study
from ecglib.training import lightning
from ecglib.training.runs import Run
from ecglib.training.scoring import predict
from ecgpredict.spec import CLASSES, Normalization

NORMALIZATION = {"mean": 0.0, "scale": 0.25}


class SmallStudy(Study):
    """A study whose finished runs were made beforehand."""

    @cached_property
    def records(self):
        return self.given

    def train(self, model, seed, *, progress=True):
        return Run(self.finished / model / f"seed{seed}")


def small_network(model: str, seed: int) -> convnet.ECGNet:
    """A network of two or three narrow blocks; pruned versions have fewer channels."""
    torch.manual_seed(zlib.crc32(f"{model} {seed}".encode()))
    channels = (4, 6) if "channels" in model else (6, 8, 10)
    network = convnet.ECGNet(channels)
    with torch.no_grad():
        network.train()(torch.randn(16, 12, 400))  # batch norms with statistics of their own
    return network.eval()


def write_run(folder, model, seed, dataset, settings) -> None:
    """A finished run as training leaves it: weights, scores of them, a history and a record."""
    folder.mkdir(parents=True)
    if model.startswith("quantization_replay"):
        network = convnet.build("quantization_aware")
    elif settings.network in (COMPACT_NETWORK, *REFERENCE_NETWORKS):
        torch.manual_seed(seed)
        network = build.build(settings.network, shape=settings.shape).eval()
    else:
        network = small_network(model, seed)
    lightning.save_weights(network, folder / weights.NAME)
    weights.fill(network, folder / weights.NAME)
    part = dataset.in_folds(9, 10)
    if model.startswith("quantization_replay"):
        score = np.random.default_rng(seed).random((len(part), len(CLASSES)), np.float32)
    else:
        score = predict(network, part, Normalization(**NORMALIZATION))
    Scores.from_dataset(part, seed, score).save(folder / "scores.npz")
    auc = np.linspace(0.7, 0.8, settings.epochs)
    history = {
        "epoch": range(settings.epochs),
        "train_loss": 1 - auc,
        "val_loss": 1 - auc,
        "val_auc": auc,
        "seconds": 1.0,
    }
    pd.DataFrame(history).to_csv(folder / "history.csv", index=False)
    record = {
        "model": model,
        "seed": seed,
        "settings": settings.model_dump(mode="json"),
        "weights": weights.NAME,
        "normalization": NORMALIZATION,
        **convnet.counts(network),
        "file_bytes": 5000,
        "compressed_bytes": 4000,
        "weights_sha256": f"{model}-{seed}",
        "seconds": float(settings.epochs),
        "precision": "32-true",
        "hardware": "a processor",
    }
    (folder / "run.json").write_text(json.dumps(record))


@pytest.fixture(scope="session")
def finished(sample, project, shared):
    """Finished runs of every torch model of the sample profile, two seeds of some; made by one worker for all."""
    folder = shared / "finished"
    profile = load_profile(project / "config" / "sample.yml")
    with FileLock(shared / "finished.lock"):
        for model, settings in profile.training.items():
            for seed in profile.seeds[model]:
                if not (folder / model / f"seed{seed}" / "run.json").is_file():
                    write_run(folder / model / f"seed{seed}", model, seed, sample, settings)
    return folder


def open_small_study(data, finished, project, folder) -> SmallStudy:
    profile = load_profile(project / "config" / "sample.yml").model_copy(update={"n_bootstrap": 50, "n_timing_runs": 1})
    study = SmallStudy(profile, Paths("sample", folder))
    vars(study).update(given=data, finished=finished)
    return study


@pytest.fixture(scope="session")
def study(sample, finished, project, tmp_path_factory) -> SmallStudy:
    return open_small_study(sample, finished, project, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def shuffled_study(sample, finished, project, tmp_path_factory) -> SmallStudy:
    """The same study with the labels of fold 10 shuffled among its records."""
    table = sample.table.copy()
    rows, names = (table["fold"] == 10).to_numpy(), list(CLASSES)
    order = np.random.default_rng(0).permutation(rows.sum())
    table.loc[rows, names] = table.loc[rows, names].to_numpy()[order]
    shuffled = replace(sample, table=table)
    return open_small_study(shuffled, finished, project, tmp_path_factory.mktemp("shuffled"))


INT8 = {"student_distilled_int8": "student_distilled", "student_int8": "student"}


@pytest.fixture(scope="session", autouse=True)
def few_options():
    """Three options to select from: each is a file to write and to score."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantization_options, "SELECTABLE", [*quantization_options.SELECTABLE[:2], "8 records"])
        yield


@pytest.fixture(scope="session")
def quantized(study):
    return int8.quantize(study, INT8)


@pytest.fixture(scope="session")
def quantized_shuffled(shuffled_study):
    return int8.quantize(shuffled_study, INT8)


@pytest.fixture(scope="session")
def students(study) -> frontier.Frontier:
    """Chapter 10's students as int8 files, and what it reads of other chapters."""
    for name in (*frontier.OUTSIDE, frontier_conclusions.PRUNED):
        source = "student_distilled" if name == frontier.RELEASED else "base_cnn"
        row = {"file_bytes": 500_000, "params": 400_000, "test_auc": 0.9}
        study.scores(source).save(study.paths.results / "scores" / f"{name}.npz")
        results.write_json(study.paths.results, name, {"row": row})
    return frontier.open_frontier(study)
