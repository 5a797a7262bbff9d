"""Generation of C source code from a network and its memory plan, with the templates beside this module.

Input: a network, its memory plan and its entry in the manifest. Output: the texts of the files of a firmware folder.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np

from ecgpredict import __version__
from ecgpredict.errors import InputError
from ecgpredict.firmware import fixed_point, plan
from ecgpredict.firmware.graph import Network
from ecgpredict.spec import Normalization

_WIDTH = 118
_TABLES = 256 * (1 + 4)  # bytes of the tables of the logistic function and of the probabilities
_TEMPLATES = "templates"


@dataclass(frozen=True)
class Scale:
    """Multipliers and right shifts of :func:`fixed_point.multiplier`, one per channel."""

    multiplier: tuple[int, ...]
    shift: tuple[int, ...]


def render(name: str, values: Mapping) -> str:
    """Render a template of this package, in which ``@name@`` is a value and a line after ``//%`` a Jinja statement."""
    source = importlib.resources.files("ecgpredict.firmware") / _TEMPLATES / name
    environment = jinja2.Environment(
        variable_start_string="@",
        variable_end_string="@",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        line_statement_prefix="//%",
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.from_string(source.read_text(encoding="utf-8")).render(values)


def template_values(network: Network, planned: plan.MemoryPlan, entry: Mapping, name: str, where: Path) -> dict:
    """Values of the names that the templates use.

    Raises
    ------
    InputError : scales or sums that exceed 32-bit arithmetic
    """
    source, last = network.blocks[0].source, network.blocks[-1].sink
    tables = fixed_point.output_tables(network.output, entry)
    layers = [_layer(network, planned, row, where) for row in range(len(planned.layers))]
    count = planned.averaged
    mean = _scale([fixed_point.mean_multiplier(last.scale / network.mean.scale, count)], where)
    linear = _rescaling(network.mean.scale * network.scales / network.logit.scale, where)
    _check_sums(network.weights.reshape(len(network.bias), -1), network.bias, where)
    return {
        "version": __version__,
        "name": name,
        "title": f"The {name} network",
        "file": entry["file"],
        "sha256": entry["sha256"],
        "samples": network.samples,
        "leads": network.leads,
        "rate": entry["rate"],
        "lead_names": " ".join(entry["leads"]),
        "classes": planned.classes,
        "class_names": " ".join(entry["classes"]),
        "quoted_classes": ", ".join(f'"{one}"' for one in entry["classes"]),
        "hop": planned.hop,
        "arena": planned.arena,
        "stream": planned.stream,
        "macs": planned.macs,
        "weight_bytes": weight_bytes(network, planned),
        "layer_count": len(layers),
        "padded_leads": planned.layers[0].padded,
        "window_values": planned.window_values,
        "channels": planned.channels,
        "averaged": count,
        "last_columns": planned.layers[-1].columns,
        "hop_columns": planned.hop_columns,
        "open_windows": planned.open_windows,
        "layers": layers,
        "last_zero": last.zero,
        "logit_zero": network.logit.zero,
        "mean": {"multiplier": mean.multiplier[0], "shift": mean.shift[0], "zero": network.mean.zero},
        "linear": {
            "weights": _lines(network.weights.ravel()),
            "bias": _row(network.bias),
            "multiplier": _row(linear.multiplier),
            "shift": _row(linear.shift),
        },
        "logistic": _lines(fixed_point.logistic_table(network.logit, network.output)),
        "probability": _lines([f"{one:.9g}f" if one < 1 else "1.0f" for one in tables.probability]),
        "thresholds": _row(tables.thresholds),
        "before_end": _samples(planned.samples_before_end),
        "after_end": _samples(planned.samples_after_end),
        "input_mean": _float(entry["mean"]),
        "input_sd": _float(entry["scale"]),
        "input_scale": _float(source.scale),
        "input_zero": source.zero,
        "output_scale": _float(network.output.scale),
        "output_zero": network.output.zero,
        "temperature": _float(entry["temperature"]),
        "quantizer": fixed_point.microvolt_quantizer(Normalization(entry["mean"], entry["scale"]), source, where),
    }


def weight_bytes(network: Network, planned: plan.MemoryPlan) -> int:
    """Bytes of flash for weights, biases, multipliers and tables, including padding."""
    blocks = zip(network.blocks, planned.layers)
    convolutions = sum(len(one.bias) * (layer.taps * layer.padded + 4 + 4 + 1) for one, layer in blocks)
    return convolutions + network.weights.size + len(network.bias) * (4 + 4 + 1) + _TABLES


def _layer(network: Network, planned: plan.MemoryPlan, row: int, where: Path) -> dict:
    block, layer = network.blocks[row], planned.layers[row]
    following = planned.layers[row + 1] if row + 1 < len(planned.layers) else None
    if following and network.blocks[row + 1].source != block.sink:
        raise _error("consecutive layers with different scales", where, block.sink, network.blocks[row + 1].source)
    weights = np.pad(block.weights, ((0, 0), (0, 0), (0, layer.padded - layer.inputs)))
    _check_sums(weights.reshape(len(weights), -1), block.bias, where)
    scale = _rescaling(block.source.scale * block.scales / block.sink.scale, where)
    return {
        "weights": {"bytes": weights.size, "text": _lines(weights.ravel())},
        "bias": _lines(block.bias),
        "multiplier": _lines(scale.multiplier),
        "shift": _lines(scale.shift),
        "taps": layer.taps,
        "padded": layer.padded,
        "outputs": layer.outputs,
        "start": layer.start,
        "next": following.start if following else 0,
        "following": following.padded if following else 0,
        "zero": block.sink.zero,
        "lowest": block.lowest,
    }


def _rescaling(real: np.ndarray, where: Path) -> Scale:
    return _scale([fixed_point.multiplier(one) for one in real], where)


def _scale(pairs: Sequence[tuple[int, int]], where: Path) -> Scale:
    multiplier, shift = zip(*pairs)
    if not all(-30 <= one <= -1 for one in shift):
        raise _error("unsupported scale", where, "a right shift by 1 to 30 bits", f"{-max(shift)} to {-min(shift)}")
    return Scale(multiplier, tuple(-one for one in shift))


def _check_sums(weights: np.ndarray, bias: np.ndarray, where: Path) -> None:
    """Check that no inputs can make a sum that exceeds 31 bits with sign."""
    largest = (np.abs(weights.astype(np.int64)).sum(axis=1) * 255 + np.abs(bias.astype(np.int64))).max()
    if largest >= 2**30:
        raise _error("sums that exceed 31 bits", where, f"less than {2**30}", largest)


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


def _float(value: float) -> str:
    return f"{value:#.9g}f"


def _samples(samples: int) -> str:
    return f"{samples} sample{'' if samples == 1 else 's'}"


def _error(what: str, where: Path, expected: object, found: object) -> InputError:
    return InputError(what, where=where, expected=expected, found=found, hint="give another model")
