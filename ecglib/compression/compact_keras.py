"""A compact network rebuilt in Keras with the same weights, for .tflite files."""

from __future__ import annotations

from itertools import count

import numpy as np
from torch import nn

from ecglib.networks.compact import CompactBlock, CompactNet
from ecglib.networks.keras_backend import keras
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES

layers = keras.layers


def to_keras(network: CompactNet, samples: int = N_SAMPLES) -> keras.Model:
    """The same function in Keras: float32 (b, 1, samples, 12) -> probabilities (b, 5).

    Convolutions are two-dimensional with a height of 1: TensorFlow Lite has no others. Layers are numbered, because
    Keras' own names, which .tflite files contain, depend on what was built before.
    """
    names = (f"layer_{number}" for number in count())
    x = ecg = layers.Input((1, samples, len(LEADS)), name="ecg")
    filled: list[tuple[keras.Layer, list[np.ndarray]]] = []
    for layer in network.features:
        match layer:
            case CompactBlock():
                y = x
                for inner in layer.layers:
                    y = _applied(inner, y, filled, next(names))
                total = layers.Add(name=next(names))([x, y]) if layer.skip else y
                x = layers.ReLU(name=next(names))(total)
            case nn.AdaptiveAvgPool1d():
                x = layers.GlobalAveragePooling2D(name="mean")(x)
            case _:
                x = _applied(layer, x, filled, next(names))
    linear = layers.Dense(len(CLASSES), activation="sigmoid", name="linear")
    model = keras.Model(ecg, linear(x), name="compact")
    filled.append((linear, [_array(network.linear.weight).T, _array(network.linear.bias)]))
    for layer, values in filled:
        layer.set_weights(values)
    return model


def _applied(layer: nn.Module, x, filled: list, name: str):
    """A torch layer's counterpart of this name applied to x; the weights that it gets are appended to `filled`."""
    match layer:
        case nn.Conv1d(groups=1):
            size, stride = (1, layer.kernel_size[0]), (1, layer.stride[0])
            padding = "same" if layer.padding[0] else "valid"
            made = layers.Conv2D(layer.out_channels, size, stride, padding, use_bias=False, name=name)
            filled.append((made, [_array(layer.weight).transpose(2, 1, 0)[None]]))
        case nn.Conv1d():
            made = layers.DepthwiseConv2D((1, layer.kernel_size[0]), padding="same", use_bias=False, name=name)
            filled.append((made, [_array(layer.weight).transpose(2, 0, 1)[None]]))
        case nn.BatchNorm1d():
            made = layers.BatchNormalization(epsilon=layer.eps, name=name)
            found = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
            filled.append((made, [_array(one) for one in found]))
        case nn.ReLU():
            made = layers.ReLU(name=name)
        case nn.MaxPool1d():
            made = layers.MaxPooling2D((1, layer.kernel_size), name=name)
        case _:
            raise TypeError(f"no counterpart in Keras for {type(layer).__name__}")
    return made(x)


def _array(tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()
