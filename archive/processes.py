"""Work in several processes: in order, never far ahead of what is taken, and gone with the one
that started it.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import Pipe, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Self, TypeVar, cast

from archive.errors import ArchiveError, FinewsError
from archive.signals import ENDING

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
        self._workers = [_Worker() for _ in range(processes)] if processes > 1 else []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._threads = ThreadPoolExecutor(max(processes, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _without_interrupts():
            self._threads.shutdown(wait=False, cancel_futures=True)
            for worker in self._workers:
                worker.end()
            self._threads.shutdown()

    def in_order(self, work: Callable[[Task], Done], tasks: Iterable[Task]) -> Iterator[Done]:
        """What comes of each task, in their order. Memory does not grow with the tasks.

        The first are worked on from now on, so that the workers have something to do while what
        comes of other tasks is waited for.

        :param work: a function of a module, or a `functools.partial` of one; with the tasks and
            what comes of them, it is sent from process to process.
        :param tasks: are taken here, shortly before they are worked on.
        :raises ArchiveError: when one of the processes is killed.
        :raises OSError: and `FinewsError`, as `work` raises them.
        """
        if not self._workers:
            return map(work, tasks)
        for worker in self._workers:
            if worker.start():
                self._idle.put(worker)
        begun = (self._threads.submit(self._have_done, work, task) for task in tasks)
        return _results(deque(islice(begun, self._ahead)), begun)

    def _have_done(self, work: Callable[[Task], Done], task: Task) -> Done:
        worker = self._idle.get()
        try:
            return worker.do(work, task)
        finally:
            self._idle.put(worker)


def _results(pending: deque[Future[Done]], more: Iterator[Future[Done]]) -> Iterator[Done]:
    while pending:
        pending.extend(islice(more, 1))
        yield pending.popleft().result()


class _Worker:
    """A process at the other end of a pipe that nobody else holds: when it is killed, whatever it
    was sending, the pipe ends. (`ProcessPoolExecutor` waits for the rest for ever.)
    """

    def __init__(self) -> None:
        self._pipe, self._far_end = Pipe()
        # A new process instead of a forked one, which would hold the archive's lock when this one
        # is killed.
        process = get_context("spawn").Process
        self._process = process(target=_serve, args=(self._far_end,), daemon=True)

    def start(self) -> bool:
        """Whether it was not started before."""
        if self._process.pid is not None:
            return False
        resource_tracker.ensure_running()  # `start` would do so, and let interrupts through
        with _without_interrupts():
            self._process.start()
        self._far_end.close()
        return True

    def do(self, work: Callable[[Task], Done], task: Task) -> Done:
        """Have it done, and wait for what comes of it.

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
        if self._process.pid is not None:
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
    """Items, so many at a time, for tasks that are worth the way to another process."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C and its like wait until a process is started, and do not reach that one at all.

    A process inherits what its parent's thread blocks; but of the parent's threads another one
    may be given the signal, and it is this one that Python then interrupts.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    handlers = {n: signal.signal(n, lambda number, _: came.append(number)) for n in ENDING}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if came:
            signal.raise_signal(came[0])


def _live_with_parent() -> None:
    """End when the parent ends, however it does."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
