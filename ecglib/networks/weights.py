"""Weights files in safetensors format, read the same way for both frameworks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file

from ecgpredict import files

if TYPE_CHECKING:
    from torch import nn

NAME = "weights.safetensors"  # the weights file of a run


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a weights file by name, in their stored precision."""
    return load_file(path)


def save(network: nn.Module, path: Path) -> None:
    """Write a torch network's weights as float16 safetensors, atomically."""
    from safetensors.torch import save_file  # only here: the Keras network has its weights without torch

    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    with files.atomic_path(path) as temporary:
        save_file({k: v.contiguous() for k, v in state.items()}, temporary)


def fill(network: nn.Module, path: Path, state: dict[str, np.ndarray] | None = None) -> nn.Module:
    """Load a weights file, or the `state` read from it, into a torch network, in its own precision; in place."""
    import torch  # only here: the Keras network reads its weights without torch

    state = read(path) if state is None else state
    network.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return network
