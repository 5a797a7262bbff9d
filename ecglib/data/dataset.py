"""The signals of a folder in PTB-XL's layout, as one memory-mapped array of int16 microvolts.

Input: the tables of :mod:`ecglib.data.ptbxl` and the WFDB records that they list. Output: a :class:`Dataset`. Opening a
folder for the first time reads every record with wfdb, checks it, and writes a cache; after that, opening maps the
cache in well under a second.
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

from ecglib.data import ptbxl
from ecgpredict import files
from ecgpredict.errors import InputError
from ecgpredict.spec import CLASSES, LEADS, N_SAMPLES, SAMPLING_RATE

_MISSING = -32768  # how WFDB format 16 writes a missing sample
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
    """

    table: pd.DataFrame
    signals: np.ndarray
    rows: np.ndarray
    fingerprint: str

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ecg_id(self) -> np.ndarray:
        """int64 (n,)"""
        return self.table.index.to_numpy()

    @property
    def labels(self) -> np.ndarray:
        """float32 (n, 5), 1 where the record has the superclass, in the order of CLASSES"""
        return self.table[list(CLASSES)].to_numpy(np.float32)

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

    def millivolts(self, positions: Sequence[int] | np.ndarray | slice) -> np.ndarray:
        """float32 (b, 1000, 12) in mV of the records at these positions of the table."""
        return self.signals[self.rows[positions]].astype(np.float32) / np.float32(1000)


def check_records(x: np.ndarray, where: str = "the records given") -> None:
    """Check that the networks can take these records: (n, 1000, 12), n at least 1, finite values.

    Raises
    ------
    InputError : another shape, or non-finite values
    """
    if x.ndim != 3 or x.shape[1:] != (N_SAMPLES, len(LEADS)) or len(x) == 0:
        raise InputError(
            "wrong shape",
            where=where,
            expected=f"(n, {N_SAMPLES}, {len(LEADS)}), n at least 1",
            found=x.shape,
            hint="give ten seconds at 100 Hz in twelve leads",
        )
    if not np.isfinite(x).all():
        raise InputError(
            "non-finite values",
            where=where,
            expected="finite values",
            found=f"{(~np.isfinite(x)).sum():,} non-finite",
            hint="fill or omit missing samples",
        )


def open_dataset(root: Path, cache: Path, *, jobs: int = 2, progress: bool = True) -> Dataset:
    """Open a folder in PTB-XL's layout, reading and checking every record the first time.

    Parameters
    ----------
    root : folder with ``ptbxl_database.csv``, ``scp_statements.csv`` and the 100 Hz records
    cache : folder for ``signals.npy`` and ``signals.json``; created if missing
    jobs : processes that read records
    progress : show a bar while reading

    Raises
    ------
    InputError : an invalid table or record, a full disk, or a cache made from other data
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
    """Read and check one 100 Hz PTB-XL record: int16 (1000, 12) in microvolts.

    Parameters
    ----------
    path : the record without suffix

    Raises
    ------
    InputError : header or signal file missing or truncated; wrong checksum, sampling rate, length, lead order, unit or
        gain; missing samples
    """
    import wfdb

    header, data = path.with_name(path.name + ".hea"), path.with_name(path.name + ".dat")
    for file in (header, data):
        if not file.is_file():
            raise InputError(
                "record missing", where=file, expected="a WFDB file", found="no such file", hint=_DOWNLOAD_HINT
            )

    def fault(problem: str, where: Path, expected: object, found: object) -> InputError:
        return InputError(problem, where=where, expected=expected, found=found, hint=_DOWNLOAD_HINT)

    try:
        record = wfdb.rdrecord(str(path), physical=False, return_res=16)
    except Exception as error:  # wfdb does not catch the errors of its parser
        size = 2 * N_SAMPLES * len(LEADS)
        if data.stat().st_size != size:
            raise fault("signal file truncated", data, f"{size} bytes", f"{data.stat().st_size} bytes") from error
        raise fault("record unreadable", header, "a WFDB header", f"{type(error).__name__}: {error}") from error
    if not record.sig_name or None in record.sig_name or not record.checksum or None in record.checksum:
        raise fault("record unreadable", header, "a name and a checksum for each lead", "some are missing")
    if record.fs != SAMPLING_RATE:
        raise fault("wrong sampling rate", header, f"{SAMPLING_RATE} Hz", f"{record.fs} Hz")
    if record.sig_len != N_SAMPLES:
        raise fault("wrong length", header, f"{N_SAMPLES} samples", f"{record.sig_len} samples")
    if [name.upper() for name in record.sig_name] != [name.upper() for name in LEADS]:
        raise fault("wrong lead order", header, " ".join(LEADS), " ".join(record.sig_name))
    if set(zip(record.adc_gain, record.units, record.baseline)) != {(1000.0, "mV", 0)}:
        raise fault("wrong gain or unit", header, "1000 steps per mV, baseline 0", f"{record.adc_gain} {record.units}")
    signal = record.d_signal
    if (signal == _MISSING).any():
        leads = [LEADS[i] for i in np.flatnonzero((signal == _MISSING).any(axis=0))]
        raise fault("missing samples", data, "none", f"{(signal == _MISSING).sum()} in {' '.join(leads)}")
    # the header's checksum is the 16-bit sum of each lead's samples
    sums = (signal.sum(axis=0, dtype=np.int64) % 65536).tolist()
    if sums != [value % 65536 for value in record.checksum]:
        raise fault("wrong checksum", data, record.checksum, sums)
    return signal


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
    hint = f"delete {cache}, or give each data folder a cache of its own"
    try:
        known = json.loads((cache / "signals.json").read_text())
        signals = np.load(cache / "signals.npy", mmap_mode="r")
        fingerprint, found = known["fingerprint"], known["tables"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError("cache unreadable", where=cache, expected="a cache", found=error, hint=hint) from error
    if found != tables:
        raise InputError(
            "cache made from other data",
            where=cache,
            expected=f"tables with SHA-256 {tables[:16]}",
            found=found[:16],
            hint=hint,
        )
    if signals.shape != (len(table), N_SAMPLES, len(LEADS)) or signals.dtype != np.dtype("<i2"):
        raise InputError(
            "cache made from other data",
            where=cache,
            expected=(len(table), N_SAMPLES, len(LEADS)),
            found=signals.shape,
            hint=hint,
        )
    for row in np.unique(np.linspace(0, len(table) - 1, _N_SPOT_CHECKS).astype(int)):
        if not np.array_equal(read_record(root / table["filename"].iloc[row]), signals[row]):
            raise InputError(
                "cache made from other data",
                where=cache,
                expected=f"the signal of ecg_id {table.index[row]}",
                found="another signal",
                hint=hint,
            )
    return signals, fingerprint
