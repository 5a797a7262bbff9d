"""The study's tables, as pandas Stylers for chapters and as Markdown for README and intro.

In come data frames of results; out come tables with at most six columns, named and rounded the same
way everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pandas.io.formats.style import Styler

if TYPE_CHECKING:
    from ecglib.quantization import Checked

MODEL_NAMES = {
    "base_cnn": "Base CNN",
    "base_cnn_plain": "Base CNN, whole records",
    "base_cnn_augmented": "Base CNN, shifted and scaled",
    "inception_cnn": "Inception CNN",
    "inception_cnn_plain": "Inception CNN, unshifted",
    "inception_cnn_replay": "Inception CNN, replayed",
    "inception_cnn_int8": "Inception CNN, int8",
    "base_cnn_pruning_replay": "Pruning, replayed",
    "base_cnn_pruned_magnitude_50": "Base CNN, 50 % of weights pruned",
    "base_cnn_pruned_magnitude_80": "Base CNN, 80 % of weights pruned",
    "base_cnn_pruned_magnitude_90": "Base CNN, 90 % of weights pruned",
    "base_cnn_pruned_magnitude_95": "Base CNN, 95 % of weights pruned",
    "base_cnn_pruned_channels_25": "Base CNN, 25 % of channels pruned",
    "base_cnn_pruned_channels_50": "Base CNN, 50 % of channels pruned",
    "base_cnn_pruned_channels_60": "Base CNN, 60 % of channels pruned",
    "base_cnn_pruned_channels_75": "Base CNN, 75 % of channels pruned",
    "base_cnn_pruned_int8": "Base CNN, channels pruned, int8",
    "quantization_replay": "Quantization, replayed",
    "base_cnn_int8": "Base CNN, int8",
    "student": "Student",
    "student_int8": "Student, int8",
    "student_distilled": "Student, distilled",
    "student_distilled_int8": "Student, distilled, int8",
    "student_small": "Small student",
    "student_micro": "Student for micro-controllers, int8",
    "student_micro_64k": "Small student for micro-controllers, int8",
    "student_replay": "Student, replayed",
    "distillation_replay": "Distillation, replayed",
}

COLUMN_NAMES = {
    "model": "model", "val_auc": "AUC, fold 9", "test_auc": "AUC, fold 10", "seed_sd": "SD over seeds",
    "latency_ms": "ms a record", "latency_vs_float32": "times float32 speed", "nonzero_params": "non-zero parameters",
    "crop_s": "crop, s", "shift_s": "shift, s", "gain_sd": "gain, SD", "noise_sd": "noise, SD",
}  # fmt: skip


def show(table: pd.DataFrame, formats: dict | None = None, *, caption: str | None = None) -> Styler:
    """A table for a page: no index, thousands separated, missing values as a dash."""
    styler = table.style.hide(axis="index").format(formats or {}, thousands=",", na_rep="–", precision=3)
    numbers = table.select_dtypes("number").columns
    styler = styler.set_properties(subset=numbers, **{"text-align": "right"})
    heads = {name: "right" if name in numbers else "left" for name in table.columns}
    styler = styler.set_table_styles(
        {name: [{"selector": "th", "props": f"text-align: {side}"}] for name, side in heads.items()}
    )
    return styler.set_caption(caption) if caption else styler


def named(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose model column holds the models' names as readers meet them."""
    return table.assign(model=[MODEL_NAMES.get(name, name) for name in table["model"]])


def side_by_side(reported: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """A published layer table beside the model's own, row for row, and whether they agree."""
    both = pd.DataFrame(
        {
            "layer": measured["layer"],
            "output shape": measured["output_shape"].map(_shape),
            "reported shape": reported["output_shape"].map(_shape),
            "parameters": measured["params"],
            "reported": reported["params"],
        }
    )
    same = (reported == measured).all(axis=1)
    return both.assign(same=same.map({True: "✓", False: "✗"}))


def sizes(reported: dict[str, float], measured: pd.Series) -> pd.DataFrame:
    """The original's notions of a network's size in MB of 2**20 bytes, as reported and from the model.

    Parameters
    ----------
    reported : :data:`ecglib.original.SIZES_MB` of the model
    measured : :func:`ecglib.torch_models.size_table`
    """
    names = {
        "input_mb": "Input", "forward_backward_mb": "Forward/backward pass", "params_mb": "Parameters",
        "total_mb": "Estimated total",
    }  # fmt: skip
    rows = [(text, reported[key], measured[key]) for key, text in names.items()]
    return pd.DataFrame(rows, columns=["size in MB", "as reported", "from the model"])


def three_columns(reported: dict[str, float], replayed: dict, right: dict) -> pd.DataFrame:
    """AUC by superclass and macro mean on fold 10: as reported, replayed and done right.

    Parameters
    ----------
    reported : {superclass or "macro": AUC}; what is not there was not reported
    replayed, right : {superclass or "macro": {"value", "low", "high"}}, as :func:`ecglib.results.read` gives them
    """

    return pd.DataFrame(
        {
            "superclass": list(right),
            "as reported": [
                "–" if name not in reported else f"{reported[name]:.3f}".removesuffix("0") for name in right
            ],
            "replayed": [_interval(replayed[name]) for name in right],
            "done right": [_interval(one) for one in right.values()],
        }
    )


def findings(procedures: dict, reported: dict, macro: dict[str, dict]) -> pd.DataFrame:
    """What the original found beside its replay and what is right, one row a finding that has results.

    Parameters
    ----------
    procedures : {finding: (model that replays it or None, model that does it right)}
    reported : {model: :class:`ecglib.original.Reported`}
    macro : {model: {"value", "low", "high"}}, macro AUC on fold 10
    """
    rows = []
    for name, (replay, right) in procedures.items():
        if right not in macro:
            continue
        auc = next((reported[model].auc for model in (replay, right) if model in reported), None)
        rows.append((name, _auc(auc), _interval(macro[replay]) if replay else "–", _interval(macro[right]), right))
    table = pd.DataFrame(rows, columns=["finding", "as reported", "replayed", "done right", "model"])
    return named(table)


def gate(checked: dict[str, Checked]) -> pd.DataFrame:
    """Compressed models' figures against float32, a failed check marked ✗."""

    def marked(one: Checked, check: str, text: str) -> str:
        return f"{text} {'✓' if one.passed[check] else '✗'}"

    return pd.DataFrame(
        {
            "model": list(checked),
            "integer convolutions": [
                marked(c, "integer convolutions", c.integer_convolutions) for c in checked.values()
            ],
            "AUC": [marked(c, "AUC", f"{c.auc_change:+.4f}") for c in checked.values()],
            "score change": [f"{c.score_change:.4f}" for c in checked.values()],
            "clipped": [f"{c.clipped:.2%}" for c in checked.values()],
            "bytes": [marked(c, "bytes", f"×{c.bytes_share:.3f}") for c in checked.values()],
            "speed": [marked(c, "speed", f"×{c.speed:.2f}") for c in checked.values()],
        }
    )


def summary_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """The summary as readers meet it: six columns of text."""
    return pd.DataFrame(
        {
            "Model": named(summary)["model"],
            "AUC as reported": summary["reported_auc"].map(_auc),
            "AUC, fold 10 (95 % interval)": [
                f"{row.test_auc:.3f} ({row.test_auc_low:.3f}–{row.test_auc_high:.3f})" for row in summary.itertuples()
            ],
            "Seeds": summary["seeds"].astype(str),
            "Parameters": summary["params"].map("{:,}".format),
            "File": summary["file_bytes"].map(megabytes),
        }
    )


def seed_note(result: dict) -> str:
    """How many seeds a result of :func:`ecglib.results.read` is the mean of, and how far their test AUCs spread."""
    row = result["row"]
    return f"the mean of {row['seeds']} seeds, SD {row['seed_sd']:.4f}" if row["seeds"] > 1 else "one seed"


def markdown(table: pd.DataFrame) -> str:
    """A GitHub table; the first column to the left, the others to the right."""
    head = "| " + " | ".join(table.columns) + " |"
    rule = "|---|" + "---:|" * (len(table.columns) - 1)
    return "\n".join([head, rule, *("| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False))])


def megabytes(count: float) -> str:
    """Bytes as MB of 10**6, the unit of file managers and data sheets."""
    return f"{count / 1e6:.2f}\u00a0MB"  # a space that does not break


def _auc(value: float | None) -> str:
    return "–" if pd.isna(value) else f"{value:.3f}"


def _interval(one: dict) -> str:
    return f"{one['value']:.3f} ({one['low']:.3f}–{one['high']:.3f})"


def _shape(shape: tuple) -> str:
    return "×".join(map(str, shape[1:]))
