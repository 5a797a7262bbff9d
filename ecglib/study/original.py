"""What the original study published: its metrics and layer tables, for comparison.

Source: project page and poster of the 2023 capstone project of Pusan National University, team 풀악셀
(reference `original2023` of the book). Sizes are in MB of 2**20 bytes, as the original counts
them, but for one; AUCs in 0-1.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Reported:
    """A model's published metrics; None if not published."""

    auc: float | None = None
    params: int | None = None
    weights_mb: float | None = None
    mb: int = 2**20  # bytes

    @property
    def file_bytes(self) -> float | None:
        """Bytes of the weights; None if not published."""
        return self.weights_mb and self.weights_mb * self.mb


REPORTED = {
    "base_cnn": Reported(auc=0.934, params=6_522_555, weights_mb=24.88),
    "inception_cnn": Reported(auc=0.87, params=4_266_277),
    "base_cnn_pruning_replay": Reported(auc=0.804, params=534_005),
    # only in MB of 10**6 bytes is this the size of weights and masks together
    "pruned_quantized_replay": Reported(auc=0.514, params=534_005, weights_mb=4.28, mb=10**6),
    "quantization_replay": Reported(auc=0.582, params=614_055),
    "student": Reported(auc=0.928, params=534_005, weights_mb=2.04),
    "distillation_replay": Reported(auc=0.938, params=534_005, weights_mb=2.04),
}

# finding -> what its metric was measured on
EVIDENCE = {
    "Base CNN": "mean of the five validation folds that early stopping monitored; no test result",
    "Inception CNN": "fold 10, after 50 epochs without early stopping",
    "Pruning": "fold 9, without training after pruning",
    "Pruned and quantized": "test records of a random split; the network scored is not the one built",
    "Quantization": "validation records of the last of five folds; a float32 network",
    "Student with teacher": "a random fifth of the records, one split and seed; the teacher was not trained",
    "Student without teacher": "a random fifth of the records, one split and seed",
}

# binary cross-entropy of the Inception CNN after its last epoch, read from the page's curves
INCEPTION_LOSSES = {"training": 4.5e-4, "validation": 1.0}

# superclass -> number of PTB-XL records as listed on the project page
CLASS_COUNTS = {"NORM": 9514, "MI": 5469, "STTC": 5235, "CD": 4898, "HYP": 2649}

# AUCs by superclass in the poster's figures. Those of the base CNN are from five validation folds, in a legend that
# numbers the classes in the order CD, HYP, MI, NORM, STTC; those of the Inception CNN are from fold 10. Those of
# the pruned and the quantized network are from validation records. All are in the order of the labels, not of the names
# in their plots; for the Inception CNN this is probable, see chapter 3.
FIGURES = {
    "base_cnn": {"CD": 0.95, "HYP": 0.93, "MI": 0.92, "NORM": 0.93, "STTC": 0.94, "micro": 0.94},
    "inception_cnn": {"CD": 0.85, "HYP": 0.83, "MI": 0.86, "NORM": 0.90, "STTC": 0.91},
    "base_cnn_pruning_replay": {"CD": 0.88, "HYP": 0.43, "MI": 0.87, "NORM": 0.93, "STTC": 0.91},
    "quantization_replay": {"CD": 0.58, "HYP": 0.67, "MI": 0.35, "NORM": 0.73, "STTC": 0.58, "micro": 0.48},
}

INCEPTION_LEGEND = ("NORM", "MI", "STTC", "HYP", "CD")  # the names beside the five AUCs of its figure, in their order

MAX_EPOCHS = 50  # of every training

PRUNING_LOSS = 0.65  # approximate plateau of the pruned network's training loss

_BASE_CNN = """
Conv1d-1 100x991 12100
BatchNorm1d-2 100x991 200
ReLU-3 100x991 0
MaxPool1d-4 100x495 0
Dropout-5 100x495 0
Conv1d-6 250x486 250250
BatchNorm1d-7 250x486 500
ReLU-8 250x486 0
MaxPool1d-9 250x243 0
Dropout-10 250x243 0
Conv1d-11 500x234 1250500
BatchNorm1d-12 500x234 1000
ReLU-13 500x234 0
MaxPool1d-14 500x117 0
Dropout-15 500x117 0
Conv1d-16 1000x108 5001000
BatchNorm1d-17 1000x108 2000
ReLU-18 1000x108 0
MaxPool1d-19 1000x54 0
AdaptiveAvgPool1d-20 1000x1 0
Dropout-21 1000 0
Linear-22 5 5005
Sigmoid-23 5 0
"""

_STUDENT = """
Conv1d-1 50x991 6050
BatchNorm1d-2 50x991 100
ReLU-3 50x991 0
MaxPool1d-4 50x495 0
Dropout-5 50x495 0
Conv1d-6 150x486 75150
BatchNorm1d-7 150x486 300
ReLU-8 150x486 0
MaxPool1d-9 150x243 0
Dropout-10 150x243 0
Conv1d-11 300x234 450300
BatchNorm1d-12 300x234 600
ReLU-13 300x234 0
MaxPool1d-14 300x117 0
AdaptiveAvgPool1d-15 300x1 0
Dropout-16 300 0
Linear-17 5 1505
Sigmoid-18 5 0
"""

_INCEPTION_CNN = """
input_1 1000x12 0 -
conv1d 1000x32 2720 input_1
batch_normalization 1000x32 128 conv1d
conv1d_1 1000x128 20608 batch_normalization
max_pooling1d 500x128 0 conv1d_1
batch_normalization_1 500x128 512 max_pooling1d
conv1d_2 500x64 57408 batch_normalization_1
max_pooling1d_1 250x64 0 conv1d_2
batch_normalization_2 250x64 256 max_pooling1d_1
conv1d_3 250x64 20544 batch_normalization_2
max_pooling1d_2 125x64 0 conv1d_3
batch_normalization_3 125x64 256 max_pooling1d_2
conv1d_5 125x64 4160 batch_normalization_3
conv1d_7 125x64 4160 batch_normalization_3
max_pooling1d_3 125x64 0 batch_normalization_3
conv1d_4 125x64 4160 batch_normalization_3
conv1d_6 125x64 12352 conv1d_5
conv1d_8 125x64 20544 conv1d_7
conv1d_9 125x64 4160 max_pooling1d_3
concatenate 125x256 0 conv1d_4,conv1d_6,conv1d_8,conv1d_9
flatten 32000 0 concatenate
dense 128 4096128 flatten
batch_normalization_4 128 512 dense
dense_1 128 16512 batch_normalization_4
batch_normalization_5 128 512 dense_1
dense_2 5 645 batch_normalization_5
"""

# The base CNN's sizes are those printed under its table; the student's are from the poster, because the page repeats
# the base CNN's total and sizes under the student's table.
SIZES_MB = {
    "base_cnn": {"input_mb": 0.05, "forward_backward_mb": 13.20, "params_mb": 24.88, "total_mb": 38.13},
    "student": {"input_mb": 0.05, "forward_backward_mb": 5.62, "params_mb": 2.04, "total_mb": 7.70},
}


def layer_table(model: str) -> pd.DataFrame:
    """The published layer table in the format of :func:`ecglib.networks.convnet.layer_table`."""
    rows = [line.split() for line in {"base_cnn": _BASE_CNN, "student": _STUDENT}[model].strip().splitlines()]
    return pd.DataFrame(
        [(layer, (-1, *map(int, shape.split("x"))), int(params)) for layer, shape, params in rows],
        columns=["layer", "output_shape", "params"],
    )


def inception_table() -> pd.DataFrame:
    """The published table of the Inception CNN in the format of :func:`ecglib.networks.inception.layer_table`."""
    rows = [line.split() for line in _INCEPTION_CNN.strip().splitlines()]
    return pd.DataFrame(
        [
            (layer, (None, *map(int, shape.split("x"))), int(params), () if source == "-" else tuple(source.split(",")))
            for layer, shape, params, source in rows
        ],
        columns=["layer", "output_shape", "params", "connected_to"],
    )
