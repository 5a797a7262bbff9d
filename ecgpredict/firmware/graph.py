"""The network inside an int8 .tflite file.

Input: the file. Output: its layers as arrays. Files other than those that the firmware implements are rejected: a
stack of convolutions over time, strided and padded or not, with or without max-pooling over pairs after each; then a
mean over time, one fully connected layer and a logistic function.
"""

import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgpredict.errors import InputError
from ecgpredict.firmware.flatbuffer import Table

_INT32, _INT8 = 2, 9  # TensorType
_SAME, _VALID = 0, 1  # Padding
_NONE, _RELU = 0, 1  # ActivationFunctionType
_PARTS = ("CONV_2D", "MAX_POOL_2D", "MEAN", "FULLY_CONNECTED", "LOGISTIC")
_OTHERS = "ADD AVERAGE_POOL_2D CONCATENATION DEPTHWISE_CONV_2D DEQUANTIZE MUL RESHAPE SOFTMAX PAD STRIDED_SLICE"
_OPERATORS = dict(zip((3, 17, 40, 9, 14), _PARTS)) | dict(zip((0, 1, 2, 4, 6, 18, 22, 25, 34, 45), _OTHERS.split()))
_OPERATORS |= {70: "EXPAND_DIMS", 77: "SHAPE", 83: "PACK", 114: "QUANTIZE"}
_ORDER = "(CONV_2D (MAX_POOL_2D )?)+MEAN FULLY_CONNECTED LOGISTIC"
_HINT = "give the .tflite file of a plain compact network, as chapter 8 of the book makes it"


@dataclass(frozen=True)
class Quantization:
    """real = (q - zero) * scale, q in int8."""

    scale: float
    zero: int


@dataclass(frozen=True)
class Convolution:
    """A convolution over time, followed by max-pooling over pairs if `pool`.

    Attributes
    ----------
    weights : int8 (channels out, taps, channels in)
    bias : int32 (channels out,)
    scales : float (channels out,), of the weights, whose zero points are 0
    source, sink : quantization of its inputs and outputs
    lowest : smallest output: the zero point with a ReLU, otherwise -128
    stride : samples of its input between two outputs
    before, after : columns of padding, whose values are the source's zero point
    """

    weights: np.ndarray
    bias: np.ndarray
    scales: np.ndarray
    source: Quantization
    sink: Quantization
    lowest: int
    stride: int = 1
    before: int = 0
    after: int = 0
    pool: bool = True


@dataclass(frozen=True)
class Network:
    """The network of a file: int8 (samples, leads) -> int8 (classes,).

    Attributes
    ----------
    samples, leads : of the input
    blocks : convolutions, each with the max-pooling after it
    mean : quantization of the mean over time
    weights, bias, scales : int8 (classes, channels), int32 (classes,), float (classes,) of the fully connected layer
    logit, output : quantization before and after the logistic function
    """

    samples: int
    leads: int
    blocks: tuple[Convolution, ...]
    mean: Quantization
    weights: np.ndarray
    bias: np.ndarray
    scales: np.ndarray
    logit: Quantization
    output: Quantization


def read(path: Path) -> Network:
    """Read a .tflite file.

    Raises
    ------
    InputError : not a .tflite file, or one with operators, types or shapes that the firmware does not implement
    """
    content = Path(path).read_bytes()
    if content[4:8] != b"TFL3":
        raise _error(path, "not a .tflite file", "a file whose bytes 5 to 8 are TFL3", content[4:8])
    try:
        return _Reader(Path(path), Table.root(content)).network()
    except (struct.error, IndexError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise _error(path, "unreadable .tflite file", "a complete file", error) from error


def _error(path: Path, what: str, expected: object, found: object, hint: str = _HINT) -> InputError:
    return InputError(what, where=path, expected=expected, found=found, hint=hint)


class _Reader:
    """Follows the signal through the operators of a file; `at` is the tensor that it has reached."""

    def __init__(self, path: Path, model: Table):
        self.path, self.buffers = path, model.tables(4)
        self.codes = [max(code.number(0, "b"), code.number(3, "i")) for code in model.tables(1)]
        graphs = model.tables(2)
        if len(graphs) != 1:
            raise _error(path, "several graphs in one file", "one graph", len(graphs))
        self.tensors, (self.at,), self.operators = graphs[0].tables(0), graphs[0].numbers(1, "i"), graphs[0].tables(3)

    def network(self) -> Network:
        source = self._shape(self.at)
        if len(source) != 4 or source[:2] != (1, 1):
            raise self._error("unsupported input shape", "(1, 1, samples, leads)", source)
        self._int8(self.at)
        names = [self._name(operator) for operator in self.operators]
        if unknown := [name for name in names if name not in _PARTS]:
            raise self._error("unsupported operator", ", ".join(_PARTS), unknown[0])
        if not re.fullmatch(_ORDER, " ".join(names)):
            raise self._error("unsupported order of operators", _ORDER, " ".join(names))
        blocks = []
        for name, operator in zip(names[:-3], self.operators):
            if name == "CONV_2D":
                blocks.append(self._convolution(operator))
            else:
                self._pool(operator)
                blocks[-1] = replace(blocks[-1], pool=True)
        return self._tail(source, tuple(blocks), *self.operators[-3:])

    def _convolution(self, operator: Table) -> Convolution:
        at, source, (*_, length, channels) = operator.numbers(1, "i"), self._quantization(self.at), self._shape(self.at)
        weights, bias = self._constant(at[1]), self._constant(at[2])
        options = operator.table(4)
        padding, stride, taps = options.number(0, "b"), options.number(1, "i"), weights.shape[2]
        dilations = options.number(4, "i", 1), options.number(5, "i", 1)
        fitting = (weights.shape[1], weights.shape[3], bias.shape) == (1, channels, weights.shape[:1])
        if not fitting or padding not in (_SAME, _VALID) or set(dilations) != {1} or not 1 <= stride <= taps:
            found = f"kernel {weights.shape[1:]}, stride {stride}, dilations {dilations}, padding {padding}"
            raise self._error("unsupported convolution", "over time, a stride of at most its taps, no dilation", found)
        edge = max((-(-length // stride) - 1) * stride + taps - length, 0) if padding == _SAME else 0
        self._move(operator)
        sink = self._quantization(self.at)
        lowest = self._lowest(options.number(3, "b"), sink)
        scales = self._scales(at[1], len(weights))
        padded = {"stride": stride, "before": edge // 2, "after": edge - edge // 2}
        return Convolution(weights[:, 0], bias, scales, source, sink, lowest, **padded, pool=False)

    def _pool(self, one: Table) -> None:
        options, before = one.table(4), self._quantization(self.at)
        found = [options.number(field, "i") for field in (2, 1, 4, 3)]  # stride and filter, height and width
        if found[1::2] != [2, 2] or found[2] != 1 or options.number(0, "b") != _VALID or options.number(5, "b"):
            raise self._error("unsupported pooling", "maximum over pairs, stride 2, no padding", found)
        self._move(one)
        if self._quantization(self.at) != before:
            raise self._error("unsupported pooling that rescales", before, self._quantization(self.at))

    def _tail(self, source: tuple, blocks: tuple, mean: Table, linear: Table, logistic: Table) -> Network:
        axes, last = self._constant(mean.numbers(1, "i")[1]), self._shape(self.at)
        if sorted(axis % len(last) for axis in axes.ravel().tolist()) not in ([1, 2], [2]):
            raise self._error("unsupported axes of a mean", "over time", axes.tolist())
        self._move(mean)
        averaged = self._quantization(self.at)
        at = linear.numbers(1, "i")
        weights, bias = self._constant(at[1]), self._constant(at[2])
        if weights.shape != (len(bias), last[-1]):
            raise self._error("unsupported fully connected layer", f"{last[-1]} inputs, a bias each", weights.shape)
        if linear.table(4) is not None and (kind := linear.table(4).number(0, "b")) != _NONE:
            raise self._error("unsupported activation of the fully connected layer", "none", kind)
        self._move(linear)
        logit, scales = self._quantization(self.at), self._scales(at[1], len(weights))
        self._move(logistic)
        output = self._quantization(self.at)
        return Network(source[2], source[3], blocks, averaged, weights, bias, scales, logit, output)

    def _move(self, one: Table) -> None:
        """Continue from an operator's first input to its output."""
        if one.numbers(1, "i")[0] != self.at:
            raise self._error("branching signal path", "a sequence of operators", self._name(one))
        (self.at,) = one.numbers(2, "i")
        self._int8(self.at)

    def _name(self, one: Table) -> str:
        code = self.codes[one.number(0, "I")]
        return _OPERATORS.get(code, f"operator {code} of TensorFlow Lite")

    def _shape(self, at: int) -> tuple[int, ...]:
        return self.tensors[at].numbers(0, "i")

    def _int8(self, at: int) -> None:
        if (kind := self.tensors[at].number(1, "b")) != _INT8:
            hint = "convert it with representative records"
            raise self._error("not an int8 model", "int8 tensors throughout", f"tensor type {kind}", hint)

    def _quantization(self, at: int) -> Quantization:
        found = self.tensors[at].table(4)
        ((scale,), (zero,)) = found.numbers(2, "f"), found.numbers(3, "q")
        return Quantization(scale, zero)

    def _scales(self, at: int, channels: int) -> np.ndarray:
        found = self.tensors[at].table(4)
        if any(found.numbers(3, "q")):
            raise self._error("unsupported zero points of weights", "0 for every channel", "others")
        return np.broadcast_to(np.array(found.numbers(2, "f")), (channels,))

    def _constant(self, at: int) -> np.ndarray:
        kind = self.tensors[at].number(1, "b")
        if kind not in (_INT8, _INT32):
            raise self._error("unsupported type of weights", "int8 or int32", f"tensor type {kind}")
        content = self.buffers[self.tensors[at].number(2, "I")].content(0)
        return np.frombuffer(content, "<i1" if kind == _INT8 else "<i4").reshape(self._shape(at))

    def _lowest(self, activation: int, sink: Quantization) -> int:
        if activation not in (_NONE, _RELU):
            raise self._error("unsupported activation", "none or ReLU", f"activation {activation}")
        return max(-128, sink.zero) if activation == _RELU else -128

    def _error(self, what: str, expected: object, found: object, hint: str = _HINT) -> InputError:
        return _error(self.path, what, expected, found, hint)
