"""Int8 networks of any shape with random weights, for the firmware."""

import numpy as np

from ecgpredict.firmware.graph import Convolution, Network, Quantization


def random_network(
    samples: int, layers: list[tuple], rng: np.random.Generator, leads: int = 12, classes: int = 5
) -> Network:
    """A network with random weights; each layer: channels, taps, stride, padding before and after, pool."""
    blocks, into = [], leads
    source = Quantization(0.1, 8)
    for out, taps, stride, before, after, pool in layers:
        weights = rng.integers(-127, 128, (out, taps, into)).astype(np.int8)
        bias = rng.integers(-3000, 3000, out).astype(np.int32)
        sink = Quantization(source.scale * 1.7, int(rng.integers(-128, -60)))
        scales = rng.uniform(0.001, 0.01, out)
        blocks.append(Convolution(weights, bias, scales, source, sink, sink.zero, stride, before, after, pool))
        into, source = out, sink
    linear = rng.integers(-127, 128, (classes, into)).astype(np.int8)
    bias, scales = rng.integers(-999, 999, classes).astype(np.int32), rng.uniform(0.001, 0.01, classes)
    mean, logit = Quantization(0.9 * source.scale, -100), Quantization(0.5 * source.scale, 3)
    output = Quantization(1 / 256, -128)
    return Network(samples, leads, tuple(blocks), mean, linear, bias, scales, logit, output)
