"""What the original study published: its figures and layer tables, as facts to compare with.

Source: project page and poster of the 2023 capstone project of Pusan National University, team 풀악셀
(reference `original2023` of the book). Sizes are in MB of 2**20 bytes, AUCs in 0-1.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Reported:
    """A model's published figures; None where none was given."""

    auc: float | None = None
    params: int | None = None
    weights_mb: float | None = None
    total_mb: float | None = None


REPORTED = {
    "base_cnn": Reported(auc=0.934, params=6_522_555, weights_mb=24.88, total_mb=38.13),
}

# superclass -> records of PTB-XL as the project page lists them
CLASS_COUNTS = {"NORM": 9514, "MI": 5469, "STTC": 5235, "CD": 4898, "HYP": 2649}

# five-fold validation AUCs of the base CNN in the poster's figure, whose legend numbers the classes in
# the order CD, HYP, MI, NORM, STTC, and their micro average
BASE_CNN_FIGURE = {"CD": 0.95, "HYP": 0.93, "MI": 0.92, "NORM": 0.93, "STTC": 0.94, "micro": 0.94}

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

# of the base CNN, as printed under its table
SIZES_MB = {"input_mb": 0.05, "forward_backward_mb": 13.20, "params_mb": 24.88, "total_mb": 38.13}


def layer_table(model: str) -> pd.DataFrame:
    """The published layer table in the form of :func:`ecglib.torch_models.layer_table`."""
    rows = [line.split() for line in {"base_cnn": _BASE_CNN}[model].strip().splitlines()]
    return pd.DataFrame(
        [(layer, (-1, *map(int, shape.split("x"))), int(params)) for layer, shape, params in rows],
        columns=["layer", "output_shape", "params"],
    )
