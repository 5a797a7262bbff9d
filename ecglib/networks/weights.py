"""Weights files in safetensors format, read the same way for both frameworks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from ecgpredict import files
from ecgpredict.errors import InputError

if TYPE_CHECKING:
    from torch import nn

NAME = "weights.safetensors"  # the weights file of a run


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a weights file by name, in their stored precision.

    Raises
    ------
    InputError : the file is missing or unreadable
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(
            "weights unreadable", where=path, expected="a safetensors file", found=error, hint="train the model again"
        ) from error


def save(network: nn.Module, path: Path) -> None:
    """Write a torch network's weights as float16 safetensors, atomically."""
    from safetensors.torch import save_file  # only here: the Keras network has its weights without torch

    state = {k: v.half() if v.is_floating_point() else v for k, v in network.state_dict().items()}
    with files.atomic_path(path) as temporary:
        save_file({k: v.contiguous() for k, v in state.items()}, temporary)


def fill(network: nn.Module, path: Path, state: dict[str, np.ndarray] | None = None) -> nn.Module:
    """Load the arrays of a weights file into a torch network, in the network's own precision; in place.

    Parameters
    ----------
    state : the file's content, if it has been read already

    Raises
    ------
    InputError : the file is unreadable or of another architecture
    """
    import torch  # only here: the Keras network reads its weights without torch

    state = read(path) if state is None else state
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in state.items()}
    if shapes != found:
        name = next(name for name in (shapes | found) if shapes.get(name) != found.get(name))
        raise InputError(
            "weights of another architecture",
            where=f"{path}, {name}",
            expected=shapes.get(name, "no such name"),
            found=found.get(name, "no such name"),
            hint="give a weights file of this network",
        )
    network.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    return network
