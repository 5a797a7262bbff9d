"""ONNX files, which run without torch.

Input: a trained network. Output: an ONNX file, and its scores in ONNX Runtime.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

from ecgpredict import files
from ecgpredict.runtime import INPUT, OUTPUT, session
from ecgpredict.spec import N_SAMPLES

if TYPE_CHECKING:
    import torch

_BATCH = 32  # records scored together


def to_onnx(network: torch.nn.Module, path: Path, *, fold: bool = True) -> Path:
    """Write a network as one ONNX file: normalized float32 (b, leads, 1000) -> probabilities (b, outputs).

    Parameters
    ----------
    fold : whether to fold batch normalization into the weights of the convolution before it
    """
    import torch  # only here: running a file needs no torch

    from ecglib.networks.pooled import leads_of

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns that torchvision is missing
    with warnings.catch_warnings(action="ignore"):
        program = torch.onnx.export(
            network.eval(),
            (torch.zeros(2, leads_of(network), N_SAMPLES),),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("records")},),
            dynamo=True,
            verbose=False,
            optimize=fold,
        )
    return write(program.model_proto, path)


def write(model: onnx.ModelProto, path: Path) -> Path:
    """Write a model, atomically, without what exporters add about their own run: the bytes depend on the network alone.

    They add stack traces, versions, shapes between layers and operator sets that no node uses.
    """
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.initializer, *graph.input, *graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    model.ClearField("producer_version")
    used = {node.domain for node in graph.node}
    unused = [operators for operators in model.opset_import if operators.domain not in used]
    for operators in unused:
        model.opset_import.remove(operators)
    del graph.value_info[:], model.functions[:]
    with files.atomic_path(path) as temporary:
        onnx.save(model, temporary)
    return Path(path)


def predict(path: Path, x: np.ndarray, *, threads: int = 2, integer_kernels: bool = True) -> np.ndarray:
    """Probabilities float32 (n, outputs) of normalized records (n, 1000, leads), see :func:`session`."""
    ready = session(path, threads, integer_kernels=integer_kernels)
    parts = [x[start : start + _BATCH].transpose(0, 2, 1) for start in range(0, len(x), _BATCH)]
    return np.concatenate([ready.run(None, {INPUT: np.ascontiguousarray(part, np.float32)})[0] for part in parts])
