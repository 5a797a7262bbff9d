"""The Inception CNN in Keras 3, layer for layer and name for name as in the original study.

It takes float32 (b, 1000, 12) and returns probabilities (b, 5). It runs on any Keras backend; TensorFlow is
the default.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import save_file

from ecglib.networks import weights
from ecglib.networks.keras_backend import keras
from ecgpredict import files
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES

layers = keras.layers


def build(dropout: float = 0.0) -> keras.Model:
    """A freshly initialized Inception CNN with batch normalization.

    Parameters
    ----------
    dropout : fraction of activations dropped before each dense layer; with 0 there are no dropout layers, as in
        the original's table
    """
    keras.utils.clear_session(free_memory=False)  # restarts the numbering of layer names

    def convolution(x, filters: int, kernel: int, name: str):
        return layers.Conv1D(filters, kernel, padding="same", activation="gelu", name=name)(x)

    def dense(x, units: int):
        x = layers.Dropout(dropout)(x) if dropout else x
        return layers.BatchNormalization()(layers.Dense(units, activation="gelu")(x))

    ecg = layers.Input((N_SAMPLES, len(LEADS)), name="input_1")
    x = layers.BatchNormalization()(convolution(ecg, 32, 7, "conv1d"))
    for filters, kernel, name in ((128, 5, "conv1d_1"), (64, 7, "conv1d_2"), (64, 5, "conv1d_3")):
        x = layers.BatchNormalization()(layers.MaxPooling1D(2)(convolution(x, filters, kernel, name)))
    branches = [
        convolution(x, 64, 1, "conv1d_4"),
        convolution(convolution(x, 64, 1, "conv1d_5"), 64, 3, "conv1d_6"),
        convolution(convolution(x, 64, 1, "conv1d_7"), 64, 5, "conv1d_8"),
        convolution(layers.MaxPooling1D(3, strides=1, padding="same")(x), 64, 1, "conv1d_9"),
    ]
    x = dense(layers.Flatten()(layers.Concatenate()(branches)), 128)
    x = dense(x, 128)
    x = layers.Dropout(dropout)(x) if dropout else x
    return keras.Model(ecg, layers.Dense(len(CLASSES), activation="sigmoid")(x), name="inception_cnn")


def layer_table(model: keras.Model) -> pd.DataFrame:
    """One row per layer, as in Keras' own summary and the original's table.

    Returns
    -------
    DataFrame with layer (name), output_shape ((None, samples, channels)), params (int), connected_to
    (names of the layers it takes its input from)
    """
    return pd.DataFrame(
        [(layer.name, layer.output.shape, layer.count_params(), _sources(layer)) for layer in model.layers],
        columns=["layer", "output_shape", "params", "connected_to"],
    )


def nonzero(model: keras.Model) -> int:
    """Parameters that are not zero."""
    return int(sum(np.count_nonzero(keras.ops.convert_to_numpy(v)) for v in _stored(model)))


def save_weights(model: keras.Model, path: Path) -> None:
    """Write a model's weights as float16 safetensors, atomically; any backend can load them."""
    with files.atomic_path(path) as temporary:
        save_file({v.path: keras.ops.convert_to_numpy(v).astype(np.float16) for v in _stored(model)}, temporary)


def load_weights(model: keras.Model, path: Path) -> keras.Model:
    """Fill a model with weights from :func:`save_weights`."""
    found = weights.read(path)
    for variable in _stored(model):
        variable.assign(found[variable.path].astype(np.float32))
    return model


def _stored(model: keras.Model) -> list:
    """Weights of layers, without the random state of dropout layers."""
    return [v for v in model.weights if "seed_generator" not in v.path]


def _sources(layer: layers.Layer) -> tuple[str, ...]:
    if isinstance(layer, layers.InputLayer):
        return ()
    inputs = layer.input if isinstance(layer.input, list) else [layer.input]
    return tuple(tensor._keras_history.operation.name for tensor in inputs)
