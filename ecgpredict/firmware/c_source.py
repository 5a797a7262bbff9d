"""Generation of C source code from a network and its memory plan, with the templates beside this module."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jinja2
import numpy as np

from ecgpredict import __version__
from ecgpredict.firmware import fixed_point, plan
from ecgpredict.firmware.graph import Convolution, Network
from ecgpredict.spec import Normalization

TEMPLATES = Path(__file__).parent / "templates"
_WIDTH = 118
_LISTED = 12  # classes, of which more are not listed in comments
_TABLES = 256 * (1 + 2)  # bytes of the tables of the logistic function and of the probabilities


def render(name: str, values: Mapping) -> str:
    """Render a template of this package, in which ``@name@`` is a value and a line after ``//%`` a Jinja statement."""
    marks = ("<%", "%>", "@", "@", "<#", "#>", "//%")  # of blocks, variables and comments, and of a line's statement
    environment = jinja2.Environment(*marks, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string((TEMPLATES / name).read_text(encoding="utf-8")).render(values)


def template_values(network: Network, planned: plan.MemoryPlan, entry: Mapping, name: str, where: Path) -> dict:
    """Values of the names that the templates use; an InputError if 32-bit arithmetic is exceeded."""
    source, last = network.blocks[0].source, network.blocks[-1].sink
    probability, thresholds = fixed_point.output_tables(network.output, entry)
    mean = fixed_point.mean_multiplier(last.scale / network.mean.scale, planned.averaged)
    (mean_factor,), (mean_shift,) = _scale([mean], where)
    rescaling = map(fixed_point.multiplier, network.mean.scale * network.scales / network.logit.scale)
    factors, shifts = _scale(rescaling, where)
    _check_sums(network.weights, network.bias, where)
    linear = np.pad(network.weights, ((0, 0), (0, planned.channels - network.weights.shape[1])))
    layers = [_layer(block, layer, where) for block, layer in zip(network.blocks, planned.layers)]
    for before, after in itertools.pairwise(network.blocks):
        if before.sink != after.source:
            raise plan.unsupported("consecutive layers with different scales", where, before.sink, after.source)
    return {
        "version": __version__,
        "name": name,
        "entry": entry,
        "network": network,
        "plan": planned,
        "widest": max(max(layer.padded_inputs, layer.padded_outputs) for layer in planned.layers),
        "weight_bytes": weight_bytes(network, planned),
        "outputs": _row(entry["classes"]) if planned.classes <= _LISTED else f"{planned.classes} classes",
        "layers": layers,
        "mean": {"multiplier": mean_factor, "shift": mean_shift, "zero": network.mean.zero},
        "linear": {
            "weights": _lines(linear.ravel()),
            "bias": _row(network.bias),
            "multiplier": _row(factors),
            "shift": _row(shifts),
        },
        "logistic": _lines(fixed_point.logistic_table(network.logit, network.output)),
        "probability": _lines(np.minimum(np.round(probability * 65536), 65535).astype(int)),
        "thresholds": _row(thresholds),
        "input_mean": real(entry["mean"]),
        "input_sd": real(entry["scale"]),
        "input_scale": real(source.scale),
        "output_scale": real(network.output.scale),
        "temperature": real(entry["temperature"]),
        "quantizer": fixed_point.microvolt_quantizer(Normalization(entry["mean"], entry["scale"]), source, where),
    }


def weight_bytes(network: Network, planned: plan.MemoryPlan) -> int:
    """Bytes of flash for weights, biases, multipliers and tables, including padding."""
    convolutions = sum(layer.padded_outputs * (layer.taps * layer.padded_inputs + 9) for layer in planned.layers)
    return convolutions + planned.classes * (planned.channels + 9) + _TABLES


def _layer(block: Convolution, layer: plan.Layer, where: Path) -> dict:
    """Values of one layer; weights of pairs of outputs lie side by side, in fours of inputs."""
    more = layer.padded_outputs - layer.outputs
    weights = np.pad(block.weights, ((0, more), (0, 0), (0, layer.padded_inputs - layer.inputs)))
    _check_sums(weights.reshape(len(weights), -1)[: layer.outputs], block.bias, where)
    bias = np.pad(block.bias, (0, more))
    factors, shifts = _scale(map(fixed_point.multiplier, block.source.scale * block.scales / block.sink.scale), where)
    zero_times_weights = block.source.zero * weights.astype(int).sum(axis=(1, 2))
    interleaved = weights.reshape(len(weights) // 2, 2, -1, 4).transpose(0, 2, 1, 3)
    return {
        "weights": {"bytes": weights.size, "text": _lines(interleaved.ravel())},
        "bias": _lines([f"BIAS({one}, {other})" for one, other in zip(bias, zero_times_weights)]),
        "multiplier": _lines(factors + [0] * more),
        "shift": _lines(shifts + [1] * more),
        "start": layer.start,
        "inputs": layer.padded_inputs,
        "outputs": layer.padded_outputs,
        "quads": layer.taps * layer.padded_inputs // 4,
        "taps": layer.taps,
        "stride": layer.stride,
        "before": layer.before,
        "after": layer.after,
        "pools": int(layer.pool),
        "source_zero": block.source.zero,
        "zero": block.sink.zero,
        "lowest": block.lowest,
    }


def _scale(pairs: Iterable[tuple[int, int]], where: Path) -> tuple[list[int], list[int]]:
    """Multipliers and right shifts, one per channel, of pairs of :func:`fixed_point.multiplier`."""
    multipliers, shifts = map(list, zip(*pairs))
    if not all(-30 <= shift <= -1 for shift in shifts):
        found = f"{-max(shifts)} to {-min(shifts)}"
        raise plan.unsupported("unsupported scale", where, "a right shift by 1 to 30 bits", found)
    return multipliers, [-shift for shift in shifts]


def _check_sums(weights: np.ndarray, bias: np.ndarray, where: Path) -> None:
    """Check that no inputs can make a sum that exceeds 31 bits with sign."""
    largest = (np.abs(weights.astype(np.int64)).sum(axis=1) * 255 + np.abs(bias.astype(np.int64))).max()
    if largest >= 2**30:
        raise plan.unsupported("sums that exceed 31 bits", where, f"less than {2**30}", largest)


def _lines(values: Sequence) -> str:
    """Comma-separated values, wrapped to lines."""
    lines, line = [], "   "
    for value in map(str, values):
        if len(line) + len(value) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {value},"
    return "\n".join([*lines, line])


def _row(values: Sequence) -> str:
    return ", ".join(map(str, values))


def real(value: float) -> str:
    """A C literal of type float, in nine digits."""
    return f"{value:#.9g}f"
