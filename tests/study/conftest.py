"""A study of small networks with made-up histories and scores: chapters run on it within seconds."""

import json
import zlib
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import shuffled_fold_10
from filelock import FileLock

from ecglib.evaluation.scores import Scores
from ecglib.networks import build, convnet, weights
from ecglib.networks.architectures import CHANNELS, COMPACT_NETWORK, KERAS_NETWORK, REFERENCE_NETWORKS
from ecglib.study import int8
from ecglib.study.paths import Paths
from ecglib.study.profile import load_profile
from ecglib.study.study import Study
from ecglib.training.runs import Run
from ecglib.training.scoring import predict
from ecgpredict.spec import CLASSES, Normalization

NORMALIZATION = {"mean": 0.0, "scale": 0.25}
NARROW = {  # channels, in as many blocks as the networks of these names have
    "base_cnn": (6, 8, 8, 10),
    "base_cnn_narrow": (3, 4, 4, 5),
    "student": (6, 8, 10),
    "quantization_aware": (6, 8, 10),
}


class SmallStudy(Study):
    """A study of networks without training; each run is written when it is first used."""

    @cached_property
    def records(self):
        return self.given

    def train(self, model, seed, *, progress=True):
        folder = self.finished / model / f"seed{seed}"
        settings = self.model(model).training
        with FileLock(self.finished / f"{model}_{seed}.lock"):
            if not (folder / "run.json").is_file():
                write_run(folder, model, seed, self.data_for(settings), settings)
        return Run(folder)


def small_network(model: str, seed: int, channels: tuple[int, ...]) -> convnet.ECGNet:
    """A narrow network; pruned versions have half the channels."""
    torch.manual_seed(zlib.crc32(f"{model} {seed}".encode()))
    network = convnet.ECGNet([count // 2 for count in channels] if "channels" in model else channels)
    with torch.no_grad():
        network.train()(torch.randn(16, 12, 400))  # batch norms with statistics of their own
    return network.eval()


def torch_network(model, seed, settings, outputs):
    """The network of a run: narrow in place of the original's, as declared where its shape is."""
    if model.startswith("quantization_replay"):
        return convnet.build("quantization_aware")
    if settings.network in (COMPACT_NETWORK, *REFERENCE_NETWORKS):
        torch.manual_seed(seed)
        shape, leads = {"shape": settings.shape, "padding": settings.padding}, len(settings.leads)
        return build.build(settings.network, **shape, outputs=outputs, leads=leads).eval()
    return small_network(model, seed, NARROW[settings.network])


def write_keras_network(folder, seed, part, normalization):
    """Write an Inception CNN; return its scores and counts of parameters."""
    from ecglib.networks import inception
    from ecglib.networks.keras_backend import keras
    from ecglib.training import keras_training

    keras.utils.set_random_seed(seed)
    network = inception.build()
    inception.save_weights(network, folder / weights.NAME)
    counts = {"params": network.count_params(), "nonzero_params": inception.nonzero(network)}
    return keras_training.predict(network, part, normalization), counts


def write_run(folder, model, seed, dataset, settings) -> None:
    """A finished run as training leaves it: weights, scores of them, a history and a record."""
    folder.mkdir(parents=True)
    part, normalization = dataset.in_folds(*settings.folds[1:]), Normalization(**NORMALIZATION)
    if settings.network == KERAS_NETWORK:
        score, counts = write_keras_network(folder, seed, part, normalization)
    else:
        network = torch_network(model, seed, settings, len(dataset.outputs))
        weights.save(network, folder / weights.NAME)
        weights.fill(network, folder / weights.NAME)
        score, counts = predict(network, part, normalization), convnet.counts(network)
    if model.startswith("quantization_replay"):
        score = np.random.default_rng(seed).random((len(part), len(CLASSES)), np.float32)
    Scores.from_dataset(part, seed, score).save(folder / "scores.npz")
    auc = np.linspace(0.7, 0.8, settings.epochs)
    history = {"train_loss": 1 - auc, "val_loss": 1 - auc, "val_auc": auc, "seconds": 1.0}
    pd.DataFrame({"epoch": range(settings.epochs)} | history).to_csv(folder / "history.csv", index=False)
    record = {"model": model, "seed": seed, "settings": settings.model_dump(mode="json"), **counts}
    record |= {"weights": weights.NAME, "weights_sha256": f"{model}-{seed}", "normalization": NORMALIZATION}
    record |= {"best_epoch": settings.epochs - 1, "seconds": float(settings.epochs), "precision": "32-true"}
    record |= {"file_bytes": 5000, "compressed_bytes": 4000, "hardware": "a processor"}
    (folder / "run.json").write_text(json.dumps(record))


@pytest.fixture(scope="session")
def finished(shared):
    """The folder of the runs; studies of the same records share it, in every worker."""
    (shared / "finished").mkdir(exist_ok=True)
    return shared / "finished"


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
    return open_small_study(shuffled_fold_10(sample), finished, project, tmp_path_factory.mktemp("shuffled"))


INT8 = {"student_distilled_int8": "student_distilled", "student_int8": "student"}


@pytest.fixture(scope="session")
def quantized(study):
    return int8.quantize(study, INT8)


@pytest.fixture(scope="session")
def quantized_shuffled(shuffled_study):
    return int8.quantize(shuffled_study, INT8)


@pytest.fixture(scope="module")
def chapters_study(sample, sample_root, project, tmp_path_factory) -> Iterator[SmallStudy]:
    """A small study in a checkout of its own, in which chapters write and whose networks are narrow by name."""
    root = tmp_path_factory.mktemp("chapters")
    for name in ("_toc.yml", "config", "notebooks", "results"):
        (root / name).symlink_to(project / name)
    (root / "data").mkdir()
    (root / "finished").mkdir()
    (root / "data" / "sample").symlink_to(sample_root)
    with pytest.MonkeyPatch.context() as patch:
        for name, channels in NARROW.items():
            patch.setitem(CHANNELS, name, channels)
        yield open_small_study(sample, root / "finished", project, root)
