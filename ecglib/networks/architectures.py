"""The networks' names and widths, without a framework."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

CHANNELS = {
    "base_cnn": (100, 250, 500, 1000),
    "base_cnn_narrow": (40, 100, 200, 400),  # what is left of the base CNN without 60 % of its channels
    "student": (50, 150, 300),
    "quantization_aware": (100, 150, 300),
}
KERAS_NETWORK = "inception_cnn"  # every other network is a torch one
REFERENCE_NETWORKS = ("resnet1d_wang", "conv_gru", "xresnet1d18")  # teachers only
COMPACT_NETWORK = "compact"
NETWORKS = (*CHANNELS, KERAS_NETWORK, *REFERENCE_NETWORKS, COMPACT_NETWORK)


class CompactShape(BaseModel):
    """The shape of a compact network: a strided stem, and stages of blocks with a halving of the length between them.

    Attributes
    ----------
    block : "plain": a convolution; "separable": a depthwise and a pointwise convolution; "residual": a separable block
        whose input is added to its output if both have the same number of channels
    widths : output channels of each stage; the stem has those of the first
    depth : blocks in each stage
    kernel : length of the blocks' kernels, odd
    stem_kernel, stem_stride : of the first convolution
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    block: Literal["plain", "separable", "residual"]
    widths: tuple[int, ...] = Field(min_length=1, strict=False)
    depth: int = Field(1, ge=1)
    kernel: int = Field(9, ge=1, le=25)
    stem_kernel: int = Field(10, ge=1, le=50)
    stem_stride: int = Field(2, ge=1, le=8)

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError("expected an odd length, so that a block keeps the length of its input")
        return kernel
