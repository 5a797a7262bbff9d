"""Memory plan of the firmware: the size of every buffer in RAM.

No layer's output is stored completely. Each layer keeps a window of the latest input columns of its convolution, one
column more than the kernel has taps, since two outputs are computed at a time and only the larger one is passed on
(fused layers as in Alwani et al. 2016, with tiles of one pooling pair along time). The outputs of the last layer are
summed as they are computed. For one result per second of a stream, a copy of these sums is kept for the start of each
window that is still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecgpredict.errors import InputError
from ecgpredict.firmware.graph import Network

_QUAD = 4  # channels that the firmware reads at once; windows and weights are padded to it


@dataclass(frozen=True)
class Layer:
    """One convolution with max-pooling over pairs."""

    taps: int
    inputs: int
    outputs: int
    padded: int  # inputs rounded up to a multiple of four
    start: int  # of this layer's window in the array of all windows
    columns: int  # convolution outputs computed per recording

    @property
    def window(self) -> int:
        """Number of int16 values in its window."""
        return (self.taps + 1) * self.padded

    @property
    def macs(self) -> int:
        """Multiply-accumulates per recording."""
        return self.columns * self.outputs * self.taps * self.inputs


@dataclass(frozen=True)
class MemoryPlan:
    """Sizes of everything in RAM."""

    layers: tuple[Layer, ...]
    samples: int  # per recording
    averaged: int  # columns that the mean over time averages
    channels: int  # of the last layer
    classes: int
    hop: int  # samples between two results of a stream
    hop_columns: int  # the same in columns of the last convolution
    open_windows: int  # most windows of a stream that overlap

    @property
    def window_values(self) -> int:
        """Number of int16 values in all windows."""
        return sum(layer.window for layer in self.layers)

    @property
    def arena(self) -> int:
        """Bytes of windows, fill levels and sums, each aligned to four bytes."""
        return _words(2 * self.window_values) + _words(2 * len(self.layers)) + _words(2 * self.channels)

    @property
    def stream(self) -> int:
        """Additional bytes of a stream: sums of the odd phase and of open windows, one column, counters."""
        sums = 2 * self.channels * (1 + self.open_windows)
        return _words(sums) + _words(self.channels) + 4 * 2

    @property
    def samples_before_end(self) -> int:
        """Samples by which a result precedes the end of its window if that starts with an even column."""
        return self.samples - _required_samples(self.layers, self.layers[-1].columns)

    @property
    def samples_after_end(self) -> int:
        """Largest number of samples by which a result follows the end of its window.

        A window that starts with an odd column has to wait for the even column that completes its last pair.
        """
        if self.hop_columns % 2 == 0:
            return -self.samples_before_end
        return _required_samples(self.layers, self.layers[-1].columns + 1) - self.samples

    @property
    def macs(self) -> int:
        """Multiply-accumulates per recording."""
        return sum(layer.macs for layer in self.layers) + self.channels * self.classes


def plan_memory(network: Network, where: Path, *, hop: int = 100) -> MemoryPlan:
    """Plan the memory of a network.

    Parameters
    ----------
    where : the model file, for error messages
    hop : samples between two results of a stream

    Raises
    ------
    InputError : recordings that are too short or too long, or a hop that is not a multiple of the pooling stride
    """
    if any((block.stride, block.before, block.after, block.pool) != (1, 0, 0, True) for block in network.blocks):
        expected = "stride 1, no padding, a pool after each convolution"
        raise unsupported("unsupported convolution", where, expected, "a compact network")
    layers, start, columns = [], 0, network.samples
    for block in network.blocks:
        outputs, taps, inputs = block.weights.shape
        padded = -(-inputs // _QUAD) * _QUAD
        columns = (columns - taps + 1) // 2 * 2  # a last column without a partner is never computed
        if columns < 2:
            raise unsupported("recordings too short for the network", where, "two columns in each layer", columns)
        layers.append(Layer(taps, inputs, outputs, padded, start, columns))
        start, columns = start + layers[-1].window, columns // 2
    if columns * 128 > 32767:
        raise unsupported("a mean over too many columns", where, "at most 255, so that 16 bits hold their sum", columns)
    step = 2 ** (len(layers) - 1)  # samples per column of the last convolution
    if hop < 2 * step or hop % step:
        raise unsupported(
            "hop is no multiple of the pooling stride", where, f"a multiple of {step} samples, at least {2 * step}", hop
        )
    last = layers[-1]
    open_windows = -(-last.columns // (hop // step))
    return MemoryPlan(
        tuple(layers), network.samples, columns, last.outputs, len(network.bias), hop, hop // step, open_windows
    )


def _required_samples(layers: tuple[Layer, ...], columns: int) -> int:
    """Samples that the first `columns` columns of the last convolution depend on."""
    for layer in reversed(layers[1:]):
        columns = 2 * (columns + layer.taps - 1)
    return columns + layers[0].taps - 1


def _words(size: int) -> int:
    return -(-size // 4) * 4


def unsupported(what: str, where: Path, expected: object, found: object) -> InputError:
    """The error for a network that the firmware cannot run."""
    return InputError(what, where=where, expected=expected, found=found, hint="give another model")
