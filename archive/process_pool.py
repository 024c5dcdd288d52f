"""A process pool that yields results in order, limits waiting tasks, and ends with its parent."""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import Pipe, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Self, TypeVar, cast

from archive.errors import ArchiveError, FinewsError
from archive.pipes import send
from archive.signals import ENDING

Task = TypeVar("Task")
Done = TypeVar("Done")

# Tasks of each process that wait, or whose results wait to be read.
_AHEAD = 4


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Sharing:
    """How the reading of an archive is shared among worker processes.

    :param processes: number of workers; None for one per core, if there is enough to read.
    :param most: number of workers above which more would be of no use.
    :param files: number of files, or of their texts, that a worker gets at once.
    :param piece_bytes: size of the piece of a WARC file that a worker gets at once, some thousand
        records.
    """

    processes: int | None = None
    most: int = sys.maxsize
    files: int = 100
    piece_bytes: int = 2 << 20

    def workers(self, *, worth_it: bool) -> "Workers":
        """Return the pool of workers.

        :param worth_it: one process alone needs longer than it takes to start others.
        """
        return Workers(self.processes or (min(cores(), self.most) if worth_it else 1))


#: For an archive of any size.
BY_SIZE = Sharing()


class Workers:
    """A pool of worker processes, started with their first tasks and killed at the block's end.

    :param processes: number of workers; with 1 or less, this process does all tasks itself.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._workers: list[_Worker] = []
        self._own = threading.local()
        self._starting = threading.Lock()
        self._ended = False
        self._threads = ThreadPoolExecutor(max(processes, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # In another thread, because an interrupt may end the waiting of this one at any moment.
        ending = threading.Thread(target=self._end)
        ending.start()
        ending.join()

    def _end(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._starting:
            self._ended = True
        for worker in self._workers:
            worker.end()
        self._threads.shutdown()

    def in_order(self, work: Callable[[Task], Done], tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield the result of each task, in order. Memory use does not grow with the tasks.

        The first tasks start immediately, before the first result is read.

        :param work: a function of a module, or a `functools.partial` of one. It is pickled, as are
            the tasks and the results.
        :param tasks: read in this process, shortly before a worker gets them.
        :raises ArchiveError: when a worker is killed.
        :raises OSError: and `FinewsError`, as `work` raises them.
        """
        if self._processes <= 1:
            return map(work, tasks)
        begun = (self._threads.submit(self._do, work, task) for task in tasks)
        return _results(deque(islice(begun, self._processes * _AHEAD)), begun)

    def _do(self, work: Callable[[Task], Done], task: Task) -> Done:
        """Send a task to the worker of this thread, and return its result."""
        with self._starting:
            if self._ended:
                raise CancelledError
            if not hasattr(self._own, "worker"):
                self._own.worker = _Worker()
                self._workers.append(self._own.worker)
        return cast("_Worker", self._own.worker).do(work, task)


def _results(pending: deque[Future[Done]], more: Iterator[Future[Done]]) -> Iterator[Done]:
    while pending:
        pending.extend(islice(more, 1))
        yield pending.popleft().result()


class _Worker:
    """A process with a pipe of its own, which ends when the process is killed.

    `ProcessPoolExecutor` has one pipe for all processes. When one of them is killed while it sends
    a result, it waits forever for the rest of that result.
    """

    def __init__(self) -> None:
        self._pipe, far_end = Pipe()
        # The process inherits the signals that this thread blocks: only the parent handles Ctrl-C.
        # The tracker is started before, because `start` would start it and unblock the signals.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        # Not forked: a forked process would still have the archive's lock after this one is killed.
        process = get_context("spawn").Process
        self._process = process(target=_serve, args=(far_end,), daemon=True)
        with far_end:
            self._process.start()

    def do(self, work: Callable[[Task], Done], task: Task) -> Done:
        """Send a task, and wait for its result.

        :raises ArchiveError: when the process is killed.
        """
        try:
            send(self._pipe, (work, task))
            done, error = self._pipe.recv()
        except (EOFError, OSError) as ended:
            raise ArchiveError(
                "A worker process was killed, perhaps because there was too little memory; "
                "run the command again."
            ) from ended
        if error is not None:
            raise error
        return cast("Done", done)

    def end(self) -> None:
        """Kill the process, which only reads files."""
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection) -> None:
    _live_with_parent()
    with suppress(EOFError):
        while True:
            send(pipe, _outcome(*pipe.recv()))


def _outcome(
    work: Callable[[Task], Done], task: Task
) -> tuple[Done, None] | tuple[None, FinewsError | OSError]:
    try:
        return work(task), None
    except (FinewsError, OSError) as error:
        return None, error


def chunks(items: Iterable[Task], size: int) -> Iterator[list[Task]]:
    """Yield lists of items, so that one message to a worker carries several.

    :param size: most items of a list.
    """
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _live_with_parent() -> None:
    """End this process when its parent ends, even if the parent is killed."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
