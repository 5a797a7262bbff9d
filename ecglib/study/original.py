"""What the original study published: its metrics and layer tables, for comparison.

Source: project page and poster of the 2023 capstone project of Pusan National University, team 풀악셀
(reference `original2023` of the book). Sizes are in MB of 2**20 bytes, as the original counts
them, but for one; AUCs in 0-1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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

# The base CNN's sizes are those printed under its table; the student's are from the poster, because the page repeats
# the base CNN's total and sizes under the student's table.
SIZES_MB = {
    "base_cnn": {"input_mb": 0.05, "forward_backward_mb": 13.20, "params_mb": 24.88, "total_mb": 38.13},
    "student": {"input_mb": 0.05, "forward_backward_mb": 5.62, "params_mb": 2.04, "total_mb": 7.70},
}


def layer_table(model: str) -> pd.DataFrame:
    """The published layer table in the format of :func:`ecglib.networks.convnet.layer_table`."""
    rows = [(name, (-1, *shape), params) for name, shape, params, _ in _layers(model)]
    return pd.DataFrame(rows, columns=["layer", "output_shape", "params"])


def inception_table() -> pd.DataFrame:
    """The published table of the Inception CNN in the format of :func:`ecglib.networks.inception.layer_table`."""
    rows = [(name, (None, *shape), params, sources) for name, shape, params, sources in _layers("inception_cnn")]
    return pd.DataFrame(rows, columns=["layer", "output_shape", "params", "connected_to"])


def _layers(network: str) -> list[tuple[str, tuple[int, ...], int, tuple[str, ...]]]:
    """Name, output shape without the batch, parameters and sources of each layer, of original_layers.csv."""
    table = pd.read_csv(Path(__file__).with_name("original_layers.csv"), keep_default_na=False)
    return [
        (row.layer, tuple(map(int, row.output_shape.split("x"))), row.params, tuple(row.connected_to.split()))
        for row in table[table["network"] == network].itertuples()
    ]
