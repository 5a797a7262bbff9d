"""A torch network rebuilt in Keras with the same weights, for .tflite files."""

from __future__ import annotations

from collections import Counter

import numpy as np
from torch import nn

from ecglib.networks.compact import CompactBlock
from ecglib.networks.keras_backend import keras
from ecglib.networks.pooled import PooledNet
from ecgpredict.spec import N_SAMPLES

layers = keras.layers


def to_keras(network: PooledNet, samples: int = N_SAMPLES) -> keras.Model:
    """The function of a compact or convolutional network in Keras: float32 (b, 1, samples, leads) -> (b, outputs).

    Convolutions are two-dimensional with a height of 1: TensorFlow Lite has no others. Layers have names of their own,
    short ones, because .tflite files contain them and Keras' depend on what was built before.
    """
    weights: list[tuple[keras.Layer, list[np.ndarray]]] = []
    numbers: Counter[str] = Counter()

    def made(kind: type[keras.Layer], name: str, *arguments, values: list | None = None, **options) -> keras.Layer:
        numbers[name] += 1
        layer = kind(*arguments, name=f"{name}{numbers[name]}", **options)
        if values:
            weights.append((layer, values))
        return layer

    def counterpart(layer: nn.Module, x):
        match layer:
            case CompactBlock():
                y = x
                for inner in layer.layers:
                    y = counterpart(inner, y)
                return made(layers.ReLU, "relu")(made(layers.Add, "add")([x, y]) if layer.skip else y)
            case nn.Conv1d():
                size, padding = (1, layer.kernel_size[0]), "same" if layer.padding[0] else "valid"
                options = {"padding": padding, "use_bias": layer.bias is not None}
                bias = [] if layer.bias is None else [_array(layer.bias)]
                weight = _array(layer.weight)
                if layer.groups > 1:
                    values = [weight.transpose(2, 0, 1)[None], *bias]
                    return made(layers.DepthwiseConv2D, "depth", size, values=values, **options)(x)
                values, options["strides"] = [weight.transpose(2, 1, 0)[None], *bias], (1, layer.stride[0])
                return made(layers.Conv2D, "conv", layer.out_channels, size, values=values, **options)(x)
            case nn.BatchNorm1d():
                values = [_array(v) for v in (layer.weight, layer.bias, layer.running_mean, layer.running_var)]
                return made(layers.BatchNormalization, "norm", epsilon=layer.eps, values=values)(x)
            case nn.ReLU():
                return made(layers.ReLU, "relu")(x)
            case nn.MaxPool1d():
                return made(layers.MaxPooling2D, "pool", (1, layer.kernel_size))(x)
            case nn.AdaptiveAvgPool1d():
                return layers.GlobalAveragePooling2D(name="mean")(x)
            case nn.Dropout():
                return x
        raise TypeError(f"no counterpart in Keras for {type(layer).__name__}")

    x = ecg = layers.Input((1, samples, network.features[0].in_channels), name="ecg")
    for layer in network.features:
        x = counterpart(layer, x)
    linear = layers.Dense(network.linear.out_features, activation="sigmoid", name="linear")
    model = keras.Model(ecg, linear(x), name="net")
    linear.set_weights([_array(network.linear.weight).T, _array(network.linear.bias)])
    for layer, values in weights:
        layer.set_weights(values)
    return model


def _array(tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()
