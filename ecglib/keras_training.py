"""Training of the Keras network, with any Keras backend.

The counterpart of :mod:`ecglib.training`: in come a dataset and settings, out comes a finished
:class:`~ecglib.runs.Run`. Folds 1-8 train, fold 9 chooses the checkpoint unless the last weights are asked
for, and fold 10 is scored once, at the end.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ecglib import keras_models, runs
from ecglib.config import Training
from ecglib.errors import InputError
from ecglib.evaluation import Scores, macro_auc
from ecglib.normalisation import Normalisation
from ecglib.ptbxl import LEADS, TEST_FOLD, TRAIN_FOLDS, VALIDATION_FOLD
from ecglib.runs import Run
from ecglib.signals import SAMPLES, Dataset

import keras  # after keras_models, which sets the backend and silences its log  # isort: skip
