"""What a model reacted to: how far its probabilities fall when a piece of one lead is replaced by a straight line.

It needs nothing but predictions, so that it is the same for a float32 network, an int8 file, and a browser (Zeiler &
Fergus, ECCV 2014).
"""

from collections.abc import Callable

import numpy as np

from ecgpredict.spec import SAMPLING_RATE

# samples: a second is about a heartbeat. The output of an int8 file has 256 steps, and shorter pieces rarely reach one.
SEGMENT = SAMPLING_RATE


def occlusion_map(
    predict: Callable[[np.ndarray], np.ndarray], window: np.ndarray, segment: int = SEGMENT
) -> np.ndarray:
    """How much each piece of each lead raises each probability.

    Parameters
    ----------
    predict : windows float32 (w, n, 12) in mV -> probabilities (w, c)
    window : (n, 12) in mV
    segment : samples of a piece; n has to be a multiple of it

    Returns
    -------
    float64 (c, 12, n / segment): the probability of the window minus that without the piece, positive where the piece
    speaks for the superclass
    """
    window = np.asarray(window, np.float32)
    (whole,), without = predict(window[None]), predict(occluded(window, segment))
    parts, leads = len(window) // segment, window.shape[1]
    return (whole - without).reshape(leads, parts, -1).transpose(2, 0, 1).astype(float)


def occluded(window: np.ndarray, segment: int = SEGMENT) -> np.ndarray:
    """The window (n, 12) without one piece each: float32 (12 * n / segment, n, 12), lead after lead.

    A piece is replaced by a line from the sample before it to the sample after it, so that no step arises that the
    model could react to; at the beginning and the end, by the one neighbour that there is.
    """
    n, leads = window.shape
    parts = n // segment
    out = np.repeat(np.asarray(window, np.float32)[None], leads * parts, axis=0).reshape(leads, parts, n, leads)
    for part in range(parts):
        start, stop = part * segment, (part + 1) * segment
        before, after = window[max(start - 1, 0)], window[min(stop, n - 1)]
        before, after = (after if start == 0 else before), (before if stop == n else after)
        steps = np.arange(1, segment + 1, dtype=np.float32)[:, None] / np.float32(segment + 1)
        line = before + (after - before) * steps
        for lead in range(leads):
            out[lead, part, start:stop, lead] = line[:, lead]
    return out.reshape(leads * parts, n, leads)
