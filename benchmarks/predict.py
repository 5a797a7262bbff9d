"""Recordings classified a second by the released model, and the shares of reading and of inference.

Aim: 500 a second on two cores from local disk, once loaded. Beside it stands what wfdb alone reads on one core, as
machines differ and reading takes most of the time.
"""

import time

import wfdb

from ecglib.deployment import prediction, recordings, released
from ecglib.study.paths import Paths

root = Paths.for_profile("full").data
found = sorted((root / "records100").rglob("*.hea"))[:6000]
model = released.load()
list(prediction.classify(found[:256], model, jobs=2))  # workers started, model and files loaded

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
print(f"classifying {len(found):,} recordings on 2 cores: {len(found) / together:,.0f} a second (aim 500)")
print(f"wfdb alone reads {1 / plain:,.0f} a second on one core: ratio {plain * len(found) / together:.2f}")
print(
    f"on one core: {len(some) / alone:,.0f} a second; reading {reading / alone:.0%}, windows and quality "
    f"{checking / alone:.0%}, inference {inference / alone:.0%}"
)
