"""Work in several processes: in order, never far ahead of what is taken, and gone with the one
that started it.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from multiprocessing import Pipe, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Self, TypeVar, cast

from archive.errors import ArchiveError, FinewsError
from archive.signals import ENDING

Task = TypeVar("Task")
Done = TypeVar("Done")

_AHEAD = 4
"""Tasks for each process that wait or are done before they are taken."""


def cores() -> int:
    """Return how many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Processes that work for this one. They are started when there is something to do for them,
    and gone at the end of the block.

    :param processes: how many; with 1 or less, all is done in this one.
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
        # Another thread does it, because an interrupt ends this one's waiting at any moment.
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
        """Yield the result of each task, in their order. Memory does not grow with the tasks.

        The first tasks begin at once, so that the workers have something to do while the results
        of other tasks are waited for.

        :param work: a function of a module, or a `functools.partial` of one; with the tasks and
            the results, it is sent from process to process.
        :param tasks: are taken here, shortly before they are worked on.
        :raises ArchiveError: when one of the processes is killed.
        :raises OSError: and `FinewsError`, as `work` raises them.
        """
        if self._processes <= 1:
            return map(work, tasks)
        begun = (self._threads.submit(self._do, work, task) for task in tasks)
        return _results(deque(islice(begun, self._processes * _AHEAD)), begun)

    def _do(self, work: Callable[[Task], Done], task: Task) -> Done:
        """Have a task done by the process of this thread."""
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
    """A process at the other end of a pipe that nobody else holds: when it is killed, whatever it
    was sending, the pipe ends. `ProcessPoolExecutor` has one pipe for all its processes, and waits
    for the rest of what a killed one was sending for ever.
    """

    def __init__(self) -> None:
        self._pipe, far_end = Pipe()
        # The process inherits the signals that this thread blocks: Ctrl-C is its parent's business.
        # The tracker is started before, because `start` would do so and unblock them.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        # A new process instead of a forked one, which would hold the archive's lock when this one
        # is killed.
        process = get_context("spawn").Process
        self._process = process(target=_serve, args=(far_end,), daemon=True)
        with far_end:
            self._process.start()

    def do(self, work: Callable[[Task], Done], task: Task) -> Done:
        """Send a task, and wait for its result.

        :raises ArchiveError: when the process is killed.
        """
        try:
            self._pipe.send((work, task))
            done, error = self._pipe.recv()
        except (EOFError, OSError) as ended:
            raise ArchiveError(
                "A process that helped was killed, perhaps because there was too little memory; "
                "say the same again."
            ) from ended
        if error is not None:
            raise error
        return cast("Done", done)

    def end(self) -> None:
        """End the process, whatever it does. It only reads."""
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection) -> None:
    _live_with_parent()
    with suppress(EOFError):
        while True:
            pipe.send(_outcome(*pipe.recv()))


def _outcome(
    work: Callable[[Task], Done], task: Task
) -> tuple[Done, None] | tuple[None, FinewsError | OSError]:
    try:
        return work(task), None
    except (FinewsError, OSError) as error:
        return None, error


def chunks(items: Iterable[Task], size: int) -> Iterator[list[Task]]:
    """Yield items, so many at a time, for tasks that are worth the way to another process."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _live_with_parent() -> None:
    """End when the parent ends, however it does."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
