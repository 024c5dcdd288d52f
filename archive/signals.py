"""Signals that ask a process to end: Ctrl-C, the end of a service, the end of a terminal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_by_hangup() -> None:
    """End this process by SIGHUP as by SIGTERM, unless it ignores SIGHUP, as under ``nohup``.

    Once only: when a terminal ends, system and shell both send one.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _terminate)


def _terminate(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    signal.raise_signal(signal.SIGTERM)


@contextmanager
def interrupted_by_all() -> Iterator[None]:
    """Raise KeyboardInterrupt in this block on SIGTERM and SIGHUP too, which would kill it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    end_by_hangup()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
