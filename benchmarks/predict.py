"""Recordings per second that the released model classifies, and how the time divides into reading and inference.

Target: 500 per second on two cores from local disk, once loaded. The rate at which wfdb alone reads on one core is
printed for comparison, as machines differ and reading takes most of the time.
"""

import time

import wfdb

from ecglib.study.paths import Paths
from ecgpredict import prediction, recordings, released

root = Paths.for_profile("full").data
found = sorted((root / "records100").rglob("*.hea"))[:6000]
model = released.load()
list(prediction.classify(found[:256], model, jobs=2))  # starts the workers, loads the model and the files

start = time.perf_counter()
done = list(prediction.classify(found, model, jobs=2))
together = time.perf_counter() - start
assert not any(one.error for one in done)

some = found[:1000]
start = time.perf_counter()
for path in some:
    wfdb.rdrecord(str(path.with_suffix("")))
plain = (time.perf_counter() - start) / len(some)
start = time.perf_counter()
read = [recordings.read(path) for path in some]
reading = time.perf_counter() - start
start = time.perf_counter()
windows = [recordings.windows(one) for one in read]
quality_warnings = [recordings.quality_warnings(one) for one in read]
checking = time.perf_counter() - start
start = time.perf_counter()
for one in windows:
    model.probabilities(one)
inference = time.perf_counter() - start
alone = reading + checking + inference
print(f"classifying {len(found):,} recordings on 2 cores: {len(found) / together:,.0f} per second (target 500)")
print(f"wfdb alone reads {1 / plain:,.0f} per second on one core: ratio {plain * len(found) / together:.2f}")
print(
    f"on one core: {len(some) / alone:,.0f} per second; reading {reading / alone:.0%}, windows and quality "
    f"{checking / alone:.0%}, inference {inference / alone:.0%}"
)
