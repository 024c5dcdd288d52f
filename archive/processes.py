"""Work in several processes: in order, never far ahead of what is taken, and gone with the one
that started it.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import TypeVar

from archive.errors import ArchiveError

Task = TypeVar("Task")
Done = TypeVar("Done")

_AHEAD = 4
"""Tasks for each process that wait or are done before they are taken."""


def cores() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    work: Callable[[Task], Done], tasks: Iterable[Task], processes: int
) -> Generator[Done, None, None]:
    """What comes of each task, in their order. Memory does not grow with the tasks.

    Close it, or take all of it: `contextlib.closing`.

    :param work: a function of a module, or a `functools.partial` of one; with the tasks and what
        comes of them, it is sent from process to process.
    :param tasks: are taken here, shortly before they are worked on.
    :param processes: with 1 or less, all is done in this one.
    :raises ArchiveError: when one of the processes is killed.
    :raises Exception: whatever `work` raises.
    """
    if processes <= 1:
        yield from map(work, tasks)
        return
    pending: deque[Future[Done]] = deque()
    # New processes instead of forked ones, which would hold the archive's lock when this one is
    # killed.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _live_with_parent)
    try:
        for task in tasks:
            with _without_interrupts():
                pending.append(pool.submit(work, task))
            if len(pending) > processes * _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool as error:
        raise ArchiveError(
            "A process that helped was killed, perhaps because there was too little memory; "
            "say the same again."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def chunks(items: Iterable[Task], size: int) -> Iterator[list[Task]]:
    """Items, so many at a time, for tasks that are worth the way to another process."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C waits until a process is started, and does not reach that one at all.

    A process inherits what its parent's thread blocks; but of the parent's threads another one
    may be given the signal, and it is this one that Python then interrupts.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if came:
            signal.raise_signal(signal.SIGINT)


def _live_with_parent() -> None:
    """End when the parent ends, however it does."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
