"""A damaged recording is read, or refused with a clear error; it never ends a batch.

The same files are damaged by the thousand in `python benchmarks/fuzz.py`; recordings/test_kinds names the problems.
"""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from damaged_formats import RECORDINGS, signal, write_damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recording_files import write_csv

from ecgpredict import prediction, recordings, released
from ecgpredict.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore")
RANDOMS = st.randoms(use_true_random=False)
REPRODUCIBLE = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), max_examples=40
)


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_damaged_recording_is_read_or_refused_with_a_clear_error(name):
    @REPRODUCIBLE
    @given(st.sampled_from(RECORDINGS[name].kinds), RANDOMS)
    def check(kind, random):
        with tempfile.TemporaryDirectory() as folder:
            write_damaged(name, kind, random, Path(folder))
            try:
                RECORDINGS[name].read(Path(folder))
            except InputError as error:
                parts = (error.problem, error.where, error.expected, error.found, error.hint)
                assert all(part is not None and str(part) for part in parts), error

    check()


@settings(REPRODUCIBLE, max_examples=60)
@given(st.sampled_from([(name, kind) for name, one in RECORDINGS.items() for kind in one.kinds]), RANDOMS)
def test_a_batch_goes_on_after_a_damaged_recording(example, random):
    model = released.load()
    with tempfile.TemporaryDirectory() as folder:
        for part in ("0", "1"):
            (Path(folder) / part).mkdir()
        write_damaged(*example, random, Path(folder) / "0")
        np.savez(Path(folder) / "1" / "intact.npz", signal=signal(), rate=100, units="mV")
        paths = prediction.find_recordings([folder])
        found = list(prediction.classify(paths, model, rate=100, units="mV"))
    assert [one.path for one in found] == paths
    assert found[-1].probabilities and not found[-1].error
    for one in found:
        assert bool(one.error) != bool(one.probabilities)
        assert np.isfinite(list(one.probabilities.values())).all()


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), AttributeError("x"), OSError("x"), StopIteration()])
def test_whatever_a_reader_raises_becomes_a_clear_error(error, tmp_path, monkeypatch):
    def read(path):
        raise error

    monkeypatch.setitem(recordings.reading.READERS, ".csv", read)
    path = write_csv(tmp_path / "a.csv", signal(), rate=100)
    with pytest.raises(InputError, match="unreadable recording") as caught:
        recordings.read(path)
    assert type(error).__name__ in caught.value.found
