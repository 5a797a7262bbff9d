"""What every torch network of the study shares: one linear layer and a sigmoid on pooled features."""

from __future__ import annotations

import torch
from torch import nn

from ecgpredict.spec import LEADS


class PooledNet(nn.Module):
    """A network whose subclass has `pooled`, `linear` and `sigmoid`.

    Shapes
    ------
    input float32 (b, 12, samples), output float32 (b, 5) in the order of CLASSES
    """

    linear: nn.Linear
    sigmoid: nn.Sigmoid

    def pooled(self, x: torch.Tensor) -> torch.Tensor:
        """(b, 12, samples) -> (b, channels), the input of the linear layer."""
        raise NotImplementedError

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        """(b, 12, samples) -> (b, 5), before the sigmoid."""
        return self.linear(self.pooled(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.sigmoid(self.logits(x))


def leads_of(network: nn.Module) -> int:
    """The number of leads that a network takes: the inputs of its first convolution, twelve without one."""
    return next((layer.in_channels for layer in network.modules() if isinstance(layer, nn.Conv1d)), len(LEADS))
