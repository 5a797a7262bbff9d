"""How every table is shown: names, formats, and pandas Stylers or Markdown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

import pandas as pd
from pandas.io.formats.style import Styler

from ecglib.study.paths import find_project
from ecglib.study.registry import Registry, load_registry

# decimals of a column wherever it is shown; others have three
FORMATS = {
    "AUC, fold 9": "{:.4f}",
    "AUC, fold 10": "{:.4f}",
}


def show(table: pd.DataFrame, formats: Mapping | None = None, *, caption: str | None = None) -> Styler:
    """A table for a page: no index, thousands separated, missing values as a dash; formats beside :data:`FORMATS`."""
    numbers = table.select_dtypes("number").columns
    wanted = {name: form for name, form in FORMATS.items() if name in numbers} | dict(formats or {})
    styler = table.style.hide(axis="index").format(wanted, thousands=",", na_rep="–", precision=3)
    styler = styler.set_properties(subset=numbers, **{"text-align": "right"})
    heads = {name: "right" if name in numbers else "left" for name in table.columns}
    styler = styler.set_table_styles(
        {name: [{"selector": "th", "props": f"text-align: {side}"}] for name, side in heads.items()}
    )
    return styler.set_caption(caption) if caption else styler


@cache
def registry() -> Registry:
    """The registry of models in the checkout around the working directory."""
    return load_registry(find_project() / "config" / "models.yml")


def model_labels() -> dict[str, str]:
    """Each model's name in the registry, and its name as readers meet it."""
    return {name: model.label for name, model in registry().models.items()}


def with_display_names(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose model column holds the models' names as readers meet them."""
    labels = model_labels()
    return table.assign(model=[labels.get(name, name) for name in table["model"]])


def markdown(table: pd.DataFrame, left: Collection[str] = ()) -> str:
    """A GitHub table; the first column and those named `left` to the left, the others to the right."""
    head = "| " + " | ".join(table.columns) + " |"
    rule = "|---|" + "".join("---|" if name in left else "---:|" for name in table.columns[1:])
    return "\n".join([head, rule, *("| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False))])


def megabytes(count: float) -> str:
    """Bytes as MB of 10**6, the unit of file managers and data sheets."""
    return f"{count / 1e6:.2f}\u00a0MB"


def file_size(count: float) -> str:
    """Bytes as KB of 10**3 below one MB, else as MB of 10**6."""
    return f"{count / 1e3:,.0f}\u00a0KB" if count < 1e6 else megabytes(count)


def auc(value: float | None) -> str:
    """An AUC with three decimals, or a dash if there is none."""
    return "–" if pd.isna(value) else f"{value:.3f}"


def short_count(count: float) -> str:
    """A number of parameters in millions or thousands."""
    return f"{count / 1e6:.2f}\u00a0M" if count >= 1e6 else f"{count / 1e3:.0f}\u00a0k"
