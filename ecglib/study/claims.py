"""What sentences of the book rest on: an estimate, the bound that it has to keep, and the verdict.

A chapter of the full profile states each claim in the cell of its sentence. One that does not hold fails the chapter,
and a person writes the sentence again. Keys begin with the number of their chapter: "04.int8_costs_nothing".
"""

from __future__ import annotations

import json
from pathlib import Path

from ecglib.evaluation.bootstrap import Estimate
from ecgpredict import files
from ecgpredict.errors import InputError

NAME = "claims.json"


def holds(claim: dict) -> bool:
    """Whether the whole interval lies above a claim's "above", below its "below", within plus or minus its "within"."""
    low, high = claim["low"], claim["high"]
    kept = {"above": lambda x: low > x, "below": lambda x: high < x, "within": lambda x: -x <= low and high <= x}
    return all(keeps(claim[name]) for name, keeps in kept.items() if name in claim)


def check(key: str, value: Estimate | float, bounds: dict[str, float]) -> dict:
    """The claim as it is stored: key, chapter, value, low, high and bounds; an InputError if it does not keep them."""
    estimate = value if isinstance(value, Estimate) else Estimate(value, value, value)
    interval = {"value": float(estimate.value), "low": float(estimate.low), "high": float(estimate.high)}
    claim = {"key": key, "chapter": key.partition(".")[0], **interval, **bounds}
    if not holds(claim):
        raise InputError(
            "a claim of the book does not hold",
            where=f"chapter {claim['chapter']}, {key}",
            expected=", ".join(f"{name} {bound:g}" for name, bound in bounds.items()),
            found=f"{estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f})",
            hint="write the sentence that rests on it again, and state what holds now",
        )
    return claim


def read(folder: Path) -> list[dict]:
    """The claims in a results folder, in order of their keys."""
    path = Path(folder) / NAME
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def write(folder: Path, claim: dict, source: Path) -> None:
    """Add a claim to a results folder; claims of its chapter that the chapter's source no longer names are dropped."""
    text = source.read_text(encoding="utf-8")
    stored = {old["key"]: old for old in read(folder)}
    current = {key: old for key, old in stored.items() if old["chapter"] != claim["chapter"] or f'"{key}"' in text}
    lines = ",\n".join(f" {json.dumps(each)}" for _, each in sorted((current | {claim["key"]: claim}).items()))
    files.write_text(Path(folder) / NAME, f"[\n{lines}\n]\n")
