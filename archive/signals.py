"""Signals that ask a process to end: Ctrl-C, the end of a service, the end of a terminal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from archive.errors import FinewsError

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_by_hangup() -> None:
    """Handle SIGHUP like SIGTERM, unless this process ignores SIGHUP, as under ``nohup``.

    Only the first SIGHUP counts, because both the system and the shell send one when a terminal
    ends.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _terminate)


def _terminate(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGTERM)


@contextmanager
def interrupted_by_all() -> Iterator[None]:
    """Raise KeyboardInterrupt in this block on SIGTERM and SIGHUP too, instead of being killed.

    SQLite replaces an exception in a function that it calls by an error of its own. After a
    signal, such an error is raised as a KeyboardInterrupt again.
    """
    came = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    before = {number: signal.getsignal(number) for number in ENDING}
    if before[signal.SIGINT] is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    end_by_hangup()
    try:
        yield
    except FinewsError as error:
        if came:
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
