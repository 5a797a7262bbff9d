"""Figures of pruned networks: their weights before and after, and what belongs to a channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from ecglib.book import alt_text
from ecglib.book.plots.style import PAGE_WIDTH

if TYPE_CHECKING:
    from torch import nn

_WIDTH = 0.2  # weights beyond it are few
_SHOWN = 40  # channels beside each other


def weight_histograms(networks: Mapping[str, nn.Module]) -> Figure:
    """Numbers of weights by value, one panel per network by title, one line per layer, without weights of zero."""
    figure, axes = plt.subplots(len(networks), 1, figsize=(PAGE_WIDTH, 2.5 * len(networks)), sharex=True, sharey=True)
    for axis, (title, network) in zip(np.atleast_1d(axes), networks.items()):
        weights = [values.detach().numpy().ravel() for values in network.parameters() if values.dim() > 1]
        names = [f"convolution {number}" for number in range(1, len(weights))] + ["linear layer"]
        for name, values, color in zip(names, weights, sns.color_palette("colorblind")):
            counts, edges = np.histogram(values[values != 0], bins=121, range=(-_WIDTH, _WIDTH))
            axis.stairs(counts, edges, color=color, baseline=None, label=f"{name}, {len(values):,} weights")
        axis.set(yscale="log", ylim=(0.7, None), ylabel="weights", title=title)
    figure.legend(*np.atleast_1d(axes)[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    np.atleast_1d(axes)[-1].set_xlabel("value of a weight")
    text = "Histograms of the weights of each layer. " + " ".join(f"{title}." for title in networks)
    return alt_text.set_alt_text(figure, text)


def channel_parts(incoming: np.ndarray, own: np.ndarray, outgoing: np.ndarray, channel: int) -> Figure:
    """The weights that belong to each of some channels, in a column below each other, with one channel marked.

    They are the norms of the filters' parts (inputs, channels), bias, scale, shift, mean and SD (5, channels), and the
    norms of what the next layer's filters read (filters, channels).
    """
    first = int(np.clip(channel - _SHOWN // 2, 0, max(0, own.shape[1] - _SHOWN)))
    parts = {
        "the channel's filter: 60 of its inputs": incoming[:60],
        "its bias and batch normalization": own / np.maximum(own.max(axis=1, keepdims=True), 1e-9),
        "what reads it: 100 filters of the third convolution": outgoing[:100],
    }
    ratios = {"height_ratios": (3, 1.2, 4)}
    figure, axes = plt.subplots(3, 1, figsize=(PAGE_WIDTH, 6), sharex=True, gridspec_kw=ratios)
    for axis, (name, values) in zip(axes, parts.items()):
        extent = (first - 0.5, first + min(_SHOWN, own.shape[1]) - 0.5, len(values), 0)
        shown = values[:, first : first + _SHOWN]
        axis.imshow(shown, cmap="Greys", aspect="auto", extent=extent, vmax=np.quantile(shown, 0.98))
        axis.axvspan(channel - 0.5, channel + 0.5, facecolor="none", edgecolor="#D55E00", linewidth=2)
        axis.set_title(name, loc="left")
        axis.grid(visible=False)
    axes[1].set_yticks(np.arange(5) + 0.5, ["bias", "scale", "shift", "mean", "SD"], fontsize=8.5)
    axes[2].set_xlabel("channel of the second convolution")
    text = f"The weights that belong to channels {first} to {first + _SHOWN - 1}, with channel {channel} marked."
    return alt_text.set_alt_text(figure, text)
