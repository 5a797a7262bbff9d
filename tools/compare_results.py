"""Which results and scores of two checkouts differ, apart from what was timed and on which machine.

`python tools/compare_results.py BEFORE AFTER [--tolerance 1E-9]` reads results/full, the released models and the runs
under models/ of both. Sizes, hashes and operators of files are listed apart, because an exporter may change them while
every score stays, and so are values that only AFTER has. The exit status is 1 if any other value differs or is missing.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

TABLES = ("results/full/summary.csv",)
JSON_FILES = ("results/full/*.json", "models/manifest.json", "models/*/seed*/run.json")
SCORES = ("results/full/scores/*.npz", "models/*/seed*/scores.npz")
RELEASED = ("models/*.onnx", "models/*.tflite")
OF_MACHINES = re.compile(
    r"latency|hardware|processor|versions|^tools$|^dates?$|speed$|speedup$|ratios$|milli|(^|wall_|local_|slurm_|_per_|_core_)seconds?$"
)
OF_FILES = re.compile(r"bytes|sha256|size_ratio|operators")


def leaves(content: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each value of nested dictionaries and lists with its path, without what describes a machine."""
    if not isinstance(content, dict | list):
        yield path, content
        return
    if isinstance(content, list):  # claims are named, other rows are numbered
        content = {row["key"] if isinstance(row, dict) and "key" in row else n: row for n, row in enumerate(content)}
    for key, value in content.items():
        if not OF_MACHINES.search(str(key)):
            yield from leaves(value, (*path, str(key)))


def read(root: Path) -> dict[tuple[str, ...], object]:
    """{(file, key, ...): value or array} of a checkout's results, scores and released files."""
    values = {}
    for name in TABLES:
        with open(root / name, newline="", encoding="utf-8") as file:
            rows = {row["model"]: {key: _number(text) for key, text in row.items()} for row in csv.DictReader(file)}
        values |= dict(leaves(rows, (name,)))
    for path in _matching(root, JSON_FILES):
        name = str(path.relative_to(root))
        values |= dict(leaves(json.loads(path.read_text(encoding="utf-8")), (name,)))
    for path in _matching(root, SCORES):
        with np.load(path) as arrays:
            values |= {(str(path.relative_to(root)), array): arrays[array] for array in arrays.files}
    for path in _matching(root, RELEASED):
        values[str(path.relative_to(root)), "sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return values


def difference(before: object, after: object, tolerance: float = 0.0) -> str | None:
    """How two values differ, in words; None if they are equal, or numbers within the tolerance."""
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        if before.shape != after.shape:
            return f"shapes {before.shape} and {after.shape}"
        numbers = before.dtype.kind in "iuf" and after.dtype.kind in "iuf"
        gaps = abs(after.astype(float) - before) if numbers else (before != after).astype(float)
        changed = ~(gaps <= tolerance) & ~((before != before) & (after != after))
        return f"{changed.sum()} of {changed.size} values, by at most {gaps.max():.3g}" if changed.any() else None
    if isinstance(before, int | float) and isinstance(after, int | float):
        if before == after or abs(after - before) <= tolerance or (before != before and after != after):
            return None
        return f"{before} and {after}: {after - before:+.3g}"
    return None if type(before) is type(after) and before == after else f"{before} and {after}"


def compare(before: Path, after: Path, tolerance: float = 0.0) -> tuple[int, list[str], list[str], Counter]:
    """The number of equal values, a line for each that differs and for each of a changed file, and new values by file.

    Parameters
    ----------
    before, after : two checkouts
    tolerance : numbers that differ by no more are equal
    """
    left, right = read(before), read(after)
    equal, values, of_files = 0, [], []
    for key, value in left.items():
        text = difference(value, right[key], tolerance) if key in right else "missing"
        equal += text is None
        if text is not None:
            lines = of_files if any(OF_FILES.search(part) for part in key[1:]) else values
            lines.append(f"{' / '.join(key)}: {text}")
    return equal, values, of_files, Counter(file for file, *_ in right.keys() - left.keys())


def _matching(root: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    return (path for pattern in patterns for path in sorted(root.glob(pattern)))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def main() -> int:
    """Compare the checkouts on the command line, print what differs, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--tolerance", type=float, default=0.0)
    options = parser.parse_args()
    equal, values, of_files, new = compare(options.before, options.after, options.tolerance)
    print(f"{equal} equal, {len(of_files)} of files changed, {new.total()} new, {len(values)} different")
    added = [f"{file}: {count} values" for file, count in sorted(new.items())]
    for title, lines in (("Files that changed", of_files), ("New", added), ("Different", values)):
        if lines:
            print(f"\n{title}:", *lines, sep="\n  ")
    return 1 if values else 0


if __name__ == "__main__":
    sys.exit(main())
