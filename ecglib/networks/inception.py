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
_DEAD = 1e-6  # of a layer's median variance: channels at or below it are almost constant


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


def parameter_counts(model: keras.Model) -> dict[str, int]:
    """Total, trainable and non-trainable parameters."""
    trainable = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return {"total": model.count_params(), "trainable": trainable, "non_trainable": model.count_params() - trainable}


def nonzero(model: keras.Model) -> int:
    """Parameters that are not zero."""
    return int(sum(np.count_nonzero(keras.ops.convert_to_numpy(v)) for v in _stored(model)))


def normalized_channels(model: keras.Model) -> pd.DataFrame:
    """Every channel of the batch-normalized layers, with its normalization statistics.

    Returns
    -------
    DataFrame with layer (the one that is normalized), channel, variance, relative_variance (over the layer's median),
    scale (what the channel is multiplied by) and dead (bool: a variance of at most a millionth of the median)
    """
    parts = []
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            gamma, _, _, variance = layer.get_weights()
            part = {"layer": _sources(layer)[0], "channel": np.arange(len(variance)), "variance": variance}
            part["relative_variance"] = variance / np.median(variance)
            part["scale"] = gamma / np.sqrt(variance + layer.epsilon)
            part["dead"] = part["relative_variance"] <= _DEAD
            parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def zero_dead_channels(model: keras.Model) -> int:
    """Set the scale of almost constant batch-normalized channels to zero, in place.

    Such a channel is close to its mean in every record, so that its normalized value is close to the layer's offset,
    whatever the scale. After training, these scales are near 1 / sqrt(epsilon), many times the others; when all are
    quantized to 8 bits together, the others lose their resolution.

    Returns
    -------
    number of channels changed
    """
    changed = 0
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            dead = variance <= _DEAD * np.median(variance)
            gamma[dead] = 0
            layer.set_weights([gamma, beta, mean, variance])
            changed += int(dead.sum())
    return changed


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
