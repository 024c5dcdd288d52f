"""Write to an archive on this machine through a subprocess.

The subprocess, `archive.background.process`, compresses, hashes, indexes and waits for the disk, on
another core. The crawl reads the catalog itself. It sends what it fetched over a pipe, and the
subprocess writes it in the order of sending.
"""

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import wraps
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from archive.archive import Archive
from archive.background.placement import Places, provisional
from archive.background.process import Call
from archive.capture import Capture
from archive.catalog import CatalogReader
from archive.clock import Clock, utc_iso, utc_now
from archive.crawl_state import CrawlState
from archive.errors import ArchiveError, FinewsError
from archive.pipes import send
from archive.reader import ArchiveReader
from archive.storage import connect
from archive.warc import Exchange

# The most bytes of bodies that wait for the next article to be sent.
_MOST_BYTES = 1024 * 1024


P = ParamSpec("P")
R = TypeVar("R")


def _in_subprocess(
    method: Callable[Concatenate[Archive, P], R],
) -> Callable[Concatenate["SubprocessArchive", P], R]:
    """Return a method that calls one of `Archive` in the subprocess."""

    @wraps(method)
    def call(archive: "SubprocessArchive", /, *args: P.args, **kwargs: P.kwargs) -> R:
        answer: R = archive._call(method.__name__, *args, **kwargs)
        return answer

    return call


class SubprocessArchive(ArchiveReader):
    """An archive folder, open for writing by a subprocess that ends with this process.

    Exchanges are sent with the next article. A kill before they are written loses them, but nothing
    that the archive has reported as stored.

    :param folder: of the archive; is created when it does not exist.
    :param clock: returns the aware time for rows; a function of a module, so that it can be sent.
    :raises ArchiveLocked: when another process has the archive open.
    :raises ArchiveError: here and from every method, when the disk or the catalog reports an error,
        or the subprocess has ended.
    """

    def __init__(self, folder: Path, *, clock: Clock = utc_now) -> None:
        self.folder = folder
        self._clock = clock
        self._pending = _Pending()
        self._places = Places()
        self._sending = threading.Lock()
        self._calling = threading.Lock()
        with ExitStack() as undo:
            self._pipe = undo.enter_context(_start_process())
            self._send((folder, clock))
            self._receive()
            self._catalog = undo.enter_context(_ReadCatalog(folder / "catalog.db"))
            self.crawl_state = undo.enter_context(closing(CrawlState(folder / "crawl-state.db")))
            self._closing = undo.pop_all()

    def close(self) -> None:
        """Wait until everything is written and the lock is released."""
        with self._closing:
            self._send_pending()
            self._send(None)
            self._receive()

    def capture(self, exchange: Exchange) -> Capture:
        """Store an exchange, and return a provisional capture; `placed` returns the real one."""
        number = self._pending.add(exchange)
        if self._pending.bytes >= _MOST_BYTES:
            self._send_pending()
        return provisional(
            number, url=exchange.target, fetched=utc_iso(exchange.received, "microseconds")
        )

    def placed(self, captures: Iterable[Capture]) -> tuple[Capture, ...]:
        """Return captures with their real places in the archive.

        :raises ArchiveError: when one of them could not be stored.
        """
        try:
            return tuple(map(self._places.of, captures))
        except IndexError:
            self._call("placed", ())  # its answer brings the places of all captures before it
        return tuple(map(self._places.of, captures))

    add_many = _in_subprocess(Archive.add_many)
    mark_gone = _in_subprocess(Archive.mark_gone)
    mark_checked = _in_subprocess(Archive.mark_checked)
    mark_listed = _in_subprocess(Archive.mark_listed)
    store_picture = _in_subprocess(Archive.store_picture)
    begin_crawl = _in_subprocess(Archive.begin_crawl)
    end_crawl = _in_subprocess(Archive.end_crawl)

    def _call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of `Archive` after the subprocess has stored all earlier exchanges."""
        with self._calling:
            self._send_pending(Call(method, arguments, options))
            return self._receive()

    def _send_pending(self, call: Call | None = None) -> None:
        with self._sending:
            self._send((self._pending.take(), call))

    def _send(self, message: object) -> None:
        with _pipe_errors():
            send(self._pipe, message)

    def _receive(self) -> Any:
        with _pipe_errors():
            places, answer = self._pipe.recv()
        for place in places:
            self._places.add(*place)
        if isinstance(answer, FinewsError):
            raise answer
        return answer


class _Pending:
    """The exchanges that are not sent yet; two threads may add and take."""

    def __init__(self) -> None:
        self.bytes = 0
        self._number = itertools.count()
        self._exchanges: list[Exchange] = []
        self._lock = threading.Lock()

    def add(self, exchange: Exchange) -> int:
        """Add an exchange, and return its number."""
        with self._lock:
            self._exchanges.append(exchange)
            self.bytes += len(exchange.body)
            return next(self._number)

    def take(self) -> list[Exchange]:
        """Remove all exchanges, and return them."""
        with self._lock:
            taken, self._exchanges, self.bytes = self._exchanges, [], 0
        return taken


class _ReadCatalog(CatalogReader):
    def __init__(self, path: Path) -> None:
        self._path = path
        with self._access():
            self._reader = connect(path, shared=True)


@contextmanager
def _pipe_errors() -> Iterator[None]:
    """Raise an `ArchiveError` when the pipe is broken, because the subprocess has ended."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise ArchiveError(
            "The process that writes the archive has ended: it was killed, perhaps because there"
            " was too little memory, or it failed with the error above. The next crawl requests"
            " again what was not written yet."
        ) from error


@contextmanager
def _start_process() -> Iterator[Connection]:
    """Start the subprocess, and yield the pipe to it; wait for its end when the block is left."""
    ours, theirs = Pipe()
    with theirs:
        # It gets its own session, so that Ctrl-C does not reach it, and this process's path of
        # imports, whatever the current folder is.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "archive.background.process", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    with process, ours:
        yield ours
