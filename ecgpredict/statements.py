"""PTB-XL's statements in words: their names and groups stand in statements.csv."""

import csv
import importlib.resources
from collections.abc import Iterable, Sequence
from functools import cache

from ecgpredict.spec import STATEMENT


@cache
def table() -> dict[str, dict[str, str]]:
    """{code: {"code", "group", "name"}}, group after group."""
    with (importlib.resources.files("ecgpredict") / "statements.csv").open(encoding="utf-8") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def rows(labels: Sequence[str], probabilities: Iterable[float], thresholds: Iterable[float]) -> tuple[dict, ...]:
    """A prediction's statements, group after group; those without a threshold, NaN, have None and are not found."""
    by_label = {label: (float(value), float(bound)) for label, value, bound in zip(labels, probabilities, thresholds)}
    return tuple(
        row | {"probability": value, "threshold": None if bound != bound else bound, "found": value >= bound}
        for code, row in table().items()
        for value, bound in [by_label.get(STATEMENT + code, (None, None))]
        if value is not None
    )


def by_group(statements: Iterable[dict]) -> dict[str, list[dict]]:
    """{group: its rows}."""
    groups: dict[str, list[dict]] = {}
    for row in statements:
        groups.setdefault(row["group"], []).append(row)
    return groups
