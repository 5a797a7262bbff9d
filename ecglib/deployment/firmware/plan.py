"""The memory of the firmware: which parts of which layers stand in RAM, and for how long.

In comes a network; out come sizes in bytes. No layer is ever held whole. Each keeps a window of the latest columns that
its convolution looks at, one column more than it has taps, because two outputs are computed at a time and only the
larger goes on (fused layers, Alwani et al. 2016, over time and with tiles of one pair). The last layer's outputs are
added up as they come. For a result every second the sums are kept as they were when each window began that is open.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

from ecglib.deployment.firmware.graph import Network
from ecglib.errors import InputError

_QUAD = 4  # channels that the firmware reads at once; windows and weights are padded to it


@dataclass(frozen=True)
class Layer:
    """One convolution with its maximum over pairs.

    Attributes
    ----------
    taps, inputs, outputs : of the convolution
    padded : inputs rounded up to a multiple of four
    start : first number of its window among all windows
    columns : convolution outputs that a recording needs
    """

    taps: int
    inputs: int
    outputs: int
    padded: int
    start: int
    columns: int

    @property
    def window(self) -> int:
        """int16 numbers in its window"""
        return (self.taps + 1) * self.padded

    @property
    def macs(self) -> int:
        """multiply-accumulates of a recording"""
        return self.columns * self.outputs * self.taps * self.inputs


@dataclass(frozen=True)
class Plan:
    """Sizes of everything in RAM.

    Attributes
    ----------
    layers : in order
    samples : of a recording
    averaged : columns that the mean is over
    channels : of each of them
    classes : of the answer
    hop : samples from one result of a stream to the next
    hop_columns : the same in columns of the last convolution
    open_windows : windows of a stream that overlap at any time
    """

    layers: tuple[Layer, ...]
    samples: int
    averaged: int
    channels: int
    classes: int
    hop: int
    hop_columns: int
    open_windows: int

    @property
    def numbers(self) -> int:
        """int16 numbers of all windows"""
        return sum(layer.window for layer in self.layers)

    @property
    def arena(self) -> int:
        """bytes: windows, fill levels, sums, each part on a whole word"""
        return _words(2 * self.numbers) + _words(2 * len(self.layers)) + _words(2 * self.channels)

    @property
    def stream(self) -> int:
        """bytes that a stream takes on top: sums of the other phase, the sums of open windows, a column, counters"""
        sums = 2 * self.channels * (1 + self.open_windows)
        return _words(sums) + _words(self.channels) + 4 * 2

    @property
    def earliest(self) -> int:
        """samples that a stream's answer comes before its window's last one, where that begins with an even column"""
        return self.samples - _needed(self.layers, self.layers[-1].columns)

    @property
    def latest(self) -> int:
        """samples that it comes after it at most: an odd one waits for the even column's partner"""
        if self.hop_columns % 2 == 0:
            return -self.earliest
        return _needed(self.layers, self.layers[-1].columns + 1) - self.samples

    @property
    def macs(self) -> int:
        """multiply-accumulates of a recording"""
        return sum(layer.macs for layer in self.layers) + self.channels * self.classes

    @property
    def layer_by_layer(self) -> int:
        """bytes that whole layers would take: the two neighbours that are largest together, a byte a value"""
        sizes = [self.samples * self.layers[0].inputs]
        for layer in self.layers:
            sizes += [layer.columns * layer.outputs, layer.columns // 2 * layer.outputs]
        return max(one + other for one, other in itertools.pairwise(sizes))


def of(network: Network, where: Path, *, hop: int = 100) -> Plan:
    """Plan the memory of a network.

    Raises
    ------
    InputError : a recording too short or too long, or a hop that the pools do not divide
    """
    layers, start, columns = [], 0, network.samples
    for block in network.blocks:
        outputs, taps, inputs = block.weights.shape
        padded = -(-inputs // _QUAD) * _QUAD
        columns = (columns - taps + 1) // 2 * 2  # what is left over by the pairs is never computed
        if columns < 2:
            raise _fault("a recording too short for its network", where, "two columns in each layer", columns)
        layers.append(Layer(taps, inputs, outputs, padded, start, columns))
        start, columns = start + layers[-1].window, columns // 2
    if columns * 128 > 32767:
        raise _fault("a mean over too many columns", where, "at most 255, so that 16 bits hold their sum", columns)
    step = 2 ** (len(layers) - 1)  # samples a column of the last convolution
    if hop < 2 * step or hop % step:
        raise _fault(
            "a hop that the pools do not divide", where, f"a multiple of {step} samples, at least {2 * step}", hop
        )
    last = layers[-1]
    overlapping = -(-last.columns // (hop // step))
    return Plan(tuple(layers), network.samples, columns, last.outputs, len(network.bias), hop, hop // step, overlapping)


def _needed(layers: tuple[Layer, ...], columns: int) -> int:
    """Samples from which on that many columns of the last convolution can be computed."""
    for layer in reversed(layers[1:]):
        columns = 2 * (columns + layer.taps - 1)
    return columns + layers[0].taps - 1


def _words(size: int) -> int:
    return -(-size // 4) * 4


def _fault(what: str, where: Path, expected: object, found: object) -> InputError:
    return InputError(what, where=where, expected=expected, found=found, hint="give another model")
