"""Memory plan of the firmware: the size of every buffer in RAM.

No layer's output is stored completely. Each layer keeps a window of the latest input columns of its convolution, as
many as two neighboring outputs depend on, which are computed at a time (fused layers as in Alwani et al. 2016, with
tiles of one pooling pair along time). The outputs of the last layer are summed as they are computed.

A stream keeps the outputs of the first layer that the next window shares with this one, and computes the other layers
again for each window, since the padding at both ends of a window is part of what the network computes. A network
without padding computes each column once: it keeps the sums at the start of each window that is still open.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from ecgpredict.errors import InputError
from ecgpredict.firmware.graph import Network
from ecgpredict.spec import SAMPLING_RATE

_QUAD = 4  # channels that the firmware reads at once; windows and weights are padded to it


@dataclass(frozen=True)
class Layer:
    """One convolution with the max-pooling after it, if `pool`.

    Attributes
    ----------
    inputs, outputs : channels
    before, after : columns of padding
    capacity : columns of its window
    start : of its window in the array of all windows
    columns : convolution outputs per recording
    """

    taps: int
    inputs: int
    outputs: int
    stride: int
    before: int
    after: int
    pool: bool
    capacity: int
    start: int
    columns: int

    @property
    def padded_inputs(self) -> int:
        return padded(self.inputs)

    @property
    def padded_outputs(self) -> int:
        return padded(self.outputs)

    @property
    def full(self) -> int:
        """Columns that two neighboring outputs depend on."""
        return self.taps + self.stride

    @property
    def passed(self) -> int:
        """Columns that it passes on per recording."""
        return self.columns // 2 if self.pool else self.columns

    @property
    def macs(self) -> int:
        """Multiply-accumulates per recording."""
        return self.columns * self.outputs * self.taps * self.inputs


@dataclass(frozen=True)
class MemoryPlan:
    """Sizes of everything in RAM."""

    layers: tuple[Layer, ...]
    samples: int  # per recording
    classes: int
    continuous: bool  # a stream computes each column once
    hop: int  # samples between two results of a stream
    hop_columns: int  # the same in columns of the first layer or, if continuous, of the last one

    @property
    def averaged(self) -> int:
        """Columns that the mean over time averages."""
        return self.layers[-1].passed

    @property
    def channels(self) -> int:
        """Channels of the last layer, padded."""
        return self.layers[-1].padded_outputs

    @property
    def window_values(self) -> int:
        """Number of values in all windows."""
        last = self.layers[-1]
        return last.start + last.capacity * last.padded_inputs

    @property
    def arena(self) -> int:
        """Bytes of windows, sums and fill levels."""
        return padded(2 * self.window_values + 2 * self.channels + len(self.layers))

    @property
    def ring(self) -> int:
        """What a stream keeps: columns of the first layer, those that two windows share and the one that comes next; if
        continuous, sums for each window that is open."""
        if self.continuous:
            return -(-self.averaged // self.hop_columns)
        return self.layers[0].passed - self.hop_columns + 1

    @property
    def stream(self) -> int:
        """Bytes of a stream, its arena included: also what it keeps, and five counters."""
        kept = 2 * self.channels if self.continuous else self.layers[0].padded_outputs
        return self.arena + padded(self.ring * kept + 2 * 5)

    @property
    def delays(self) -> tuple[int, int]:
        """Smallest and largest number of samples by which a result of a stream follows the end of its window.

        A network without padding needs not all of a window, but computes two columns of its last layer at once.
        """
        if not self.continuous:
            return 0, 0
        needed = (self._samples(window * self.hop_columns + self.averaged) for window in (0, 1))
        delays = [samples - self.samples - window * self.hop for window, samples in enumerate(needed)]
        return min(delays), max(delays)

    def _samples(self, columns: int) -> int:
        """Samples that the first columns of the last layer depend on, in pairs, as each layer computes them."""
        for layer in reversed(self.layers):
            pairs = columns if layer.pool else -(-columns // 2)
            columns = (2 * pairs - 1) * layer.stride + layer.taps
        return columns

    @property
    def macs(self) -> int:
        """Multiply-accumulates per recording."""
        return sum(layer.macs for layer in self.layers) + self.layers[-1].outputs * self.classes


def plan_memory(network: Network, where: Path) -> MemoryPlan:
    """Plan the memory of a network; `where` is the model file, for error messages.

    InputError for recordings that are too short or too long, or a first layer that pads or does not pool.
    """
    layers, start, length, capacity = [], 0, network.samples, 0
    for block in network.blocks:
        outputs, taps, inputs = block.weights.shape
        columns = (length + block.before + block.after - taps) // block.stride + 1
        if columns < 2:
            raise unsupported("recordings too short for the network", where, "two columns in each layer", columns)
        # a layer that does not pool passes on two columns at once
        capacity = taps + block.stride + int(bool(layers) and not layers[-1].pool)
        padding = block.before, block.after
        layers.append(Layer(taps, inputs, outputs, block.stride, *padding, block.pool, capacity, start, columns))
        start, length = start + capacity * padded(inputs), layers[-1].passed
    if length > 255:
        raise unsupported("a mean over too many columns", where, "at most 255, so that 16 bits hold their sum", length)
    first = layers[0]
    if len(layers) < 2 or first.before or first.after or not first.pool:
        expected = "without padding, followed by a pool and another convolution"
        found = f"padding {first.before} and {first.after}, pool: {first.pool}, {len(layers)} convolutions"
        raise unsupported("unsupported first convolution", where, expected, found)
    continuous = not any(layer.before or layer.after for layer in layers)
    # samples between two columns that the first layer passes on or, if continuous, the last one
    step = math.prod(layer.stride * (1 + layer.pool) for layer in (layers if continuous else layers[:1]))
    hop = max(SAMPLING_RATE // step, 1) * step
    if hop > network.samples:
        raise unsupported("recordings too short for a stream", where, f"at least {hop} samples", network.samples)
    return MemoryPlan(tuple(layers), network.samples, len(network.bias), continuous, hop, hop // step)


def padded(size: int) -> int:
    """A size rounded up to a multiple of four."""
    return -(-size // _QUAD) * _QUAD


def unsupported(what: str, where: Path, expected: object, found: object) -> InputError:
    """The error for a network that the firmware cannot run."""
    return InputError(what, where=where, expected=expected, found=found, hint="give another model")
