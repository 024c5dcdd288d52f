"""Work in several processes: in order, never far ahead of what is taken, and gone with the one
that started it.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Self, TypeVar

from archive.errors import ArchiveError

Task = TypeVar("Task")
Done = TypeVar("Done")

_AHEAD = 4
"""Tasks for each process that wait or are done before they are taken."""


def cores() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Processes that work for this one. They are started when there is something to do for them,
    and gone at the end of the block.

    :param processes: how many; with 1 or less, all is done in this one.
    """

    def __init__(self, processes: int) -> None:
        self._ahead = processes * _AHEAD
        # New processes instead of forked ones, which would hold the archive's lock when this one
        # is killed.
        self._pool = (
            ProcessPoolExecutor(processes, get_context("spawn"), _live_with_parent)
            if processes > 1
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def in_order(self, work: Callable[[Task], Done], tasks: Iterable[Task]) -> Iterator[Done]:
        """What comes of each task, in their order. Memory does not grow with the tasks.

        The first are worked on from now on, so that the workers have something to do while what
        comes of other tasks is waited for.

        :param work: a function of a module, or a `functools.partial` of one; with the tasks and
            what comes of them, it is sent from process to process.
        :param tasks: are taken here, shortly before they are worked on.
        :raises ArchiveError: when one of the processes is killed.
        :raises Exception: whatever `work` raises.
        """
        if self._pool is None:
            return map(work, tasks)
        begun = (_submit(self._pool, work, task) for task in tasks)
        return _results(deque(islice(begun, self._ahead)), begun)


def _submit(pool: ProcessPoolExecutor, work: Callable[[Task], Done], task: Task) -> Future[Done]:
    with _killed_are_told(), _without_interrupts():
        return pool.submit(work, task)


def _results(pending: deque[Future[Done]], more: Iterator[Future[Done]]) -> Iterator[Done]:
    while pending:
        pending.extend(islice(more, 1))
        with _killed_are_told():
            done = pending.popleft().result()
        yield done


@contextmanager
def _killed_are_told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise ArchiveError(
            "A process that helped was killed, perhaps because there was too little memory; "
            "say the same again."
        ) from error


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
