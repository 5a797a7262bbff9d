"""Where the lines of an ECG lie on paper, in millimetres at 25 mm/s and 10 mm/mV, for SVG.

Windows are float (1000, 12) in mV at 100 Hz.
"""

from collections.abc import Sequence

import numpy as np

from ecgpredict.spec import LEADS, SAMPLING_RATE, positions

MM_PER_S, MM_PER_MV = 25.0, 10.0
_WIDTH_MM, _ROW_MM, _LEFT_MM = 262.0, 29.0, 9.0  # A4 landscape has 277 mm between margins of 10 mm
_COLUMNS = 4
# the small rows behind which a map lies
_MAP_LEFT_MM, _MAP_MM_PER_S, MAP_ROW_MM, _MAP_MM_PER_MV = 8.0, 7.8, 5.4, 2.4


def sheet(window: np.ndarray) -> dict:
    """The usual sheet: three rows of four leads of 2.5 s, and lead II, or the first there is, over all ten seconds.

    Returns
    -------
    {"width", "height": mm, "strips": [{"lead", "points", "x", "y": of its name}], "pulses": points of the 1 mV pulses}
    """
    span, present = len(window) // _COLUMNS, np.flatnonzero(~np.isnan(window).any(axis=0))
    strips = [
        _strip(window[lead // 3 * span : (lead // 3 + 1) * span, lead], LEADS[lead], lead // 3 * span, lead % 3)
        for lead in present
    ]
    rhythm = min(present, key=lambda lead: LEADS[lead] != "II")
    strips.append(_strip(window[:, rhythm], LEADS[rhythm], 0, 3))
    pulses = [
        f"2,{base:.2f} 3,{base:.2f} 3,{base - MM_PER_MV:.2f} 7,{base - MM_PER_MV:.2f} 7,{base:.2f} 8,{base:.2f}"
        for base in map(_base, range(4))
    ]
    return {"width": _WIDTH_MM, "height": 4 * _ROW_MM, "strips": strips, "pulses": pulses}


def rows(window: np.ndarray, leads: Sequence[str]) -> list[dict]:
    """These leads over the whole window, each in a small row about its median: {"lead", "points", "y": of its name}."""
    found = []
    for row, (name, lead) in enumerate(zip(leads, positions(leads))):
        middle = (row + 0.5) * MAP_ROW_MM
        voltage = (window[:, lead] - np.median(window[:, lead])) * _MAP_MM_PER_MV
        # large deflections reach into the neighbours' rows at most half
        y = middle - np.clip(voltage, -MAP_ROW_MM, MAP_ROW_MM)
        found.append({"lead": name, "points": _points(_MAP_LEFT_MM, _MAP_MM_PER_S, y), "y": f"{middle + 1:.2f}"})
    return found


def cells(leads: int, parts: int) -> list[dict]:
    """The rectangles behind the small rows, `parts` for each lead, lead after lead."""
    width = _MAP_MM_PER_S * 10 / parts
    return [
        {
            "x": f"{_MAP_LEFT_MM + part * width:.2f}",
            "y": f"{lead * MAP_ROW_MM + 0.2:.2f}",
            "width": f"{width:.2f}",
            "height": f"{MAP_ROW_MM - 0.4:.2f}",
        }
        for lead in range(leads)
        for part in range(parts)
    ]


def _base(row: int) -> float:
    return (row + 0.6) * _ROW_MM


def _strip(voltage: np.ndarray, lead: str, start: int, row: int) -> dict:
    left = _LEFT_MM + start / SAMPLING_RATE * MM_PER_S
    points = _points(left, MM_PER_S, _base(row) - voltage * MM_PER_MV)
    return {"lead": lead, "points": points, "x": f"{left + 1:.2f}", "y": f"{_base(row) - 12:.2f}"}


def _points(left: float, mm_per_s: float, y: np.ndarray) -> str:
    x = left + np.arange(len(y)) / SAMPLING_RATE * mm_per_s
    return " ".join(f"{one:.2f},{other:.2f}" for one, other in zip(x, y))
