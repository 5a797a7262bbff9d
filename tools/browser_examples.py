"""Writes the six recordings that the book's classify page offers: PTB-XL at 100 Hz, fold 10, chosen for teaching.

    PTBXL_ROOT=… python tools/browser_examples.py

Four are classified as the cardiologist labelled them, two are mistakes of the model: tests/ecgpredict/test_browser.py
holds that this is so for the released default.
"""

from __future__ import annotations

import ast
import base64
import json
import os
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import wfdb

TARGET = Path(__file__).parents[1] / "book" / "browser" / "examples.json"
# ecg_id -> what the button says, and what a reader should look at
CHOSEN = {
    504: ("Normal", "A healthy heart, for comparison: every beat alike, a sharp spike and a rounded wave after it."),
    14667: (
        "Old heart attack",
        "Look at V2 and V3: the small upward wave at the start of each beat is missing, since the muscle of the front "
        "wall that makes it is dead.",
    ),
    4560: (
        "Left bundle branch block",
        "Look at V1 and V6: each spike is wide and slurred, since the impulse reaches the left side of the heart by a "
        "detour.",
    ),
    14745: (
        "Thickened heart muscle",
        "Look at V5 and V6: tall spikes, each followed by a downward wave. One recording can have two findings.",
    ),
    13158: (
        "A heart attack that is missed",
        "It is shown on purpose: where the cardiologist saw an infarction of the lower wall (II, III, aVF), the model "
        "says normal. No other mistake is as dangerous.",
    ),
    10806: (
        "A false alarm",
        "It is shown on purpose: the cardiologist, who called it normal, noted that the spikes grow slowly from V1 to "
        "V4. After an infarction of the front wall they also do.",
    ),
}
MISTAKES = (13158, 10806)  # of the model


def example(row: pd.Series, statements: pd.DataFrame, folder: Path) -> dict:
    """One record: its label in words, and its 12,000 samples in µV as compressed differences."""
    signal, fields = wfdb.rdsamp(str(folder / row.filename_lr))
    assert row.strat_fold == 10 and fields["fs"] == 100 and set(fields["units"]) == {"mV"}
    microvolts = np.round(signal * 1000).astype("<i2")
    codes = [code for code in ast.literal_eval(row.scp_codes) if code in statements.index]
    name, note = CHOSEN[row.name]
    return {
        "name": name,
        "note": note,
        "ecg_id": int(row.name),
        "age": int(row.age),
        "sex": ["male", "female"][int(row.sex)],
        "statements": [statements.description[code] for code in codes],
        "superclasses": sorted({statements.diagnostic_class[code] for code in codes}),
        # lead after lead, since neighbouring samples are alike
        "content": base64.b64encode(
            zlib.compress(np.diff(microvolts.T, axis=1, prepend=0).astype("<i2").tobytes(), 9)
        ).decode(),
    }


def columns(example: dict) -> np.ndarray:
    """The signal (1000, 12) in mV of one of the file's examples."""
    steps = np.frombuffer(zlib.decompress(base64.b64decode(example["content"])), "<i2").reshape(12, -1)
    return steps.cumsum(axis=1).T / 1000


def main() -> None:
    root = Path(os.environ["PTBXL_ROOT"])
    records = pd.read_csv(root / "ptbxl_database.csv", index_col="ecg_id")
    statements = pd.read_csv(root / "scp_statements.csv", index_col=0).query("diagnostic == 1")
    made = [example(records.loc[ecg_id], statements, root) for ecg_id in CHOSEN]
    TARGET.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
