"""The network in NumPy integer arithmetic, bit-exact with LiteRT's reference kernels but independent of LiteRT.

Input: int8 recordings. Output: int8 outputs. The golden vectors are computed with it; the tests compare the C file
and LiteRT with it.
"""

import numpy as np

from ecgpredict.firmware import fixed_point
from ecgpredict.firmware.graph import Network


def outputs(network: Network, x: np.ndarray) -> np.ndarray:
    """int8 (n, samples, leads) -> int8 (n, classes)."""
    table = fixed_point.logistic_table(network.logit, network.output)
    return table[np.stack([logits(network, one) for one in x]).astype(int) + 128]


def logits(network: Network, x: np.ndarray) -> np.ndarray:
    """int8 (samples, leads) -> int8 (classes,), before the logistic function."""
    values = x.astype(np.int64)
    for block in network.blocks:
        values = np.pad(values, ((block.before, block.after), (0, 0)), constant_values=block.source.zero)
        taps, stride = block.weights.shape[1], block.stride
        count = (len(values) - taps) // stride + 1
        # float64 represents these integers exactly, and its matrix products are faster
        shifted, weights = (values - block.source.zero).astype(float), block.weights.astype(float)
        sums = sum(shifted[tap : tap + stride * count : stride][:count] @ weights[:, tap].T for tap in range(taps))
        real = block.source.scale * block.scales / block.sink.scale
        factor, shift = np.array([fixed_point.multiplier(scale) for scale in real]).T
        values = fixed_point.rescale(sums.astype(np.int64) + block.bias, factor, shift) + block.sink.zero
        values = np.clip(values, block.lowest, 127)
        if block.pool:
            values = values[: count // 2 * 2].reshape(count // 2, 2, -1).max(axis=1)
    last = network.blocks[-1].sink
    factor, shift = fixed_point.mean_multiplier(last.scale / network.mean.scale, len(values))
    total = values.sum(axis=0) - len(values) * last.zero
    mean = np.clip(fixed_point.rescale(total, factor, shift) + network.mean.zero, -128, 127)
    sums = (mean - network.mean.zero) @ network.weights.astype(np.int64).T + network.bias
    real = network.mean.scale * network.scales / network.logit.scale
    factor, shift = np.array([fixed_point.multiplier(one) for one in real]).T
    return np.clip(fixed_point.rescale_once(sums, factor, shift) + network.logit.zero, -128, 127).astype(np.int8)
