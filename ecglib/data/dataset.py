"""The signals of a folder in PTB-XL's layout, as one memory-mapped array of int16 microvolts.

Opening a folder for the first time reads every record with wfdb, checks it, and writes a cache; after that, opening
maps the cache in well under a second.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecglib.data import ptbxl, records
from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES, SAMPLING_RATE

_CHUNK = 256  # records a worker reads at a time
_N_SPOT_CHECKS = 16  # records compared with the cache at each opening
_DOWNLOAD_HINT = "fetch the record again with `ecglib download`"


@dataclass(frozen=True)
class Dataset:
    """Records, labels and signals, row by row.

    Attributes
    ----------
    table : DataFrame (n rows) of :func:`ecglib.data.ptbxl.read_table`
    signals : int16 (N, 1000, 12) in microvolts, memory-mapped, every record of the folder
    rows : int (n,), the row of `signals` for each row of `table`
    fingerprint : 16 hexadecimal digits of a SHA-256 over tables and signals
    outputs : the columns of the table that a network learns
    leads : those of LEADS that a network sees
    """

    table: pd.DataFrame
    signals: np.ndarray
    rows: np.ndarray
    fingerprint: str
    outputs: tuple[str, ...] = CLASSES
    leads: tuple[str, ...] = LEADS

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ecg_id(self) -> np.ndarray:
        """int64 (n,)"""
        return self.table.index.to_numpy()

    @property
    def labels(self) -> np.ndarray:
        """float32 (n, outputs), 1 where the record has the label"""
        return self.table[list(self.outputs)].to_numpy(np.float32)

    def with_labels(self, labels: pd.DataFrame) -> Dataset:
        """The records with the columns of `labels` (bool, by ecg_id) as what a network learns."""
        table = self.table.drop(columns=list(CLASSES)).join(labels)
        return replace(self, table=table, outputs=tuple(labels.columns))

    def with_leads(self, leads: Sequence[str]) -> Dataset:
        """The records with these of LEADS as what a network sees."""
        return replace(self, leads=tuple(leads))

    def select(self, mask: np.ndarray) -> Dataset:
        """The records for which the boolean (n,) `mask` is true; only the table is copied."""
        return replace(self, table=self.table[mask], rows=self.rows[np.asarray(mask)])

    def labeled(self) -> Dataset:
        """The records with at least one superclass."""
        return self.select(self.table[list(CLASSES)].any(axis=1).to_numpy())

    def in_folds(self, *folds: int) -> Dataset:
        """The records of these folds."""
        return self.select(self.table["fold"].isin(folds).to_numpy())

    def sample(self, count: int, seed: int) -> Dataset:
        """A random sample of `count` records without replacement, or all if there are fewer."""
        chosen = np.random.default_rng(seed).permutation(len(self))[:count]
        return self.select(np.isin(np.arange(len(self)), chosen))

    def microvolts(self, positions: Sequence[int] | np.ndarray | slice) -> np.ndarray:
        """int16 (b, 1000, leads) in microvolts of the records at these positions of the table."""
        signals = self.signals[self.rows[positions]]
        return signals if self.leads == LEADS else signals[:, :, [LEADS.index(lead) for lead in self.leads]]

    def millivolts(self, positions: Sequence[int] | np.ndarray | slice) -> np.ndarray:
        """float32 (b, 1000, leads) in mV of the records at these positions of the table."""
        return self.microvolts(positions).astype(np.float32) / np.float32(1000)


def open_dataset(root: Path, cache: Path, *, jobs: int = 2, progress: bool = True) -> Dataset:
    """Open a folder in PTB-XL's layout; the first time, `jobs` processes read and check every record into `cache`.

    InputError for an invalid table or record, a full disk, or a cache made from other data.
    """
    root, cache = Path(root), Path(cache)
    table = ptbxl.read_table(root)
    tables = ptbxl.tables_sha256(root)
    description = cache / "signals.json"
    if not description.is_file():
        _write_cache(root, table, tables, cache, jobs, progress)
    signals, fingerprint = _open_cache(root, table, tables, cache)
    return Dataset(table, signals, np.arange(len(table)), fingerprint)


def read_record(path: Path) -> np.ndarray:
    """A checked 100 Hz PTB-XL record: int16 (1000, 12) in microvolts.

    InputError as :func:`ecglib.data.records.read`, or for a wrong unit or gain.
    """
    record = records.read(path, SAMPLING_RATE, N_SAMPLES, _DOWNLOAD_HINT)
    if set(zip(record.adc_gain, record.units, record.baseline)) != {(1000.0, "mV", 0)}:
        raise InputError(
            "wrong gain or unit",
            where=path.with_name(path.name + ".hea"),
            expected="1000 steps per mV, baseline 0",
            found=f"{record.adc_gain} {record.units}",
            hint=_DOWNLOAD_HINT,
        )
    return record.d_signal


def _read_chunk(paths: list[Path]) -> np.ndarray:
    return np.stack([read_record(path) for path in paths])


def _write_cache(root: Path, table: pd.DataFrame, tables: str, cache: Path, jobs: int, progress: bool) -> None:
    from joblib import Parallel, delayed

    paths = [root / name for name in table["filename"]]
    chunks = [paths[i : i + _CHUNK] for i in range(0, len(paths), _CHUNK)]
    shape = (len(paths), N_SAMPLES, len(LEADS))
    digest = hashlib.sha256(tables.encode())
    signals, temporary = cache / "signals.npy", cache / "signals.npy.part"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # plain writes instead of a memory map: with a full disk they raise an error, a memory map kills the process
        with open(temporary, "wb") as file, tqdm(total=len(paths), unit="record", disable=not progress) as bar:
            bar.set_description(f"Reading {root.name}")
            np.lib.format.write_array_header_1_0(file, {"descr": "<i2", "fortran_order": False, "shape": shape})
            for chunk in Parallel(n_jobs=jobs, return_as="generator")(delayed(_read_chunk)(c) for c in chunks):
                block = np.ascontiguousarray(chunk, "<i2").tobytes()
                digest.update(block)
                file.write(block)
                bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, signals)
        known = {"tables": tables, "fingerprint": digest.hexdigest()[:16], "records": shape[0]}
        files.write_text(cache / "signals.json", json.dumps(known))
    except OSError as error:
        signals.unlink(missing_ok=True)
        if error.errno != errno.ENOSPC:
            raise
        raise InputError(
            "disk full while caching",
            where=cache,
            expected=f"{np.prod(shape) * 2 / 1e6:,.0f} MB free",
            found=str(error),
            hint="free space, or set ECGLIB_CACHE to a folder on another disk",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _open_cache(root: Path, table: pd.DataFrame, tables: str, cache: Path) -> tuple[np.ndarray, str]:

    def fault(problem: str, expected: object, found: object) -> InputError:
        hint = f"delete {cache}, or give each data folder a cache of its own"
        return InputError(problem, where=cache, expected=expected, found=found, hint=hint)

    try:
        known = json.loads((cache / "signals.json").read_text())
        signals = np.load(cache / "signals.npy", mmap_mode="r")
        fingerprint, found = known["fingerprint"], known["tables"]
    except (OSError, ValueError, KeyError) as error:
        raise fault("cache unreadable", "a cache", error) from error
    if found != tables:
        raise fault("cache made from other data", f"tables with SHA-256 {tables[:16]}", found[:16])
    for row in np.unique(np.linspace(0, len(table) - 1, _N_SPOT_CHECKS).astype(int)):
        if not np.array_equal(read_record(root / table["filename"].iloc[row]), signals[row]):
            raise fault("cache made from other data", f"the signal of ecg_id {table.index[row]}", "another signal")
    return signals, fingerprint
