"""Training time per record of the base CNN: bfloat16 compared with float32, channels last with channels first.

Targets: bfloat16 at least 2.5 times as fast as float32 on a processor with native bfloat16; float32 in tiles, which the
other processors train with, at least 2.5 times as fast as torch's convolution.
"""

import time

import torch
from torch.nn import functional as F

from ecglib.networks import convnet, tiled_convolution

BATCH, STEPS = 128, 3


def milliseconds(network, x, bfloat16):
    """Time per record for the forward pass, backward pass and update of a step, the best of three steps."""
    network.train()
    optimizer = torch.optim.AdamW(network.parameters())
    target = torch.rand(BATCH, 5).round()
    best = float("inf")
    for _ in range(STEPS + 1):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = network.logits(x)
        loss = F.binary_cross_entropy_with_logits(logits.float(), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        best = min(best, time.perf_counter() - start)
    return best / BATCH * 1e3


x = torch.randn(BATCH, 12, 1000)
wide = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
plain = milliseconds(convnet.build("base_cnn"), x, False)
half = milliseconds(convnet.build("base_cnn"), x, True)
ours = milliseconds(convnet.channels_last(convnet.build("base_cnn")), wide, True)
tiled = milliseconds(convnet.channels_last(convnet.build("base_cnn")), wide, False)
tiled_convolution.MIN_CHANNELS = 1000
direct = milliseconds(convnet.channels_last(convnet.build("base_cnn")), wide, False)
print(f"float32: {plain:.1f} ms per record")
print(f"float32, channels last: {direct:.1f} ms; in tiles (as trained without bfloat16): {tiled:.1f} ms, ", end="")
print(f"{direct / tiled:.1f} times as fast (target 2.5)")
print(f"bfloat16: {half:.1f} ms, {plain / half:.1f} times as fast (target 2.5)")
print(f"bfloat16, channels last, fast dropout (as trained): {ours:.1f} ms, {plain / ours:.1f} times as fast")
