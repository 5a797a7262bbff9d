"""Writing signals (samples, 12) in mV as recordings of each format."""

import numpy as np
import pandas as pd
import wfdb

from ecglib.data.ptbxl import LEADS


def write_wfdb(folder, signal, *, rate=100, names=LEADS, units="mV", fmt="16"):
    factor = {"mV": 1, "uV": 1000, "µV": 1000}[units]
    wfdb.wrsamp(
        "record", fs=rate, units=[units.replace("µ", "u")] * signal.shape[1], sig_name=list(names),
        p_signal=signal.astype(float) * factor, fmt=[fmt] * signal.shape[1], write_dir=str(folder),
    )  # fmt: skip
    header = folder / "record.hea"
    header.write_bytes(header.read_bytes().replace(b"uV", units.encode("utf-8")))
    return folder / "record"


def write_csv(path, signal, *, rate=None, names=LEADS, decimals=None):
    """Write a CSV file; times, if there is a rate, are rounded to `decimals`, e.g. 3 for milliseconds."""
    table = pd.DataFrame(signal, columns=list(names))
    if rate:
        time = np.arange(len(signal)) / rate
        table.insert(0, "time", time if decimals is None else time.round(decimals))
    table.to_csv(path, index=False)
    return path
