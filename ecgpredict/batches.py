"""Process many files so that no single file can stop the rest: limits on time and memory, and workers that may die.

Python exceptions are handled by the caller's task. This module handles the rest: an endless loop is interrupted, an
allocation beyond the limit fails, and if a worker process dies or hangs nevertheless, its items are run again one at a
time, so that only the one responsible is lost.
"""

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
TIME_LIMIT_S = 60  # per item; an hour of CSV at 1000 Hz is parsed in about 10 s
MEMORY_LIMIT_BYTES = 4_000_000_000  # in addition to what the process already uses
CHUNK = 32  # items that a worker takes at a time


class TimeLimitExceeded(Exception):
    """An item took longer than TIME_LIMIT_S."""


class _Interrupt(BaseException):
    """Raised inside the work; not an Exception, so that no parser catches it and continues."""


@contextmanager
def limits(seconds: float = TIME_LIMIT_S, *, memory: int | None = None) -> Iterator[None]:
    """Limit the time of the work inside and, on Linux, the memory that it may allocate.

    The time limit needs a POSIX system and the process's main thread; elsewhere it does nothing.

    Raises
    ------
    TimeLimitExceeded : the work took longer than `seconds`
    """

    def interrupt(number, frame):
        raise _Interrupt

    timed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGALRM, interrupt) if timed else None
    try:
        with _memory_limit(memory):
            if timed:
                signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again each second, in case it is swallowed
            yield
    except _Interrupt:
        raise TimeLimitExceeded(f"not finished after {seconds:g} s") from None
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)


@contextmanager
def _memory_limit(extra: int | None) -> Iterator[None]:
    if extra is None or not sys.platform.startswith("linux"):
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + extra
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard < 0 else min(limit, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def run(
    task: Callable[[list[Item]], list[Result]], items: Sequence[Item], jobs: int, lost: Callable[[Item, str], Result]
) -> Iterator[Result]:
    """Results of `task` in the order of the items.

    Parameters
    ----------
    task : a list of items -> a result for each; it has to handle exceptions itself
    jobs : worker processes; with 1, `task` runs in this process, where a crash of the interpreter ends everything
    lost : (item, reason) -> the result of an item whose worker died or hung
    """
    size = max(1, min(CHUNK, -(-len(items) // jobs)))
    chunks = [list(items[start : start + size]) for start in range(0, len(items), size)]
    if jobs == 1 or len(items) < 2:
        for chunk in chunks:
            yield from task(chunk)
        return
    while chunks:
        done = 0
        try:
            for results in _parallel(task, chunks, jobs):
                yield from results
                done += 1
            return
        except (BrokenProcessPool, multiprocessing.TimeoutError):
            # whichever chunk was responsible, it eventually becomes the first of the remaining ones
            for item in chunks[done]:
                yield _alone(task, item, lost)
            chunks = chunks[done + 1 :]


def _alone(task: Callable[[list[Item]], list[Result]], item: Item, lost: Callable[[Item, str], Result]) -> Result:
    try:
        ((result,),) = _parallel(task, [[item]], 2)  # one job would run in this process
    except BrokenProcessPool:
        return lost(item, "the process that read it died: out of memory, or a crash of the reader")
    except multiprocessing.TimeoutError:
        return lost(item, f"not finished after {TIME_LIMIT_S} s")
    return result


def _parallel(task: Callable, chunks: list[list], jobs: int) -> Iterator[list]:
    from joblib import Parallel, delayed  # not needed for a recording alone

    timeout = (max(map(len, chunks)) + 1) * TIME_LIMIT_S
    parallel = Parallel(n_jobs=jobs, return_as="generator", timeout=timeout, pre_dispatch="4*n_jobs")
    return parallel(delayed(task)(chunk) for chunk in chunks)
