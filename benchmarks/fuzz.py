"""Damages valid files of every format that ecglib reads and counts what reading them leads to.

`python benchmarks/fuzz.py [--examples 10000] [--seed 0] [--only FORMAT]` needs no PTB-XL. Example n depends on n alone:
`--seed n --examples 1` repeats it and prints the traceback. Aims: no traceback, nothing over 5 s, nothing over 1 GB.
"""

import argparse
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from concurrent.futures import TimeoutError as NotFinished
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pandas as pd
from joblib.externals.loky import get_reusable_executor
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the tests damage the same files in the same ways
from damaged_formats import RECORDINGS, write_damaged

from ecgpredict import batches
from ecgpredict.errors import StudyError

LIMIT_S, LIMIT_BYTES = 5.0, 1_000_000_000
KILLED_AFTER_S = 20  # what cannot be interrupted
READABLE, ERROR, TRACEBACK, SLOW, LARGE = "readable", "clear error", "traceback", "over 5 s", "over 1 GB"
OUTCOMES = (READABLE, ERROR, TRACEBACK, SLOW, LARGE)


@dataclass(frozen=True)
class Example:
    """What became of one damaged file; `peak` is the process's memory in bytes so far."""

    seed: int
    form: str
    kind: str
    outcome: str
    seconds: float = 0.0
    peak: int = 0
    detail: str = ""


def plan(seed: int, only: str | None) -> tuple[str, str, Random]:
    """Format and kind of damage of an example, and its source of randomness."""
    form = only or list(RECORDINGS)[seed % len(RECORDINGS)]
    random = Random(seed)
    return form, random.choice(RECORDINGS[form].kinds), random


def attempt(seed: int, only: str | None) -> Example:
    """Write and read one damaged file in this process."""
    form, kind, random = plan(seed, only)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_damaged(form, kind, random, Path(folder))
        start = time.perf_counter()
        outcome, detail = READABLE, ""
        try:
            with batches.limits(LIMIT_S, memory=LIMIT_BYTES):
                RECORDINGS[form].read(Path(folder))
        except Exception as error:
            outcome, detail = judge(error), "".join(traceback.format_exception(error))
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Example(seed, form, kind, outcome, seconds, peak, detail)


def judge(error: Exception) -> str:
    """The outcome that an exception stands for, judged by what it was caused by."""
    cause: BaseException | None = error
    while cause is not None:
        if (isinstance(cause, MemoryError) and not _nested(cause)) or "out of memory" in str(cause):
            return LARGE
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, batches.TimeLimitExceeded):
        return SLOW
    return ERROR if isinstance(error, StudyError) else TRACEBACK


def _nested(error: MemoryError) -> bool:
    """Whether it is only the name that Python's parser gives to brackets nested too deeply."""
    return Path(traceback.extract_tb(error.__traceback__)[-1].filename).name == "ast.py"


def examples(seeds: range, only: str | None) -> Iterator[Example]:
    """Examples one after the other in a worker process, which is replaced when it dies or hangs."""
    for seed in seeds:
        executor = get_reusable_executor(max_workers=1, timeout=60)
        form, kind, _ = plan(seed, only)
        try:
            yield executor.submit(attempt, seed, only).result(timeout=KILLED_AFTER_S)
        except NotFinished:
            executor.shutdown(kill_workers=True)
            yield Example(seed, form, kind, SLOW, KILLED_AFTER_S, detail="could not be interrupted")
        except BrokenProcessPool as error:
            yield Example(seed, form, kind, TRACEBACK, detail=f"the process died: {error}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="number of the first example")
    parser.add_argument("--only", choices=RECORDINGS, help="one format")
    parser.add_argument("--details", action="store_true", help="print every example's error")
    given = parser.parse_args()
    start, seeds = time.perf_counter(), range(given.seed, given.seed + given.examples)
    found = list(tqdm(examples(seeds, given.only), total=len(seeds), unit="file", mininterval=1))
    table = pd.DataFrame(vars(one) for one in found)
    counts = pd.crosstab(table["form"] + ": " + table["kind"], table["outcome"]).reindex(columns=OUTCOMES, fill_value=0)
    order = [f"{form}: {kind}" for form, one in RECORDINGS.items() for kind in one.kinds]
    print(counts.reindex([row for row in order if row in counts.index]).rename_axis(None).to_string())
    print(f"\n{len(found):,} damaged files in {time.perf_counter() - start:.0f} s")
    print("\n".join(f"{table['outcome'].eq(outcome).sum():>8,} {outcome}" for outcome in OUTCOMES))
    print(
        f"longest: {table['seconds'].max():.1f} s (limit {LIMIT_S:g}); peak memory of the process: "
        f"{table['peak'].max() / 1e9:.2f} GB (limit 1)"
    )
    bad = [one for one in found if one.outcome not in (READABLE, ERROR)]
    for one in found if given.details or given.examples == 1 else bad[:20]:
        only = f" --only '{given.only}'" if given.only else ""
        print(
            f"\n{one.form}, {one.kind}: {one.outcome}; repeat it with "
            f"python benchmarks/fuzz.py --seed {one.seed} --examples 1{only}\n{one.detail}"
        )
    return 1 if bad or table["peak"].max() > LIMIT_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
