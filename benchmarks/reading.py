"""Reading PTB-XL for the first time compared with a plain wfdb loop, opening it again, and peak memory.

Targets: at most 0.6 of the loop's time, under a second, under 1.5 GB.
"""

import resource
import tempfile
import time
from pathlib import Path

import wfdb
from joblib.externals.loky import get_reusable_executor

from ecglib.data.dataset import open_dataset
from ecglib.study.paths import Paths

root = Paths.for_profile("full").data
with tempfile.TemporaryDirectory() as cache:
    start = time.perf_counter()
    dataset = open_dataset(root, Path(cache))
    first = time.perf_counter() - start
    start = time.perf_counter()
    open_dataset(root, Path(cache))
    again = time.perf_counter() - start
    get_reusable_executor().shutdown(wait=True)  # the workers' memory is reported when they have ended
    own, children = (
        resource.getrusage(who).ru_maxrss / 1e6 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    files = [str(root / name) for name in dataset.table["filename"]]
    start = time.perf_counter()
    for file in files:  # without storing the arrays, which would need 2 GB
        wfdb.rdsamp(file)
    loop = time.perf_counter() - start
print(
    f"reading {len(files):,} records: {first:.1f} s, plain wfdb loop: {loop:.1f} s, "
    f"ratio {first / loop:.2f} (target 0.6)"
)
print(f"opening again: {again:.2f} s (target: under 1)")
print(f"peak memory: {own:.2f} GB, and {children:.2f} GB in the largest of 2 workers (target: under 1.5 together)")
